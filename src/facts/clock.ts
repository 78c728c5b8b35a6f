/** The server's clock, against the operator's and against the world's. */

import type { CommandResult } from '../model/command.ts'
import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface ClockOffset {
  /** Seconds by which the server's clock is ahead of the operator's; negative when it is behind. */
  readonly seconds: number
  /** Seconds by which the offset may be wrong, either way: half of the round trip, plus the clock's own grain. */
  readonly uncertainty: number
}

export interface TimeService {
  /** Whether a service that timedatectl knows is installed. */
  readonly available: boolean
  /** Whether that service is switched on. */
  readonly enabled: boolean
  /** Whether the kernel's clock is synchronised now, by whatever service. */
  readonly synchronised: boolean
}

/** Samples taken; the one with the shortest round trip says the most (as in NTP's clock filter, RFC 5905 §10). */
const SAMPLES = 3

export const clockOffset = fact('clock-offset', async (context): Promise<ClockOffset> => {
  const offsets: ClockOffset[] = []
  for (let sample = 0; sample < SAMPLES; sample++)
    offsets.push(offsetOf(await context.run(sh`date -u +%s.%N`)))
  return offsets.reduce((best, next) => (next.uncertainty < best.uncertainty ? next : best))
})

/** What systemd says of time synchronisation. */
export const timeService = fact('time-service', async (context): Promise<TimeService> => {
  const result = await context.run(sh`timedatectl show`, { as: 'root' })
  return parseTimedatectl(outputOf(result, 'time synchronisation'))
})

/**
 * The offset that one reading of the clock tells: it was made somewhere between sending and answering, so half
 * of the round trip is added to the start, and may be wrong by as much.
 *
 * @throws Unreadable when the output is no time.
 */
export function offsetOf(result: CommandResult): ClockOffset {
  const match = /^(\d{9,11})(?:\.(\d{9}))?/.exec(outputOf(result, 'the server’s clock').trim())
  if (!match) throw new Unreadable('the server’s clock could not be read: date printed no time')
  // busybox knows no %N: then the reading is anywhere within its second.
  const grain = match[2] === undefined ? 0.5 : 0.001
  const server = Number(match[1]) + (match[2] === undefined ? grain : Number(`0.${match[2]}`))
  const half = result.durationMs / 2000
  return { seconds: server - (Date.parse(result.startedAt) / 1000 + half), uncertainty: half + grain }
}

/** The properties of `timedatectl show` (systemd 239 and newer). @throws Unreadable when they are not all there. */
export function parseTimedatectl(text: string): TimeService {
  const value = (name: string): boolean => {
    const found = new RegExp(`^${name}=(yes|no)$`, 'm').exec(text)?.[1]
    if (found === undefined) throw new Unreadable(`timedatectl says nothing of ${name}`)
    return found === 'yes'
  }
  return { available: value('CanNTP'), enabled: value('NTP'), synchronised: value('NTPSynchronized') }
}
