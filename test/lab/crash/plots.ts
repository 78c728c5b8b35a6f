/** What is done to a run: every event of a remedy’s life, before and after it is on disk, by every means. */

import type { Disturbance } from './program.ts'

export interface Named {
  readonly name: string
  readonly disturbance: Disturbance
}

/** Every means at every event of a run of so many events. */
export function everywhere(events: number): Named[] {
  const all = Array.from({ length: events }, (_, index) => index + 1)
  return all.flatMap(event => [
    named({ how: 'kill', event, when: 'before' }),
    named({ how: 'kill', event, when: 'after' }),
    named({ how: 'reset', event, when: 'after' }),
  ])
}

/** Into the middle of what runs: the short command, the write, the job, the guarded change, each at several moments. */
export function inTheMiddle(types: readonly string[]): Named[] {
  const starts = types.flatMap((type, index) => (type === 'action-started' ? [index + 1] : []))
  return starts.flatMap(event =>
    [100, 300, 700].flatMap(delayMs => [
      named({ how: 'kill', event, when: 'after', delayMs }),
      named({ how: 'refuse', event, when: 'after', delayMs }),
      named({ how: 'silence', event, when: 'after', delayMs, seconds: 4 }),
    ]),
  )
}

/** A silence long enough for the keepalive to give the connection up (20 s), at the start of each action. */
export function longSilences(types: readonly string[]): Named[] {
  const starts = types.flatMap((type, index) => (type === 'action-started' ? [index + 1] : []))
  return starts.map(event => named({ how: 'silence', event, when: 'after', seconds: 30 }))
}

function named(disturbance: Disturbance): Named {
  const { how, event, when, delayMs, seconds } = disturbance
  const where = delayMs === undefined ? `${when} event ${event}` : `${delayMs} ms after event ${event}`
  return { name: `${how}${seconds === undefined ? '' : ` of ${seconds} s`} ${where}`, disturbance }
}

/** Every `step`th of a list, from a beginning that differs from list to list: a sample that covers all kinds. */
export function sample<T>(list: readonly T[], count: number): T[] {
  const step = Math.max(1, Math.floor(list.length / count))
  return list.filter((_, index) => index % step === Math.floor(step / 2)).slice(0, count)
}
