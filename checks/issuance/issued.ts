import { issuanceLedger, type Ledger } from '../../src/facts/ledger.ts'
import { certbotState } from '../../src/facts/lineages.ts'
import { siteKey } from '../../src/facts/site.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, type VerdictDetails } from '../../src/model/verdict.ts'
import { stagingOf } from '../tls/parameters.ts'
import { errorsIn, explain } from './acme-error.ts'
import { issue, orderParams } from './issue.ts'
import { lacking, lineageFor } from './lineage-of.ts'

export const certificateIssued = check({
  id: 'issuance/certificate-issued',
  title: 'The certificate is there, for every name and from this CA',
  why: 'It is ordered only once everything before it holds: a failed order costs some of a limit that nobody can give back.',
  params: orderParams,
  after: [
    'dns/names-valid',
    'dns/resolves',
    'dns/a-leads-here',
    'dns/aaaa-leads-here',
    'dns/addresses-routable',
    'dns/caa-allows',
    'cdn/challenge-passes',
    'web/port-80-listens',
    'firewall/port-80-open',
    'challenge/webroot-writable',
    'challenge/answered-on-the-server',
    'challenge/ca-arrives',
    'system/clock-right',
    'certbot/available',
    'certbot/lineages',
    'acme/directory',
    'issuance/budget',
  ],
  remedies: [issue],
  timeoutSeconds: 90,
  async probe({ params, read }) {
    const state = await read(certbotState, siteKey(params))
    const ledger = await read(issuanceLedger)
    const lineage = lineageFor(state, params.domains)
    const wrong = lacking(lineage, params, ledger.now)
    const expected = `${params.domains.join(', ')} from ${new URL(params.acmeDirectory).host}`
    if (wrong === '' && lineage?.certificate != null) {
      const { names, to } = lineage.certificate
      return pass(
        `the certificate ${lineage.name} covers ${names.join(', ')} until ${to.toISOString().slice(0, 10)}`,
        {
          measured: names.join(', '),
          expected,
        },
      )
    }
    return fail(`the certificate is not there: ${wrong}`, {
      measured: wrong,
      expected,
      remedies: [issue],
      ...lastFailure(ledger, [params.acmeDirectory, stagingOf(params)]),
    })
  },
})

/** What the CA, or its staging, said to the last order, when that failed. */
function lastFailure({ attempts, lastAnswer }: Ledger, directories: readonly string[]): VerdictDetails {
  const last = attempts.filter(({ directory }) => directories.includes(directory)).at(-1)
  if (last === undefined || last.outcome === 'issued') return {}
  const [error] = errorsIn(lastAnswer)
  if (error === undefined) return { advice: `The last order failed: ${lastAnswer.split('\n').at(-1) ?? ''}` }
  const { means, check: explained } = explain(error)
  return {
    telling: error.detail,
    advice: `The CA said “${error.type}”: ${means}${explained === '' ? '' : ` (look at ${explained})`}. Its words: ${error.detail}`,
  }
}
