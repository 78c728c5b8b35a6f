/** The names lead to this server: A and AAAA each, with what the CA would get in one sentence. */

import { familyOf } from '../../src/facts/address.ts'
import { type Addresses, joined, publicAddresses } from '../../src/facts/dns.ts'
import { ownAddresses } from '../../src/facts/own-addresses.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { fail, notApplicable, pass, type Verdict } from '../../src/model/verdict.ts'
import { outlook, type Row } from '../challenge/truth-table.ts'
import { correctA, correctAaaa } from './correct.ts'
import { rowsOf } from './owner.ts'
import { dnsParams, plainNames } from './parameters.ts'

type Context = ProbeContext<{ readonly domains: string[]; readonly resolvers: string[] }>

export const aLeadsHere = check({
  id: 'dns/a-leads-here',
  title: 'The A records lead to this server',
  why: 'Another machine at that address answers the CA in this one’s place, and gets the visitors as well.',
  params: dnsParams,
  after: ['dns/resolves'],
  remedies: [correctA],
  probe: context => probe(context, 4),
})

export const aaaaLeadsHere = check({
  id: 'dns/aaaa-leads-here',
  title: 'The AAAA records lead to this server, or there are none',
  why: 'The CA always tries IPv6 first, and a wrong answer there is final. Browsers fall back, so the site looks well.',
  params: dnsParams,
  after: ['dns/resolves'],
  remedies: [correctAaaa],
  probe: context => probe(context, 6),
})

async function probe(context: Context, family: 4 | 6): Promise<Verdict> {
  const own = await context.read(ownAddresses)
  const names = plainNames(context.params.domains)
  const tables = await Promise.all(names.map(name => rowsOf(context, name)))
  return judge(names, tables, own, family)
}

/** Pure: every line of the truth table is tried without a network. */
export function judge(
  names: readonly string[],
  tables: readonly (readonly Row[])[],
  own: Addresses,
  family: 4 | 6,
): Verdict {
  const type = family === 4 ? 'A' : 'AAAA'
  const mine = family === 4 ? own.v4 : own.v6
  const ofFamily = tables.map(rows => rows.filter(row => familyOf(row.address) === family))
  const measured =
    names
      .map((name, index) => `${name}: ${list(ofFamily[index]?.map(row => row.address) ?? [])}`)
      .join('; ') || 'none'
  const expected = mine.length === 0 ? `no ${type} record` : list(mine)
  const at = ofFamily.findIndex(rows => rows.some(row => row.owner === 'another machine'))
  const wrong = ofFamily[at]?.find(row => row.owner === 'another machine')
  if (wrong !== undefined) {
    const { sentence, first } = outlook(tables[at] ?? [], null)
    // Where IPv6 goes first, the sentence is about that; a wrong A record then is still where visitors land.
    const outcome = first?.address === wrong.address ? `: ${sentence}` : ', which is not this server'
    return fail(`the ${type} record of ${names[at]} is ${wrong.address}${outcome}`, {
      measured,
      expected,
      telling: wrong.address,
      remedies: [family === 4 ? correctA : correctAaaa],
    })
  }
  const rows = ofFamily.flat()
  if (rows.length === 0)
    return family === 6
      ? pass('there is no AAAA record, so the CA uses IPv4', { measured: 'none', expected })
      : notApplicable('the names have no A record: only IPv6 leads here')
  if (rows.some(row => row.owner === 'a proxy'))
    return pass(`${names.join(', ')}: the ${type} record is the proxy’s own, which passes requests on`, {
      measured,
    })
  if (rows.some(row => row.owner === 'behind-nat'))
    return pass(
      `${list(rows.map(row => row.address))} may be this server behind its provider’s translation: the rehearsal shows it`,
      { measured, expected: 'an answer from this server' },
    )
  return pass(`the ${type} records are this server’s own`, { measured, expected })
}

const list = (addresses: readonly string[]): string => [...new Set(addresses)].join(', ') || 'none'

/** For checks that ask which families the CA may come over. */
export async function familiesInDns(context: Context): Promise<Set<4 | 6>> {
  const names = plainNames(context.params.domains)
  const all = await Promise.all(
    names.map(name => context.read(publicAddresses, name, joined(context.params.resolvers))),
  )
  return new Set([
    ...(all.some(a => a.v4.length > 0) ? [4 as const] : []),
    ...(all.some(a => a.v6.length > 0) ? [6 as const] : []),
  ])
}
