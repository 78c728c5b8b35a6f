/** Where a run's parameter values come from: the schema's default, then the target's stack, then what was given. */

import type { z } from 'zod'
import { EXIT, Failure } from '../model/failure.ts'
import type { Parameter } from '../model/runbook.ts'
import { nearest } from './nearest.ts'

/**
 * Values for all parameters, checked. Text (from the command line or a form) is read as the schema wants it:
 * a number, yes or no, or a list with commas.
 *
 * @param stack values stored with the target; keys that no parameter has are left alone.
 * @param given values for this run; a key that no parameter has is refused.
 * @throws Failure (64) naming the parameter, what was given and what was expected.
 */
export function resolveParameters(
  parameters: readonly Parameter[],
  stack: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const names = parameters.map(parameter => parameter.name)
  const stray = Object.keys(given).find(name => !names.includes(name))
  if (stray !== undefined) {
    const hint = nearest(stray, names)
    throw new Failure(
      EXIT.usage,
      `there is no parameter “${stray}”`,
      hint ? `Did you mean ${hint}?` : `The parameters are ${names.join(', ') || 'none'}.`,
    )
  }
  const values: Record<string, unknown> = {}
  for (const parameter of parameters) {
    const value = given[parameter.name] ?? stack[parameter.name]
    const parsed = readValue(parameter.schema, value)
    if (parsed.success) values[parameter.name] = parsed.data
    else
      throw new Failure(
        EXIT.usage,
        `${parameter.name}: ${refusal(value, parsed.error, parameter)}`,
        `Give it with --set ${parameter.name}=…`,
      )
  }
  return values
}

/** Parses a value as it is and, where it is text, as the number, truth value or list that it may stand for. */
export function readValue(schema: z.ZodType, value: unknown): z.ZodSafeParseResult<unknown> {
  const direct = schema.safeParse(value)
  if (direct.success || typeof value !== 'string') return direct
  for (const reading of readingsOf(value)) {
    const parsed = schema.safeParse(reading)
    if (parsed.success) return parsed
  }
  return direct
}

function readingsOf(text: string): unknown[] {
  const parts = text.trim() === '' ? [] : text.split(',').map(part => part.trim())
  const numbers = parts.map(Number)
  const readings: unknown[] = [parts]
  if (numbers.every(Number.isFinite)) readings.push(numbers)
  if (text.trim() !== '' && Number.isFinite(Number(text))) readings.push(Number(text))
  if (/^(yes|true|on)$/i.test(text)) readings.push(true)
  if (/^(no|false|off)$/i.test(text)) readings.push(false)
  return readings
}

/** What was seen and what was expected, in a clause. */
function refusal(value: unknown, error: z.ZodError, { description }: Parameter): string {
  const meaning = description === '' ? '' : ` (${description})`
  if (value === undefined) return `no value was given, and there is no default${meaning}`
  return `“${String(value)}” does not fit, expected ${expectation(error)}${meaning}`
}

/** What the schema calls what it wants, as a person would. */
const KINDS: Readonly<Record<string, string>> = {
  array: 'a list with commas',
  number: 'a number',
  boolean: 'yes or no',
  string: 'a text',
}

function expectation(error: z.ZodError): string {
  const [issue] = error.issues
  if (issue?.code === 'invalid_type') return KINDS[issue.expected] ?? issue.expected
  return issue?.message ?? 'something else'
}
