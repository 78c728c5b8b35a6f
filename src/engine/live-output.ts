/**
 * Live output by whole lines: a secret that arrives in two pieces would be recognised in neither. Private keys
 * have many lines and are held back until their end.
 */

export interface LiveOutput {
  add(text: string): void
  /** The command is over: what was held back is handed on. */
  end(): void
}

/** Characters held back for a line that does not end; then it is shown as it is, cut at a space where there is one. */
const LONGEST_LINE = 8192
/** Characters held back for a key that does not end. */
const LONGEST_KEY = 32_768

export function liveOutput(emit: (text: string) => void): LiveOutput {
  let held = ''
  const release = (length: number): void => {
    if (length > 0) emit(held.slice(0, length))
    held = held.slice(length)
  }
  return {
    add(text) {
      held += text
      release(safeLength(held))
    },
    end: () => release(held.length),
  }
}

/** How much of the text may be handed on: no line and no key is cut. */
function safeLength(text: string): number {
  const lines = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1
  const begin = text.lastIndexOf('-----BEGIN ')
  const isWhole = /-----END [A-Z0-9 ]{0,60}-----/.test(text.slice(Math.max(0, begin)))
  const inKey = begin !== -1 && !isWhole && text.length - begin < LONGEST_KEY
  const safe = inKey ? Math.min(lines, begin) : lines
  if (text.length - safe <= LONGEST_LINE || inKey) return safe
  const space = text.lastIndexOf(' ', text.length - LONGEST_LINE / 2) + 1
  return space > safe ? space : text.length - LONGEST_LINE / 2
}
