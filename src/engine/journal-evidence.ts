/**
 * Evidence in a journal, each piece once. Dozens of checks rest on the same command: the first line that has it holds it
 * whole, and later ones name that line. A sweep's journal is a twentieth of what it would be.
 */

import { z } from 'zod'
import type { RunEvent } from '../model/event.ts'
import type { Evidence } from '../model/evidence.ts'

/** Where a piece of evidence stands: the journal's line, and its place among that line's. */
const Place = z.object({ line: z.number().int().positive(), item: z.number().int().nonnegative() })
type Place = z.infer<typeof Place>
const Named = z.object({ seen: Place })

/** An event as it is written: of its evidence, what stands in the journal already is named by its place. */
export type WrittenEvent = Omit<RunEvent, 'evidence'> & { readonly evidence?: readonly unknown[] }

/** What an event brings with it. */
const evidenceOf = (event: RunEvent): readonly Evidence[] | undefined =>
  'evidence' in event ? event.evidence : undefined

/** Shorter than that, a place takes no less room than what it stands for. Characters. */
const WORTH_NAMING = 200

/** Of one writer: it knows what it has written itself, and no more. */
export class EvidenceWriter {
  readonly #places = new Map<string, Place>()
  /** A check's evidence is mostly the very pieces of an earlier one: each is written out once to be compared. */
  readonly #texts = new WeakMap<Evidence, string>()

  /** The event as it is to be written: what stands in the journal already is named. */
  shortened(event: RunEvent): WrittenEvent {
    const evidence = evidenceOf(event)
    if (evidence === undefined || evidence.length === 0) return event
    return {
      ...event,
      evidence: evidence.map(piece => {
        const known = this.#places.get(this.#textOf(piece))
        return known === undefined ? piece : { seen: known }
      }),
    }
  }

  /**
   * What this event brought is in the journal now. Said only after its line is whole on the disk: a place must never be
   * that of a line which was taken back.
   *
   * @param line the number of its line, from 1 on.
   */
  remember(event: RunEvent, line: number): void {
    for (const [item, piece] of (evidenceOf(event) ?? []).entries()) {
      const text = this.#textOf(piece)
      if (text.length >= WORTH_NAMING && !this.#places.has(text)) this.#places.set(text, { line, item })
    }
  }

  #textOf(piece: Evidence): string {
    const known = this.#texts.get(piece)
    if (known !== undefined) return known
    const text = JSON.stringify(piece)
    this.#texts.set(piece, text)
    return text
  }
}

/**
 * The fields of a line with its evidence put back.
 *
 * @param earlier the fields of an earlier line, by its number, with its evidence put back
 * @returns undefined when it names evidence that is not there
 */
export function withEvidence(
  fields: Record<string, unknown>,
  earlier: (line: number) => Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown> | undefined {
  const { evidence } = fields
  if (!Array.isArray(evidence)) return fields
  const whole = evidence.map(piece => {
    const named = Named.safeParse(piece)
    if (!named.success) return piece as unknown
    const { line, item } = named.data.seen
    const there = earlier(line)?.evidence
    return Array.isArray(there) ? (there[item] as unknown) : undefined
  })
  return whole.includes(undefined) ? undefined : { ...fields, evidence: whole }
}
