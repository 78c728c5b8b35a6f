/** The secrets that a plan is about to handle: learnt before anything of it is shown or stored. */

import { secretsOfEnvText } from '../host/env-secrets.ts'
import type { PreparedAction } from '../model/action.ts'
import type { RemedyPlan } from '../model/remedy.ts'

/**
 * Env files are where secrets live. Old values come first and keep the key's name, so that a value that changes
 * is seen to change: `[secret:DB_PASSWORD]` becomes `[secret:DB_PASSWORD, new]`.
 */
export function learnSecrets(
  plan: RemedyPlan,
  prepared: { readonly actions: readonly PreparedAction[] },
  learn: ((name: string, value: string) => void) | undefined,
): void {
  if (learn === undefined) return
  for (const [index, action] of plan.actions.entries()) {
    if (action.type !== 'set-env') continue
    const write = prepared.actions[index]
    const before = write?.type === 'write-file' ? (write.before?.content ?? '') : ''
    for (const { name, value } of secretsOfEnvText(before)) learn(name, value)
    const wanted = Object.entries(action.keys).map(([name, value]) => `${name}=${value}`)
    for (const { name, value } of secretsOfEnvText(wanted.join('\n'))) learn(`${name}, new`, value)
  }
}
