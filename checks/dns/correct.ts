/**
 * What only a person can do, at the DNS provider: which record to change to which value, exactly; then every name
 * server is asked until it is so.
 */

import { familyOf } from '../../src/facts/address.ts'
import { type Addresses, joined, publicAddresses, zoneOf } from '../../src/facts/dns.ts'
import { ownAddresses } from '../../src/facts/own-addresses.ts'
import { type Action, runAction } from '../../src/model/action.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { type RemedyPlan, remedy } from '../../src/model/remedy.ts'
import { ownerOf } from './owner.ts'
import { dnsParams, plainNames } from './parameters.ts'
import { pollScript, type Wanted } from './poll-script.ts'

type Context = ProbeContext<{ readonly domains: string[]; readonly resolvers: string[] }>

/** Seconds for which the name servers are asked: a provider publishes within a minute or two, resolvers keep for their TTL. */
const POLL_SECONDS = 900

export const correctA = remedy({
  id: 'dns/correct-a',
  title: 'Point the A record to this server, at the DNS provider',
  why: 'Visitors and the CA go where the record leads. Only the account at the DNS provider can change it.',
  risk: 'Whoever visits the name goes to this server from then on: make sure that it is the one.',
  grade: 'disruptive',
  params: dnsParams,
  plan: context => planFor(context, 'A'),
})

export const correctAaaa = remedy({
  id: 'dns/correct-aaaa',
  title: 'Delete or correct the AAAA record, at the DNS provider',
  why: 'The CA and many visitors try IPv6 first. Without an AAAA record they use IPv4, which works.',
  risk: 'Visitors who have IPv6 alone do not reach the shop without an AAAA record; with the wrong one they do not either.',
  grade: 'reversible',
  params: dnsParams,
  plan: context => planFor(context, 'AAAA'),
})

export const createRecords = remedy({
  id: 'dns/create-records',
  title: 'Make the missing records, at the DNS provider',
  why: 'Without a record nobody finds the server, and no CA can ask it.',
  risk: 'None known. A resolver that was told of the missing name may remember that for the zone’s negative TTL.',
  grade: 'reversible',
  params: dnsParams,
  plan: context => planFor(context, 'A'),
})

export const removeAaaa = remedy({
  id: 'dns/remove-aaaa',
  title: 'Delete the AAAA record, at the DNS provider',
  why: 'Nothing answers on IPv6 here. Without the record the CA and all visitors use IPv4, which works.',
  risk: 'Visitors who have IPv6 alone do not reach the shop; they do not now either.',
  grade: 'reversible',
  params: dnsParams,
  async plan(context) {
    const { params, read } = context
    const found = await Promise.all(
      plainNames(params.domains).map(async name => ({
        name,
        was: (await read(publicAddresses, name, joined(params.resolvers))).v6,
      })),
    )
    const [first, ...rest] = found
      .filter(({ was }) => was.length > 0)
      .map(({ name, was }): Wanted => ({ name, type: 'AAAA', values: [], was }))
    if (first === undefined) throw new Unreadable('there is no AAAA record any more')
    return askForRecords(context, [first, ...rest])
  },
})

async function planFor(context: Context, type: 'A' | 'AAAA'): Promise<RemedyPlan> {
  const own = await context.read(ownAddresses)
  const changes = await Promise.all(
    plainNames(context.params.domains).map(name => changeOf(context, name, type, own)),
  )
  const [first, ...rest] = changes.filter(change => change !== null)
  if (first === undefined) throw new Unreadable(`no ${type} record is wrong any more`)
  return askForRecords(context, [first, ...rest])
}

/** The name servers to ask until they agree: the zone's own, and the resolvers that the checks ask. */
async function everyServer({ params, read }: Pick<Context, 'params' | 'read'>, name: string): Promise<Asked> {
  const zone = await read(zoneOf, name, joined(params.resolvers))
  const servers = zone.servers.flatMap(({ name: server, addresses }): [string, string][] => {
    const address = addresses.find(candidate => familyOf(candidate) === 4)
    return address === undefined ? [] : [[server, address]]
  })
  const resolvers = params.resolvers
    .filter(address => familyOf(address) === 4)
    .map((address): [string, string] => [`resolver-${address}`, address])
  return { apex: zone.apex, servers: [...servers, ...resolvers] }
}

interface Asked {
  readonly apex: string
  readonly servers: readonly (readonly [label: string, address: string])[]
}

/** A plan that asks a person for certain records, then every name server until it says so. */
export async function askForRecords(
  context: Pick<Context, 'params' | 'read'>,
  wanted: readonly [Wanted, ...Wanted[]],
): Promise<RemedyPlan> {
  const { apex, servers } = await everyServer(context, wanted[0].name)
  const { type } = wanted[0]
  const ask: Action = {
    type: 'ask',
    title: `Change the ${type} record at the DNS provider of ${apex}`,
    instructions: wanted.map(instruction),
  }
  const poll = runAction(
    'Ask every name server until it says so',
    pollScript(wanted, servers, POLL_SECONDS),
    {
      as: 'login',
      timeoutSeconds: POLL_SECONDS + 60,
    },
  )
  return {
    actions: [ask, poll],
    touches: wanted.map(({ name }) => `the ${type} record of ${name}, at the DNS provider`),
    undo: 'Put the record back at the DNS provider; resolvers keep the other answer for its TTL',
    expectedSeconds: 120,
  }
}

/** The record as it should be; null where it is right. */
async function changeOf(
  { params, read }: Context,
  name: string,
  type: 'A' | 'AAAA',
  own: Addresses,
): Promise<Wanted | null> {
  const found = await read(publicAddresses, name, joined(params.resolvers))
  const current = type === 'A' ? found.v4 : found.v6
  const wrong = current.filter(address => ownerOf(address, own) === 'another machine')
  const missing = type === 'A' && current.length === 0
  if (wrong.length === 0 && !missing) return null
  const mine = type === 'A' ? own.v4 : own.v6
  if (type === 'A' && mine.length === 0)
    throw new Unreadable('the server has no IPv4 address of its own that the record could name')
  return { name, type, values: mine.slice(0, 1), was: current }
}

/** One sentence that says which record becomes what. */
export function instruction({ name, type, values, was = [] }: Wanted): string {
  const now = was.length === 0 ? `there is no ${type} record` : `now ${was.join(' and ')}`
  const [value] = values
  if (value === undefined) return `Delete the ${type} record of ${name} (${now}).`
  if (was.length === 0 || type === 'CAA')
    return `Make a record: name ${name}, type ${type}, value ${value.replace(/^(\d+):(\w+):(.*)$/, '$1 $2 "$3"')}.`
  const other = type === 'AAAA' ? ' Or delete it, when nginx does not answer on IPv6.' : ''
  return `Set the ${type} record of ${name} to ${value} (${now}).${other}`
}
