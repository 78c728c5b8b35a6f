/** Roles of colour, never colours in components. The sixteen named colours, so that the operator's own theme holds. */

import type { TextProps } from 'ink'
import { createContext, useContext } from 'react'
import { asciiSymbols, type Symbols, spokenSymbols, unicodeSymbols } from './symbols.ts'

export type Tone =
  | 'plain'
  | 'strong'
  | 'muted'
  | 'accent'
  | 'good'
  | 'bad'
  | 'warning'
  | 'unknown'
  | 'added'
  | 'removed'
  | 'telling'
  | 'match'
  | 'danger'
  | 'selected'

const coloured: Readonly<Record<Tone, Partial<TextProps>>> = {
  plain: {},
  strong: { bold: true },
  muted: { dimColor: true },
  accent: { color: 'cyan' },
  good: { color: 'green' },
  bad: { color: 'red', bold: true },
  warning: { color: 'yellow' },
  unknown: { color: 'magenta' },
  added: { color: 'green' },
  removed: { color: 'red' },
  telling: { color: 'yellow', bold: true },
  match: { inverse: true },
  danger: { color: 'white', backgroundColor: 'red', bold: true },
  selected: { bold: true },
}

const uncoloured: Readonly<Record<Tone, Partial<TextProps>>> = {
  plain: {},
  strong: { bold: true },
  muted: {},
  accent: {},
  good: {},
  bad: { bold: true },
  warning: {},
  unknown: {},
  added: {},
  removed: {},
  telling: { bold: true },
  match: { inverse: true },
  danger: { bold: true, inverse: true },
  selected: { bold: true },
}

export type BorderName = 'round' | 'double' | 'ascii' | 'ascii-double'

export interface Theme {
  readonly ascii: boolean
  readonly colour: boolean
  readonly symbols: Symbols
  readonly tones: Readonly<Record<Tone, Partial<TextProps>>>
  /** Milliseconds since the epoch; a fixed one in tests. */
  readonly now: () => number
  /** False: nothing moves by itself but a clock now and then. */
  readonly motion: boolean
  /** False: no timer at all, and questions take answers at once: for tests. */
  readonly live: boolean
  /** Plain text for a screen reader: no frames, no colours, no clock. */
  readonly linear: boolean
  /** Rings when the operator is needed and has looked away. */
  readonly bell: boolean
}

/** The theme for a terminal's abilities. */
export function themeFor(options: {
  ascii: boolean
  colour: boolean
  now?: () => number
  motion?: boolean
  live?: boolean
  linear?: boolean
  bell?: boolean
}): Theme {
  const { ascii, now = Date.now, motion = true, live = true, linear = false, bell = true } = options
  const colour = options.colour && !linear
  return {
    ascii,
    colour,
    now,
    motion: motion && !linear,
    live,
    linear,
    bell,
    symbols: linear ? spokenSymbols : ascii ? asciiSymbols : unicodeSymbols,
    tones: colour ? coloured : uncoloured,
  }
}

const ThemeContext = createContext<Theme>(themeFor({ ascii: false, colour: true }))
export const ThemeScope = ThemeContext.Provider

/** The theme in force. */
export function useTheme(): Theme {
  return useContext(ThemeContext)
}
