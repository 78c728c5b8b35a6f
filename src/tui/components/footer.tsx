/** The last row: what can be pressed now, made from the same table that handles the keys. */

import { Box, Text } from 'ink'
import { widthOf } from '../lines.ts'
import { spellKey } from '../symbols.ts'
import { useTheme } from '../theme.ts'

export interface Hint {
  readonly shown: string
  readonly hint: string
  /** Shown, but not possible now. */
  readonly isDisabled: boolean
}

interface FooterProps {
  readonly hints: readonly Hint[]
  readonly columns: number
  readonly notice?: Notice
}

/** A word to the operator that takes the hints' place until the next key. */
export interface Notice {
  readonly text: string
  /** Something is not as wanted; else something was done. */
  readonly isRefusal: boolean
}

/** The hints that fit, in their order; the last one (help) always stays. */
export function fittingHints(hints: readonly Hint[], columns: number): Hint[] {
  const cells = (hint: Hint) => widthOf(hint.shown) + widthOf(hint.hint) + 3
  const last = hints.at(-1)
  if (last === undefined) return []
  let left = columns - 2 - cells(last)
  const fitting: Hint[] = []
  for (const hint of hints.slice(0, -1)) {
    if (cells(hint) > left) break
    left -= cells(hint)
    fitting.push(hint)
  }
  return [...fitting, last]
}

export function Footer({ hints, columns, notice }: FooterProps) {
  const { tones, symbols } = useTheme()
  const spelt = hints.map(hint => ({ ...hint, shown: spellKey(hint.shown, symbols) }))
  return (
    <Box height={1} width={columns} flexShrink={0} paddingX={1}>
      {notice === undefined ? (
        <Text wrap="truncate">
          {fittingHints(spelt, columns).map(({ shown, hint, isDisabled }, index) => (
            <Text key={shown + hint}>
              {index === 0 ? '' : '  '}
              <Text {...tones[isDisabled ? 'muted' : 'accent']} bold={!isDisabled}>
                {shown}
              </Text>
              <Text {...(isDisabled ? tones.muted : {})}>{` ${hint}`}</Text>
            </Text>
          ))}
        </Text>
      ) : (
        <Text wrap="truncate" {...tones[notice.isRefusal ? 'warning' : 'accent']}>
          {`${notice.isRefusal ? symbols.warn : symbols.dot} ${notice.text}`}
        </Text>
      )}
    </Box>
  )
}
