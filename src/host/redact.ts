/**
 * Takes secrets out of text before it is shown or stored: first those whose value is known, then whatever has
 * the shape of one. The operator still sees that a value is there, and that two values are the same.
 */

import { redactShapes } from './secret-shapes.ts'

export interface Redactor {
  /** From now on this value is replaced wherever it appears, in every form in which programs print it. */
  learn(name: string, value: string): void
  /** May throw on absurd input: then the caller must drop the text, not show it. */
  redact(text: string): string
  /** How many forms of values it looks for: text redacted at an earlier count may show one that was learnt since. */
  known(): number
}

/** Shorter values appear by chance everywhere; replacing them would hide the output and prove nothing. */
const SHORTEST = 4
/** Lines of a many-lined secret that are long enough to be secret on their own. */
const SHORTEST_LINE = 12
/** Values that stand in every configuration: no secrets, whatever their name says. */
const ORDINARY =
  /^(?:true|false|none|null|nil|yes|no|on|off|root|admin|user|test|deploy|postgres|redis|localhost|default|production|staging|development|\d{1,5})$/i

/** A redactor that knows no values yet. */
export function createRedactor(): Redactor {
  const names = new Map<string, string>()
  return {
    learn(name, value) {
      for (const form of formsOf(value)) {
        if (!names.has(form)) names.set(form, name)
      }
    },
    redact(text) {
      return redactShapes(redactKnown(text, names))
    },
    known: () => names.size,
  }
}

/** Every form in which a value may be printed: raw, Base64, in URLs, in JSON, in shell quotes, line by line. */
export function formsOf(value: string): string[] {
  const trimmed = value.trim()
  if (trimmed.length < SHORTEST || ORDINARY.test(trimmed)) return []
  const lines = trimmed.split(/\r?\n/).map(line => line.trim())
  const parts = lines.length > 1 ? lines.filter(line => line.length >= SHORTEST_LINE) : []
  const forms = [trimmed, value, ...parts].flatMap(text => [
    text,
    ...base64Forms(text),
    encodeURIComponent(text.toWellFormed()),
    encodeURIComponent(text.toWellFormed()).replaceAll('%20', '+'),
    JSON.stringify(text).slice(1, -1),
    text.replaceAll("'", `'\\''`),
    text.replace(/(["\\$`])/g, '\\$1'),
  ])
  return [...new Set(forms)].filter(form => form.length >= SHORTEST)
}

/** Base64 of the value alone, and as a part of something longer: at each of the three alignments. */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8')
  const whole = bytes.toString('base64')
  const url = bytes.toString('base64url')
  if (bytes.length < 6) return [whole, url]
  // Inside something longer only those characters are ours of which every bit is: the edges are shared.
  const inside = [0, 1, 2].map(shift => {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
    return shifted.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6))
  })
  return [whole, whole.replace(/=+$/, ''), url, ...inside].filter(form => form.length >= 8)
}

/** What `visible()` shows between the characters of a value that was printed in colours or with hidden characters. */
const SHOWN_BETWEEN = /\u241b\[[0-9;:]{0,20}m|<U\+[0-9A-F]{4,6}>|[\u2400-\u2421]/g

interface Found {
  readonly from: number
  readonly to: number
  readonly name: string
}

/** Looks for values in the text without what was shown between its characters, and cuts them out of the whole. */
function redactKnown(text: string, names: ReadonlyMap<string, string>): string {
  const { bare, at } = withoutShown(text)
  const found: Found[] = []
  for (const [form, name] of names) {
    for (let from = bare.indexOf(form); from !== -1; from = bare.indexOf(form, from + 1)) {
      found.push({ from: at(from), to: at(from + form.length - 1) + 1, name })
    }
  }
  found.sort((a, b) => a.from - b.from || b.to - a.to)
  let out = ''
  let done = 0
  for (const { from, to, name } of found) {
    // One that begins inside another widens what is cut: no end of it may stay.
    if (from >= done) out += `${text.slice(done, from)}[secret:${name}]`
    done = Math.max(done, to)
  }
  return out + text.slice(done)
}

/** The text without the pictures of control characters, and where each of its characters stood. */
function withoutShown(text: string): { bare: string; at: (index: number) => number } {
  const spans = [...text.matchAll(SHOWN_BETWEEN)]
  if (spans.length === 0) return { bare: text, at: index => index }
  const places = new Uint32Array(text.length)
  const parts: string[] = []
  let length = 0
  let from = 0
  const keep = (to: number): void => {
    parts.push(text.slice(from, to))
    for (let index = from; index < to; index++) places[length++] = index
  }
  for (const span of spans) {
    keep(span.index)
    from = span.index + span[0].length
  }
  keep(text.length)
  return { bare: parts.join(''), at: index => places[index] ?? 0 }
}
