/** The rehearsal's three checks: it can be written, it is answered on the server, and it is answered to the world. */

import { z } from 'zod'
import { type Inside, type Rehearsal, rehearsal } from '../../src/facts/challenge.ts'
import { joined } from '../../src/facts/dns.ts'
import { ownAddresses } from '../../src/facts/own-addresses.ts'
import { siteKey } from '../../src/facts/site.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { fail, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { ownerOf } from '../dns/owner.ts'
import { plainNames } from '../dns/parameters.ts'
import { domains, resolvers, siteShape } from '../tls/parameters.ts'
import { addLocation } from './add-location.ts'
import { causeOf, type Situation } from './judge.ts'
import { makeWritable } from './make-writable.ts'
import { gets, outlook } from './truth-table.ts'

const params = z.object({ domains, resolvers, ...siteShape })
type Context = ProbeContext<z.infer<typeof params>>

/** Two containers are started for it, and an address that is silent takes ten seconds. */
const SECONDS = 150

const rehearse = ({ params: given, read }: Context): Promise<Rehearsal> =>
  read(rehearsal, siteKey(given), plainNames(given.domains).join(','), joined(given.resolvers))

export const webrootWritable = check({
  id: 'challenge/webroot-writable',
  title: 'Certbot can write the CA’s answer where nginx looks for it',
  why: 'A webroot mounted read-only lets everything work until the day of the order.',
  params,
  after: ['certbot/available'],
  remedies: [makeWritable],
  timeoutSeconds: SECONDS,
  async probe(context) {
    const { written, seenByNginx } = await rehearse(context)
    const { webroot } = context.params
    const expected = 'a file written by certbot’s side, seen by nginx'
    if (!written.ok) {
      const readOnly = /read-only file system/i.test(written.reason)
      return fail(
        readOnly
          ? `${webroot} is mounted read-only for certbot`
          : `certbot’s side cannot write into ${webroot}: ${written.reason}`,
        {
          measured: written.reason,
          expected,
          telling: written.reason,
          remedies: readOnly && context.params.nginxRunsIn === 'compose' ? [makeWritable] : [],
          ...(readOnly ? {} : { advice: 'Look at who owns the directory, and whether the disk is full' }),
        },
      )
    }
    if (seenByNginx === false)
      return fail(
        `nginx does not see what certbot writes into ${webroot}: they have different volumes there`,
        {
          measured: 'written, not seen',
          expected,
          advice: `Mount the same volume at ${webroot} in both services of the Compose file`,
        },
      )
    return pass(`a file was written into ${webroot}${seenByNginx ? ', and nginx sees it' : ''}`, { expected })
  },
})

export const answersInside = check({
  id: 'challenge/answered-on-the-server',
  title: 'nginx gives the CA’s answer, asked on the server itself',
  why: 'Passwords, redirects and the application’s own pages must stand back for this one path.',
  params,
  after: ['challenge/webroot-writable'],
  remedies: [addLocation],
  timeoutSeconds: SECONDS,
  async probe(context) {
    const result = await rehearse(context)
    const situation: Situation = {
      token: result.token,
      written: result.written.ok,
      seenByNginx: result.seenByNginx,
      domains: context.params.domains,
    }
    return judgeInside(result.inside, situation)
  },
})

export function judgeInside(inside: readonly Inside[], situation: Situation): Verdict {
  const measured = inside
    .map(({ where, domain, status, reason }) => `${domain} ${where}: ${status === 0 ? reason : status}`)
    .join('; ')
  const expected = 'the text that was written'
  const wrong = inside
    .map(seen => ({ seen, cause: causeOf(seen, situation) }))
    .find(({ cause }) => cause !== null)
  if (wrong === undefined) return pass('nginx gives back what was written', { measured, expected })
  return fail(`${wrong.seen.domain}, asked ${wrong.seen.where}: ${wrong.cause}`, {
    measured,
    expected,
    ...(wrong.seen.status === 0 ? {} : { remedies: [addLocation] }),
  })
}

export const caArrives = check({
  id: 'challenge/ca-arrives',
  title: 'The CA gets its answer at the address that it tries first',
  why: 'This is the CA’s own question, asked from outside, before an order is spent on it.',
  params,
  after: [
    'dns/a-leads-here',
    'dns/aaaa-leads-here',
    'firewall/port-80-open',
    'challenge/answered-on-the-server',
  ],
  timeoutSeconds: SECONDS,
  async probe(context) {
    const own = await context.read(ownAddresses)
    const { outside, token } = await rehearse(context)
    const verdicts = plainNames(context.params.domains).map((name): Verdict => {
      const rows = outside
        .filter(({ domain }) => domain === name)
        .map(({ address, answer }) => ({ address, owner: ownerOf(address, own), answer }))
      const { works, sentence } = outlook(rows, token)
      const measured = rows.map(({ address, answer }) => `${address} ${gets(answer, token)}`).join('; ')
      const details = { measured, expected: 'the right answer' }
      if (works === false) return fail(`${name}: ${sentence}`, details)
      if (works === null)
        return warn(`${name}: ${sentence}`, {
          ...details,
          advice: 'The order at the CA’s staging goes first, and costs nothing: it will tell',
        })
      return pass(`${name}: ${sentence}`, details)
    })
    const bad =
      verdicts.find(({ status }) => status === 'fail') ?? verdicts.find(({ status }) => status === 'warn')
    if (bad !== undefined) return bad
    return verdicts.length === 1
      ? (verdicts[0] as Verdict)
      : pass(verdicts.map(({ summary }) => summary).join('; '))
  },
})
