import type { Verdict } from '../../src/model/verdict.ts'

const RANK = ['fail', 'unknown', 'warn']

/** The first of the gravest verdicts over several names; undefined when all passed. */
export function worst(verdicts: readonly Verdict[]): Verdict | undefined {
  return RANK.map(status => verdicts.find(verdict => verdict.status === status)).find(Boolean)
}
