/** Turns a raw result into what may be shown and stored. */

import type { CommandResult } from '../model/command.ts'
import type { Evidence } from '../model/evidence.ts'
import type { Redactor } from './redact.ts'
import { cutLongLines, isHighSurrogate, visible } from './visible.ts'

/** Characters of each stream that are stored, of which the last quarter is the end of the output. */
const STORED = 65_536
const STORED_TAIL = 16_384

const NOT_REDACTED = '[left out: the text could not be redacted]'

/**
 * Sanitises, then redacts, then cuts: a control sequence cannot hide a secret from the redactor, and a cut
 * cannot leave half of one. What cannot be redacted is left out.
 */
export function toEvidence(result: CommandResult, redactor: Redactor): Evidence {
  const clean = (text: string): string => harmless(text, redactor)
  const stdout = capped(clean(result.stdout))
  const stderr = capped(clean(result.stderr))
  return {
    script: clean(result.script.text),
    as: result.as,
    where: clean(result.where),
    startedAt: result.startedAt,
    durationMs: Math.round(result.durationMs),
    ending: result.ending,
    exitCode: result.exitCode,
    stdout: stdout.text,
    stderr: stderr.text,
    omittedBytes: result.omittedBytes + stdout.omitted + stderr.omitted,
    ...(result.reason === undefined ? {} : { reason: clean(result.reason) }),
  }
}

/**
 * `toEvidence` for one run. Dozens of checks rest on the same result: it is made ready once, and again only when the
 * redactor has learnt a value since.
 */
export function evidenceMaker(redactor: Redactor): (result: CommandResult) => Evidence {
  const made = new WeakMap<CommandResult, { readonly evidence: Evidence; readonly known: number }>()
  return result => {
    const known = redactor.known()
    const before = made.get(result)
    if (before?.known === known) return before.evidence
    const evidence = toEvidence(result, redactor)
    made.set(result, { evidence, known })
    return evidence
  }
}

/** Text from elsewhere, fit for a screen and a file: sanitised, redacted, long lines cut. */
export function harmless(text: string, redactor: Redactor): string {
  try {
    return cutLongLines(redactor.redact(visible(text)))
  } catch {
    return NOT_REDACTED
  }
}

function capped(text: string): { text: string; omitted: number } {
  if (text.length <= STORED) return { text, omitted: 0 }
  const cut = STORED - STORED_TAIL
  const headEnd = isHighSurrogate(text.charCodeAt(cut - 1)) ? cut - 1 : cut
  const from = text.length - STORED_TAIL
  const tailStart = isHighSurrogate(text.charCodeAt(from - 1)) ? from + 1 : from
  const left = text.slice(headEnd, tailStart)
  return {
    text: `${text.slice(0, headEnd)}\n[${left.length} characters left out here]\n${text.slice(tailStart)}`,
    omitted: Buffer.byteLength(left),
  }
}
