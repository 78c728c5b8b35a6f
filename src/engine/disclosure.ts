/**
 * What leaves the engine: every text of an event is sanitised and redacted at the one place where events are made,
 * so that no caller can forget it. The plan that is carried out keeps its exact bytes; what is shown and stored of
 * it has its secrets taken out.
 */

import type { RunEvent } from '../model/event.ts'

/**
 * Fields left as they are: names that we made ourselves, digests and times; evidence, which is cleaned when it is
 * made; the steps, which are the runbook's own words.
 */
const OWN = new Set([
  'type',
  'at',
  'run',
  'mode',
  'runbook',
  'check',
  'remedy',
  'id',
  'job',
  'status',
  'answer',
  'outcome',
  'grade',
  'environment',
  'digest',
  'sha256',
  'hostKey',
  'firesAt',
  'evidence',
  'steps',
])

/** The event as it may be shown and stored. */
export function disclosed<E extends RunEvent>(event: E, clean: (text: string) => string): E {
  return cleanFields(event, clean) as E
}

/** Every text in a value, cleaned; its shape stays. */
function cleanFields(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value)
  if (Array.isArray(value)) return value.map(item => cleanFields(item, clean))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, OWN.has(name) ? item : cleanFields(item, clean)]),
  )
}
