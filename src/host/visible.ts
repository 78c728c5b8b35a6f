/**
 * Makes text that came from elsewhere harmless to look at. Nothing is removed, everything is shown: a hidden
 * character is evidence too. The result holds no control character but newline and tab.
 */

/** Characters of one line that are kept for a screen. */
export const MAX_LINE = 2000

/**
 * Characters that draw nothing or change the order of others: zero width, joiners, fillers, variation selectors,
 * tags (Default_Ignorable), bidi controls, other format characters, line and paragraph separators, C1 controls,
 * unpaired surrogates, noncharacters.
 */
const HIDDEN = /[\p{DI}\p{Bidi_C}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{NChar}\u0080-\u009f]/gu
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g
/** More than four combining marks on one character pile up over other lines. */
const PILE_OF_MARKS = /(\p{M}{4})(\p{M}+)/gu

/**
 * Shows control characters as their Unicode pictures (`␛[31m`) and invisible ones by number (`<U+202E>`). Lines
 * are not cut, so that secrets can still be found in the result.
 */
export function visible(text: string): string {
  return text
    .replace(CONTROL, character => picture(character.charCodeAt(0)))
    .replace(HIDDEN, character => `<U+${hex(character.codePointAt(0) ?? 0)}>`)
    .replace(PILE_OF_MARKS, (_, kept: string, rest: string) => `${kept}<${[...rest].length} more marks>`)
}

/** Cuts lines that no screen can show, and says by how much. Comes after redaction: half a secret is one too. */
export function cutLongLines(text: string, longest: number = MAX_LINE): string {
  if (text.length <= longest) return text
  return text
    .split('\n')
    .map(line => (line.length <= longest ? line : cutLine(line, longest)))
    .join('\n')
}

function cutLine(line: string, longest: number): string {
  const end = isHighSurrogate(line.charCodeAt(longest - 1)) ? longest - 1 : longest
  return `${line.slice(0, end)}… (${line.length - end} more characters)`
}

/** Whether a cut after this unit would split a character in two. */
export function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function picture(code: number): string {
  return code === 0x7f ? '␡' : String.fromCharCode(0x2400 + code)
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, '0')
}
