/** What is left of the CA's limits, from the ledger on the server and from what lies in certbot's archive. */

import { z } from 'zod'
import { type Attempt, issuanceLedger } from '../../src/facts/ledger.ts'
import { accountServer, type Certificate, certbotState } from '../../src/facts/lineages.ts'
import { siteKey } from '../../src/facts/site.ts'
import { check } from '../../src/model/check.ts'
import type { Policy } from '../../src/model/policy.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { acmeDirectory, domains, siteShape } from '../tls/parameters.ts'
import { lacking, lineageFor } from './lineage-of.ts'

export interface Gauge {
  /** Failed validations in the last hour. */
  readonly failures: number
  /** Certificates for exactly these names in the last 7 days. */
  readonly certificates: number
  /** When the next order may be sent; null when one may be sent now. */
  readonly refilledAt: Date | null
  readonly reason: string
}

const HOUR = 3_600_000
const WEEK = 7 * 24 * HOUR

/**
 * Pure. The order that would spend the last unit is one too many: the CA counts what this ledger never saw, too.
 */
export function gauge(
  attempts: readonly Attempt[],
  archived: readonly Certificate[],
  wanted: { readonly names: readonly string[]; readonly directory: string },
  policy: Pick<Policy, 'failedValidationsAnHour' | 'certificatesOfOneSetAWeek' | 'certificateSetRefillHours'>,
  now: Date,
): Gauge {
  const set = [...wanted.names].sort().join(',')
  const since = (span: number) => (at: Date) => now.getTime() - at.getTime() < span
  const here = attempts.filter(({ directory }) => directory === wanted.directory)
  const failed = here
    .filter(({ outcome, at }) => outcome === 'refused' && since(HOUR)(at))
    .map(({ at }) => at)
  const issued = here
    .filter(({ outcome, names, at }) => outcome === 'issued' && names.join(',') === set && since(WEEK)(at))
    .map(({ at }) => at)
  // Renewals never passed through the ledger, but they lie in the archive.
  const kept = archived
    .filter(({ names, from }) => [...names].sort().join(',') === set && since(WEEK)(from))
    .map(({ from }) => from)
  const certificates = Math.max(issued.length, kept.length)
  const base = { failures: failed.length, certificates }
  if (failed.length >= policy.failedValidationsAnHour) {
    const oldest = Math.min(...failed.map(at => at.getTime()))
    return {
      ...base,
      refilledAt: new Date(oldest + HOUR),
      reason: 'too many failed validations within the hour',
    }
  }
  if (certificates >= policy.certificatesOfOneSetAWeek - 1) {
    const newest = Math.max(...[...issued, ...kept].map(at => at.getTime()))
    const refilledAt = new Date(newest + policy.certificateSetRefillHours * HOUR)
    return {
      ...base,
      refilledAt,
      reason: 'the next certificate for these names would be the last of the week',
    }
  }
  return { ...base, refilledAt: null, reason: '' }
}

export const budget = check({
  id: 'issuance/budget',
  title: 'The CA’s limits leave room for an order',
  why: 'A CA that has refused too often stops listening, for an hour or a week, and no support shortens that.',
  params: z.object({ domains, acmeDirectory, ...siteShape }),
  after: ['certbot/available'],
  timeoutSeconds: 90,
  async probe({ params, read, policy }) {
    const ledger = await read(issuanceLedger)
    const state = await read(certbotState, siteKey(params))
    const ours = state.lineages
      .filter(({ server }) => server === params.acmeDirectory)
      .map(({ name }) => name)
    const archived = state.archive
      .filter(({ lineage }) => ours.includes(lineage))
      .map(found => found.certificate)
    const wanted = { names: params.domains, directory: params.acmeDirectory }
    const { failures, certificates, refilledAt, reason } = gauge(
      ledger.attempts,
      archived,
      wanted,
      policy,
      ledger.now,
    )
    const account = state.accounts.find(({ server }) => server === accountServer(params.acmeDirectory))
    const details = {
      measured: `${bar(failures, policy.failedValidationsAnHour)} failed validations this hour, ${bar(certificates, policy.certificatesOfOneSetAWeek)} certificates for these names this week`,
      expected: 'room for one more, and one in reserve',
    }
    const settled = lacking(lineageFor(state, params.domains), params, ledger.now) === ''
    if (settled) return pass('the certificate is there: no order is needed', details)
    if (refilledAt !== null)
      return fail(`${reason}: wait until ${refilledAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`, {
        ...details,
        advice: 'Nothing shortens this: revoking or deleting certificates gives nothing back',
      })
    const whose = account === undefined ? 'a new account' : `account ${account.id.slice(0, 8)}…`
    return pass(
      `${certificates} of ${policy.certificatesOfOneSetAWeek} certificates and ${failures} of ${policy.failedValidationsAnHour} failures used (${whose})`,
      details,
    )
  },
})

/** `▮▮▯▯▯ 2 of 5`. */
function bar(used: number, of: number): string {
  const filled = Math.min(used, of)
  return `${'▮'.repeat(filled)}${'▯'.repeat(of - filled)} ${used} of ${of}`
}
