import {
  type DnsView,
  describeOutcome,
  dnsView,
  isAnswer,
  joined,
  type ServerView,
} from '../../src/facts/dns.ts'
import type { DnsAnswer } from '../../src/facts/outside.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, unknown, type Verdict, warn } from '../../src/model/verdict.ts'
import { createRecords } from './correct.ts'
import { dnsParams, plainNames } from './parameters.ts'
import { worst } from './worst.ts'

export const resolves = check({
  id: 'dns/resolves',
  title: 'The names lead to addresses, and every name server says the same',
  why: 'The CA asks the zone’s own servers, from several places at once. One that disagrees or fails is enough for a refusal.',
  params: dnsParams,
  after: ['dns/names-valid'],
  remedies: [createRecords],
  timeoutSeconds: 90,
  async probe({ params, read }) {
    const names = plainNames(params.domains)
    const views = await Promise.all(names.map(name => read(dnsView, name, joined(params.resolvers))))
    const verdicts = names.map((name, index) => judge(name, views[index] as DnsView))
    return worst(verdicts) ?? pass(`${names.join(', ')}: ${describe(views[0] as DnsView)}`)
  },
})

/** What one name's answers amount to. Pure, so that every case is tried without a name server. */
export function judge(name: string, view: DnsView): Verdict {
  const { A, AAAA } = view.public
  const expected = 'the same addresses from every name server'
  if (A.outcome === 'no-name')
    return fail(`${name} does not exist (NXDOMAIN)`, {
      measured: 'NXDOMAIN',
      expected: 'an A record',
      remedies: [createRecords],
    })
  const broken = view.servers.find(
    server => server.A.outcome === 'server-failure' || server.AAAA.outcome === 'server-failure',
  )
  const failing = [A, AAAA].find(
    answer => answer.outcome === 'server-failure' || answer.outcome === 'refused',
  )
  if (failing !== undefined) {
    return fail(
      `${name} cannot be looked up: ${broken ? `${broken.server} fails (SERVFAIL)` : describeOutcome(failing)}`,
      {
        measured: failing.outcome === 'refused' ? 'REFUSED' : 'SERVFAIL',
        expected,
        advice:
          'The zone itself is broken, often by DNSSEC: look at it in the DNS provider’s console, or with dnsviz.net',
      },
    )
  }
  if (!isAnswer(A) || !isAnswer(AAAA))
    return unknown(
      `${name} could not be looked up from your machine: ${describeOutcome(isAnswer(A) ? AAAA : A)}`,
      {
        advice:
          'Your network may not let DNS out: give resolvers that it lets through with --set resolvers=…',
      },
    )
  if (A.values.length + AAAA.values.length === 0)
    return fail(`${name} exists, but has neither an A nor an AAAA record`, {
      measured: 'no address',
      expected: 'an A record',
      remedies: [createRecords],
    })
  return judgeServers(name, view, expected)
}

function judgeServers(name: string, { servers }: DnsView, expected: string): Verdict {
  const answering = servers.filter(server => isAnswer(server.A) && isAnswer(server.AAAA))
  const measured = servers.map(server => `${server.server}: ${said(server)}`).join('; ')
  const [first] = answering
  const other = answering.find(server => first !== undefined && said(server) !== said(first))
  if (first !== undefined && other !== undefined) {
    return fail(
      `the name servers of ${name} disagree: ${first.server} says ${said(first)}, ${other.server} says ${said(other)}`,
      {
        measured,
        expected,
        advice: 'Wait until the change has reached every server, or mend the one that lags, before ordering',
      },
    )
  }
  const silent = servers.find(server => !isAnswer(server.A) || !isAnswer(server.AAAA))
  if (silent !== undefined) {
    const how = describeOutcome(isAnswer(silent.A) ? silent.AAAA : silent.A)
    const text = `${silent.server}, a name server of ${name}, gives no answer: ${how}`
    const details = { measured, expected, advice: 'A CA that happens to ask that server refuses the order' }
    return answering.length > 0 ? warn(text, details) : unknown(text, details)
  }
  return pass(`${name}: all name servers agree`, { measured, expected })
}

/** One server's answer in a form that can be compared. */
function said({ A, AAAA, alias }: ServerView): string {
  if (alias !== '') return `alias of ${alias.toLowerCase()}`
  if (A.outcome === 'no-name') return 'NXDOMAIN'
  return [...A.values, ...AAAA.values].sort().join(', ') || 'no address'
}

const describe = ({ public: { A, AAAA } }: DnsView): string =>
  [listed('A', A), listed('AAAA', AAAA)].filter(text => text !== '').join(', ')

const listed = (type: string, { values }: DnsAnswer): string =>
  values.length > 0 ? `${type} ${values.join(' ')}` : ''
