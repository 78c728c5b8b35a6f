/** One runbook made of others: their steps in a row, each check once. */

import type { AnyCheck } from '../src/model/check.ts'
import type { Step } from '../src/model/runbook.ts'

/** Steps of one part, with its name before each title, so that the list tells where one is. */
export const part = (id: string, name: string, steps: readonly Step[]): Step[] =>
  steps.map(step => ({ ...step, id: `${id}-${step.id}`, title: `${name}: ${lowerFirst(step.title)}` }))

/** `The disk` becomes `the disk`; `SSH` and `HTTPS` stay. */
const lowerFirst = (title: string): string =>
  /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title

/** A check that two parts have is asked where it comes first. A step that has none left is left out. */
export function inARow(...parts: readonly (readonly Step[])[]): Step[] {
  const seen = new Set<string>()
  return parts.flat().flatMap(step => {
    const checks = step.checks.filter(({ id }) => !seen.has(id))
    for (const { id } of checks) seen.add(id)
    return checks.length === 0 ? [] : [{ ...step, checks }]
  })
}

/** Checks that say something only once others hold. */
export const onceThat =
  (...ids: readonly string[]) =>
  (check: AnyCheck): AnyCheck => ({
    ...check,
    after: [...ids.filter(id => id !== check.id), ...(check.after ?? [])],
  })
