/**
 * For screen readers: the same screens as plain text that only ever grows. Ink draws whole frames into this; what is
 * new in a frame goes out as lines, in order, and nothing that was said is moved or said again.
 */

import { stripVTControlCharacters } from 'node:util'

/** Rows that a frame may have: enough that nothing has to be scrolled to. */
const ROWS = 200
/** Columns of a frame: few enough that list and detail follow each other. */
const COLUMNS = 99

export interface LinearOutput {
  readonly isTTY: true
  readonly columns: number
  readonly rows: number
  write(frame: string | Uint8Array, ...rest: unknown[]): boolean
  on(event: string, listener: () => void): LinearOutput
  off(event: string, listener: () => void): LinearOutput
}

/** Lines of `after` that are not in `before`. A row that only lost the cursor's mark is not new. */
export function announced(before: readonly string[], after: readonly string[], cursor: string): string[] {
  const without = (line: string) => line.replace(`${cursor} `, '').trim()
  const known = new Set(before.flatMap(line => [line.trim(), without(line)]))
  const isElsewhere = before[0] !== after[0]
  const fresh = after.filter(line => line.trim() !== '' && !known.has(line.trim()))
  return isElsewhere && fresh.length > 0 ? ['', ...fresh] : fresh
}

/** @param out where lines go. @param cursor what stands before a marked row. */
export function linearOutput(out: (text: string) => void, cursor: string): LinearOutput {
  let before: readonly string[] = []
  const output: LinearOutput = {
    isTTY: true,
    columns: COLUMNS,
    rows: ROWS,
    write(frame, ...rest) {
      const text = stripVTControlCharacters(typeof frame === 'string' ? frame : Buffer.from(frame).toString())
      const after = text.split('\n').map(line => line.trimEnd())
      if (after.some(line => line !== '')) {
        const fresh = announced(before, after, cursor)
        before = after
        if (fresh.length > 0) out(`${fresh.map(line => line.replace(/ {3,}/g, '  ').trim()).join('\n')}\n`)
      }
      const done = rest.find(argument => typeof argument === 'function') as (() => void) | undefined
      done?.()
      return true
    },
    on: () => output,
    off: () => output,
  }
  return output
}
