/**
 * Keys are data: one table for each screen says what can be pressed, and the handling, the footer and the help
 * are all made from it. A binding whose handler is absent is not available now, and is not shown.
 */

import type { Key } from 'ink'

/** One key press by name: a character as itself, or `up`, `enter`, `escape`, `ctrl+c`, `shift+tab` … */
export interface KeyPress {
  readonly name: string
  /** The text it types, when it types any. */
  readonly text?: string
}

export interface Binding {
  /** Names of the keys that do it. */
  readonly keys: readonly string[]
  /** How the keys are written in the footer and the help: `↵`, `↑↓`. */
  readonly shown: string
  /** One or two words for the footer; '' keeps it to the help. */
  readonly hint: string
  /** A sentence for the help. */
  readonly help: string
}

export type KeyTable<A extends string = string> = Readonly<Record<A, Binding>>

/**
 * What an action does now. A string says why it cannot be done now; absent means that it is not there at all. What
 * a handler returns is said in the footer until the next key.
 */
export type Handler = (() => unknown) | string | undefined
export type Handlers<A extends string> = Partial<Record<A, Handler>>

/** Binds a table's names, so that a screen's handlers are checked against it. */
export function keyTable<A extends string>(table: Record<A, Binding>): KeyTable<A> {
  return table
}

/** Moving in a list or a text: the same keys on every screen. */
export const movement = {
  up: { keys: ['up', 'k'], shown: '↑↓', hint: 'move', help: 'One row up (also k)' },
  down: { keys: ['down', 'j'], shown: '↓', hint: '', help: 'One row down (also j)' },
  pageUp: { keys: ['pageup', 'ctrl+u'], shown: 'PgUp', hint: '', help: 'A page up (also Ctrl-U)' },
  pageDown: { keys: ['pagedown', 'ctrl+d'], shown: 'PgDn', hint: '', help: 'A page down (also Ctrl-D)' },
  first: { keys: ['home', 'g'], shown: 'Home', hint: '', help: 'To the first row (also g)' },
  last: { keys: ['end', 'G'], shown: 'End', hint: '', help: 'To the last row (also G)' },
} as const satisfies KeyTable

/** Scrolling a text that has no cursor. */
export const scrolling = {
  ...movement,
  up: { ...movement.up, hint: 'scroll' },
  pageDown: { keys: ['pagedown', 'ctrl+d', ' '], shown: 'PgDn', hint: '', help: 'A page down (also space)' },
} as const satisfies KeyTable

export type Movement = keyof typeof movement

/** Keys that work on every screen, handled above the screens. */
export const everywhere = keyTable({
  help: { keys: ['?'], shown: '?', hint: 'help', help: 'This page' },
  palette: {
    keys: [':', 'ctrl+p'],
    shown: ':',
    hint: '',
    help: 'Find what can be done here by typing words of it (also Ctrl-P)',
  },
  interrupt: {
    keys: ['ctrl+c'],
    shown: 'Ctrl-C',
    hint: '',
    help: 'Once: stop a run after its current step, or leave when nothing runs. Twice: stop now',
  },
  suspend: { keys: ['ctrl+z'], shown: 'Ctrl-Z', hint: '', help: 'Put Kneeboard aside; `fg` brings it back' },
  redraw: { keys: ['ctrl+l'], shown: 'Ctrl-L', hint: '', help: 'Draw the screen anew' },
})

/** The action that a key press stands for in a table, if any. */
export function actionFor<A extends string>(table: KeyTable<A>, press: KeyPress): A | undefined {
  return (Object.keys(table) as A[]).find(action => table[action].keys.includes(press.name))
}

/** Names of keys that two bindings of one table claim: must be empty. */
export function clashes(table: KeyTable): string[] {
  const all = Object.values(table).flatMap(binding => binding.keys)
  return all.filter((key, index) => all.indexOf(key) !== index)
}

const NAMED: readonly (readonly [keyof Key, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['tab', 'tab'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
]

/**
 * What Ink reports, as key presses. Characters typed quickly arrive in one read, so one report can be several
 * presses; an unknown function key arrives as nothing and is nothing.
 */
export function pressesOf(input: string, key: Key): KeyPress[] {
  if (key.eventType === 'release') return []
  const modifiers = `${key.ctrl ? 'ctrl+' : ''}${key.meta ? 'alt+' : ''}`
  const named = NAMED.find(([flag]) => key[flag] === true)
  if (named) return [{ name: `${modifiers}${key.shift ? 'shift+' : ''}${named[1]}` }]
  if (modifiers !== '') return input === '' ? [] : [{ name: modifiers + input.toLowerCase() }]
  return [...input].flatMap((character): KeyPress[] => {
    if (character === '\r' || character === '\n') return [{ name: 'enter' }]
    if (character === '\t') return [{ name: 'tab' }]
    return character < ' ' || character === '\x7f' ? [] : [{ name: character, text: character }]
  })
}
