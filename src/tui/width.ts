/**
 * Cells that a text takes. Most of what is drawn has one cell for each character, and is counted without
 * string-width, whose patterns take longer to compile than everything else before the first frame together. The
 * bundle gives this module to Ink in its place (scripts/build.ts).
 */

import { stripVTControlCharacters } from 'node:util'

type Measure = (text: string) => number

let exact: Measure | undefined

/** Loads the full rules; until then what is not plain is estimated, and the first frame has nothing of it. */
export async function loadExactWidths(): Promise<void> {
  const { default: stringWidth } = await import('string-width')
  exact = text => stringWidth(text)
}

/**
 * Latin letters and punctuation, arrows, boxes and blocks, Braille, and our own signs: one cell in every terminal.
 * Combining marks, joiners, emoji and their selectors are none of them.
 */
const PLAIN =
  /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u25fc\u2713\u2717\u276f\u2800-\u28ff]*$/

/** Cells of a text; control sequences take none. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  const bare = text.includes('\x1b') ? stripVTControlCharacters(text) : text
  if (PLAIN.test(bare)) return bare.length
  return (exact ?? estimated)(bare)
}

// What string-width is imported as.
// biome-ignore lint/style/noDefaultExport: it takes the place of a module that has one
export default widthOf

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^[\ud83c-\ud83e]/

/** Good enough for the moment before the rules are there. */
const estimated: Measure = text =>
  Array.from(graphemes.segment(text), ({ segment }) =>
    WIDE.test(segment) ? 2 : segment < ' ' ? 0 : 1,
  ).reduce<number>((sum, cells) => sum + cells, 0)
