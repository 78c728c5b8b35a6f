/** The operator of a run without a terminal: decides by what was allowed on the command line, and never asks. */

import type { Grade } from '../model/remedy.ts'
import type { Operator } from './operator.ts'

export interface HeadlessPolicy {
  /** The highest grade that may run; nothing is changed when it is left out. */
  readonly consent?: 'reversible' | 'disruptive'
  /** The name given by `--confirm`: lets a destructive remedy run when it is exactly the one asked for. */
  readonly confirm?: string
}

const RANK: Record<Grade, number> = { reversible: 1, disruptive: 2, destructive: 3 }

export function headlessOperator({ consent, confirm }: HeadlessPolicy): Operator {
  const allowed = consent === undefined ? 0 : RANK[consent]
  const by = consent === undefined ? 'no --consent' : `--consent ${consent}`
  return {
    async consent({ plan, confirmation }) {
      if (plan.actions.some(action => action.type === 'ask')) {
        return { answer: 'no', by, reason: 'it needs a person at a terminal' }
      }
      if (plan.grade === 'destructive') {
        if (consent === 'disruptive' && confirm !== undefined && confirm === confirmation)
          return { answer: 'yes', by: '--confirm', typed: confirm }
        return {
          answer: 'no',
          by,
          reason: `it is destructive: it needs --consent disruptive and --confirm ${confirmation ?? ''}`,
        }
      }
      if (RANK[plan.grade] <= allowed) return { answer: 'yes', by }
      return { answer: 'no', by, reason: `it is ${plan.grade}: it needs --consent ${plan.grade}` }
    },
    async choose({ remedies }) {
      return remedies.find(remedy => RANK[remedy.grade] <= allowed)?.id ?? remedies[0]?.id ?? null
    },
    async manual() {
      return 'not-done'
    },
    async lockHeld() {
      return 'stop'
    },
  }
}
