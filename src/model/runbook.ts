/** A runbook is an ordered list of steps; it reads like a table of contents and holds no shell. */

import { z } from 'zod'
import type { AnyCheck } from './check.ts'

export interface Step {
  readonly id: string
  readonly title: string
  /** One sentence: what this step makes sure of. */
  readonly why?: string
  /** Checks in the order in which they are shown; those that can, run at the same time. */
  readonly checks: readonly AnyCheck[]
}

export interface Runbook {
  /** Lower-case words with dashes: what is typed after `kneeboard run`. */
  readonly id: string
  readonly title: string
  /** When to reach for it, in one or two sentences. */
  readonly purpose: string
  /** Where the list of runbooks shows it: `First day`, `Every month`, `Incident`. */
  readonly group: string
  /** Minutes a run usually takes with everything to be done. */
  readonly minutes: number
  readonly steps: readonly Step[]
}

/** Defines a runbook. @throws Error when a check stands in it twice, or stands after one that is not in it before. */
export function runbook(definition: Runbook): Runbook {
  const seen = new Set<string>()
  for (const check of checksOf(definition)) {
    if (seen.has(check.id)) throw new Error(`runbook ${definition.id} holds the check ${check.id} twice`)
    seen.add(check.id)
  }
  for (const check of checksOf(definition)) {
    const missing = check.after?.find(id => !seen.has(id))
    if (missing)
      throw new Error(`runbook ${definition.id}: ${check.id} stands after ${missing}, which is not in it`)
  }
  return definition
}

/** All checks of a runbook, in the order of its steps. */
export function checksOf(book: Runbook): AnyCheck[] {
  return book.steps.flatMap(step => step.checks)
}

/** One parameter of a runbook, as the form and `kneeboard show` describe it. */
export interface Parameter {
  readonly name: string
  readonly schema: z.ZodType
  readonly description: string
  /** Undefined when it has to be given. */
  readonly default: unknown
}

/**
 * The parameters of a runbook: those of its checks, each once. Checks share a parameter by sharing its name and
 * its schema (see `checks/parameters.ts`), so that one value serves them all.
 */
export function parametersOf(checks: readonly AnyCheck[]): Parameter[] {
  const found = new Map<string, Parameter>()
  for (const { params } of checks) {
    if (!(params instanceof z.ZodObject)) continue
    for (const [name, schema] of Object.entries(params.shape as Record<string, z.ZodType>)) {
      if (found.has(name)) continue
      const absent = schema.safeParse(undefined)
      found.set(name, {
        name,
        schema,
        description: schema.description ?? '',
        default: absent.success ? absent.data : undefined,
      })
    }
  }
  return [...found.values()]
}
