/** Copying to the operator's clipboard, through the terminal (xterm's OSC 52): works over SSH, too, where allowed. */

import { useStdout } from 'ink'
import type { Binding } from './keys.ts'
import { count } from './words.ts'

/** The binding of every screen with something to copy. */
export const copyKey: Binding = {
  keys: ['y'],
  shown: 'y',
  hint: 'copy',
  help: 'Copy what is shown, whole, through the terminal',
}

/** Characters that terminals commonly take at once: base64 of it stays below 100 kB. */
const MOST = 74_000

/** The control sequence that puts a text on the clipboard. */
export function copySequence(text: string): string {
  return `\x1b]52;c;${Buffer.from(text, 'utf8').toString('base64')}\x07`
}

/** @returns a function that copies, and returns what to say about it. Nothing is ever copied unasked. */
export function useClipboard(): (text: string) => string {
  const { stdout } = useStdout()
  return text => {
    if (text.length > MOST)
      return `That is too long to copy (${text.length} characters): export the run instead.`
    // Past Ink, which would draw the frame anew: it moves no cursor.
    stdout.write(copySequence(text))
    return `Copied ${count(text.length, 'character')}, where the terminal allows it.`
  }
}
