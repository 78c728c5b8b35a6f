/**
 * Shell text as data. A `Script` is what runs on a machine: it is shown to the operator, sent on standard
 * input, and kept as evidence, always the same bytes.
 */

/** POSIX sh text. Make one with {@link sh}, never by joining strings that came from outside. */
export interface Script {
  readonly text: string
}

/** What may stand in a `sh` template: text and lists are quoted, numbers and scripts go in as they are. */
export type ScriptValue = string | number | Script | readonly string[]

/**
 * Quotes one value for POSIX sh: dash, bash, busybox and mksh read back the same bytes.
 *
 * @throws RangeError when the value holds a NUL byte, which no shell argument can carry.
 */
export function quote(value: string): string {
  if (value.includes('\0')) throw new RangeError('a shell argument cannot hold a NUL byte')
  if (/^[A-Za-z0-9_/.,:@%+=-]+$/.test(value) && !value.startsWith('=') && !value.startsWith('~')) return value
  return `'${value.replaceAll("'", `'\\''`)}'`
}

/**
 * A tagged template for shell text: every interpolated value is quoted, so that a parameter can never become
 * syntax. Common indentation and a first or last empty line are removed from the template's own text only;
 * a value's own lines are never touched.
 *
 * @throws RangeError on a NUL byte or a number that is not finite.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly ScriptValue[]): Script {
  const literals = dedent(strings)
  const text = literals.map(
    (literal, index) => literal + (index < values.length ? render(values[index]) : ''),
  )
  return { text: text.join('') }
}

/** Shell text from a trusted constant, for a script kept in a file of its own. Nothing is quoted. */
export function verbatim(text: string): Script {
  return { text }
}

function render(value: ScriptValue | undefined): string {
  if (value === undefined) throw new RangeError('a value in a shell template is undefined')
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`a shell template got the number ${value}`)
    return String(value)
  }
  if ('text' in value) return value.text
  return value.map(quote).join(' ')
}

function dedent(strings: TemplateStringsArray): string[] {
  // Cooked text: in a template `\n` is a newline, as its author reads it; `\\n` reaches the shell as `\n`.
  const literals = [...strings]
  const last = literals.length - 1
  literals[last] = (literals[last] ?? '').replace(/\n[ \t]*$/, '')
  const indents = literals.flatMap(literal =>
    [...literal.matchAll(/\n([ \t]*)(?=[^\s]|$)/g)].map(match => match[1] ?? ''),
  )
  const width = indents.length === 0 ? 0 : Math.min(...indents.map(indent => indent.length))
  const cut = new RegExp(`\\n[ \\t]{0,${width}}`, 'g')
  const out = literals.map(literal => literal.replace(cut, '\n'))
  out[0] = (out[0] ?? '').replace(/^\n/, '')
  return out
}
