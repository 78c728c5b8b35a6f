/** From a typed name to a runbook or check; a wrong one gets the nearest right one. */

import { allChecks, runbooks } from '../../runbooks/index.ts'
import { nearest } from '../engine/nearest.ts'
import type { AnyCheck } from '../model/check.ts'
import { EXIT, Failure } from '../model/failure.ts'
import type { Runbook } from '../model/runbook.ts'

/** @throws Failure (64) */
export function whichRunbook(name: string): Runbook {
  const found = runbooks.find(book => book.id === name)
  if (found) return found
  const names = runbooks.map(book => book.id)
  const hint = nearest(name, names)
  throw new Failure(
    EXIT.usage,
    `there is no runbook “${name}”`,
    hint ? `Did you mean ${hint}?` : `The runbooks are ${names.join(', ')}.`,
  )
}

/**
 * One runbook by its name, or single checks gathered into one. Names may be mixed.
 *
 * @throws Failure (64)
 */
export function whichChecks(names: readonly string[]): Runbook {
  const [only] = names
  if (names.length === 1 && only !== undefined && !only.includes('/')) return whichRunbook(only)
  const checks = new Map<string, AnyCheck>()
  for (const name of names) {
    const found = name.includes('/')
      ? [whichCheck(name)]
      : whichRunbook(name).steps.flatMap(step => step.checks)
    for (const check of found) checks.set(check.id, check)
  }
  return {
    id: names.join('+'),
    title: checks.size === 1 ? 'One check' : 'Single checks',
    purpose: '',
    group: '',
    minutes: 1,
    steps: [{ id: 'checks', title: 'Checks', checks: [...checks.values()] }],
  }
}

function whichCheck(name: string): AnyCheck {
  const found = allChecks.find(check => check.id === name)
  if (found) return found
  const hint = nearest(
    name,
    allChecks.map(check => check.id),
  )
  throw new Failure(
    EXIT.usage,
    `there is no check “${name}”`,
    hint ? `Did you mean ${hint}?` : 'See `kneeboard list checks`.',
  )
}
