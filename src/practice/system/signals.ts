/** Signals by number and name (signal(7)). */

const NUMBERS = {
  EXIT: 0,
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  USR1: 10,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
} as const

export type Signal = keyof typeof NUMBERS

export const numberOf = (signal: Signal): number => NUMBERS[signal]

/** `TERM`, `SIGTERM`, `15`; undefined for what is none. */
export function signalOf(text: string): Signal | undefined {
  const name = text.toUpperCase().replace(/^SIG/, '')
  if (name in NUMBERS) return name as Signal
  const found = Object.entries(NUMBERS).find(([, number]) => String(number) === text)
  return found?.[0] as Signal | undefined
}

/** A process was ended by a signal. */
export class Killed extends Error {
  override readonly name = 'Killed'
  readonly signal: Signal
  constructor(signal: Signal) {
    super(`ended by SIG${signal}`)
    this.signal = signal
  }
}
