import { z } from 'zod'
import { acmeDirectory as readDirectory } from '../../src/facts/acme-directory.ts'
import { describeOutcome, joined, publicAnswer } from '../../src/facts/dns.ts'
import { accountServer, certbotState } from '../../src/facts/lineages.ts'
import { type SiteKey, siteKey } from '../../src/facts/site.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, pass, unknown, type Verdict } from '../../src/model/verdict.ts'
import { acmeDirectory, caBundle, caIdentity, domains, resolvers, siteShape } from '../tls/parameters.ts'
import { type CaaQuestion, type CaaRecord, parseCaa, rule } from './caa.ts'
import { askForRecords } from './correct.ts'
import { worst } from './worst.ts'

const params = z.object({ domains, resolvers, acmeDirectory, caBundle, caIdentity, ...siteShape })
type Context = ProbeContext<z.infer<typeof params>>

export const allowCa = remedy({
  id: 'dns/allow-ca',
  title: 'Add a CAA record for this CA, at the DNS provider',
  why: 'The records that are there name other CAs. One more line lets this one issue, and takes nothing from the others.',
  risk: 'This CA may then issue for every name below that one.',
  grade: 'reversible',
  params,
  async plan(context) {
    const [identity] = await identities(context)
    if (identity === undefined) throw new Unreadable('the CA does not say by which name it goes')
    for (const name of context.params.domains) {
      const at = await closestSet(context, name)
      if (at !== null)
        return askForRecords(context, [{ name: at, type: 'CAA', values: [`0:issue:${identity}`] }])
    }
    throw new Unreadable('there are no CAA records any more')
  },
})

/** The name upwards whose CAA records count; null without any. */
async function closestSet(
  { params: given, read }: Pick<Context, 'params' | 'read'>,
  name: string,
): Promise<string | null> {
  const labels = name.replace(/^\*\./, '').split('.')
  for (let from = 0; from < labels.length; from += 1) {
    const at = labels.slice(from).join('.')
    const answer = await read(publicAnswer, at, 'CAA', joined(given.resolvers))
    if (answer.outcome === 'found') return at
  }
  return null
}

export const caaAllows = check({
  id: 'dns/caa-allows',
  title: 'CAA records allow this CA',
  why: 'A CA must look for them before it issues, and must refuse when they name another one, another account or another proof.',
  params,
  after: ['dns/resolves', 'acme/directory'],
  remedies: [allowCa],
  timeoutSeconds: 90,
  async probe(context) {
    const question = { identities: await identities(context), accounts: await accounts(context) }
    const verdicts = await Promise.all(context.params.domains.map(name => judgeName(context, name, question)))
    return worst(verdicts) ?? verdicts[0] ?? pass('no record restricts who may issue')
  },
})

/** What the operator says first, then what the CA says of itself. Let's Encrypt's is known when it says nothing. */
async function identities({ params: given, read }: Pick<Context, 'params' | 'read'>): Promise<string[]> {
  if (given.caIdentity !== '') return [given.caIdentity.toLowerCase()]
  const { caaIdentities } = await read(readDirectory, given.acmeDirectory, given.caBundle)
  if (caaIdentities.length > 0) return caaIdentities.map(name => name.toLowerCase())
  return new URL(given.acmeDirectory).hostname.endsWith('.letsencrypt.org') ? ['letsencrypt.org'] : []
}

async function accounts({ params: given, read }: Context): Promise<string[]> {
  const key: SiteKey = siteKey(given)
  const state = await read(certbotState, key)
  return state.accounts
    .filter(({ server }) => server === accountServer(given.acmeDirectory))
    .map(({ uri }) => uri)
}

async function judgeName(
  { params: given, read }: Context,
  name: string,
  question: Omit<CaaQuestion, 'wildcard'>,
): Promise<Verdict> {
  const wildcard = name.startsWith('*.')
  const labels = (wildcard ? name.slice(2) : name).split('.')
  for (let from = 0; from < labels.length; from += 1) {
    const at = labels.slice(from).join('.')
    const answer = await read(publicAnswer, at, 'CAA', joined(given.resolvers))
    if (answer.outcome === 'found')
      return verdictOf(name, at, answer.values.map(parseCaa), { ...question, wildcard })
    if (answer.outcome === 'server-failure')
      return fail(`the CAA records of ${at} cannot be looked up (SERVFAIL), and then no CA may issue`, {
        measured: 'SERVFAIL',
        expected: 'an answer',
        advice:
          'The zone is broken for this question, often by DNSSEC or an old name server: ask the DNS provider',
      })
    if (answer.outcome !== 'no-record' && answer.outcome !== 'no-name')
      return unknown(`the CAA records of ${at} could not be looked up: ${describeOutcome(answer)}`)
  }
  return pass(`there are no CAA records, so every CA may issue for ${name}`, { measured: 'none' })
}

function verdictOf(name: string, at: string, records: readonly CaaRecord[], question: CaaQuestion): Verdict {
  const ruling = rule(records, question)
  const details = {
    measured: records.map(({ tag, value }) => `${tag} "${value}"`).join(', '),
    expected:
      question.identities.length > 0 ? `${question.identities.join(' or ')} allowed` : 'this CA allowed',
    ...(ruling.telling === '' ? {} : { telling: ruling.telling.replace(/"/g, '') }),
  }
  const where = at === name ? `CAA of ${at}` : `CAA of ${at}, which counts for ${name}`
  if (ruling.allowed === true) return pass(`${where}: ${ruling.reason}`, details)
  if (ruling.allowed === null)
    return unknown(`${where}: ${ruling.reason}`, { ...details, advice: 'Say it with --set caIdentity=NAME' })
  const [identity = 'the CA’s name'] = question.identities
  return fail(`${where}: ${ruling.reason}`, {
    ...details,
    remedies: [allowCa],
    advice: `Add a record at the DNS provider: ${at} CAA 0 issue "${identity}"`,
  })
}
