/** Draws a line of text being typed, with the terminal's own look of a cursor; scrolls sideways when it is long. */

import { Text } from 'ink'
import { widthOf } from '../lines.ts'
import { charactersOf, type TextValue } from '../text-field.ts'
import { useTheme } from '../theme.ts'

interface TextInputProps {
  readonly value: TextValue
  readonly columns: number
  readonly isFocused: boolean
  readonly isMasked?: boolean
  /** Shown while nothing is typed. */
  readonly placeholder?: string
}

export function TextInput({ value, columns, isFocused, isMasked = false, placeholder = '' }: TextInputProps) {
  const { symbols, tones } = useTheme()
  const characters = charactersOf(value.text).map(character => (isMasked ? symbols.mask : character))
  const { before, at, after } = windowOf(characters, value.cursor, columns)
  if (!isFocused) {
    if (value.text === '')
      return (
        <Text wrap="truncate" {...tones.muted}>
          {placeholder === '' ? ' ' : placeholder}
        </Text>
      )
    return <Text wrap="truncate">{before + at + after}</Text>
  }
  const rest = value.text === '' ? placeholder.slice(1, columns - 1) : after
  const cursor = value.text === '' ? placeholder.slice(0, 1) || ' ' : at
  return (
    <Text wrap="truncate">
      {before}
      <Text inverse>{cursor}</Text>
      <Text {...(value.text === '' ? tones.muted : {})}>{rest}</Text>
    </Text>
  )
}

/** The part of the text that is visible around the cursor, in at most `columns` cells, the cursor's one included. */
export function windowOf(
  characters: readonly string[],
  cursor: number,
  columns: number,
): { before: string; at: string; after: string } {
  const at = characters[cursor] ?? ' '
  let left = columns - widthOf(at)
  let start = cursor
  while (start > 0 && widthOf(characters[start - 1] ?? '') <= left) {
    start -= 1
    left -= widthOf(characters[start] ?? '')
  }
  let end = cursor + 1
  while (end < characters.length && widthOf(characters[end] ?? '') <= left) {
    left -= widthOf(characters[end] ?? '')
    end += 1
  }
  return {
    before: characters.slice(start, cursor).join(''),
    at,
    after: characters.slice(cursor + 1, end).join(''),
  }
}
