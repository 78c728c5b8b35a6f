/**
 * One operator at a time on a target. The lock lies on the target, under /var/lib and not under /run: it must
 * survive a reboot that is part of the work, and after a crash of the server it still says who was in the middle
 * of what. It is never broken by itself: a stale one is shown, and taken over knowingly.
 */

import { Unreadable } from '../model/command.ts'
import type { Machine } from '../model/machine.ts'
import type { Script } from '../model/script.ts'
import { type Patience, runIdempotent } from './idempotent.ts'
import { lookScript, releaseScript, renewScript, takeOverScript, takeScript } from './lock-script.ts'

export interface LockRequest {
  /** The run that holds it. */
  readonly run: string
  /** Who, from where: `alice@laptop`. */
  readonly holder: string
  /** What is being done, as a few words. */
  readonly what: string
  /** Seconds without a renewal after which it counts as stale, 10 to 86400. */
  readonly leaseSeconds: number
}

/** A lock as the server tells it. The words in it come from the server: not sanitised. */
export interface HeldLock {
  readonly run: string
  readonly holder: string
  readonly what: string
  /** When it was taken, ISO 8601 in UTC by the server's clock. */
  readonly since: string
  readonly ageSeconds: number
  /** Seconds since it was last renewed; since the server's boot is unknown after a reboot, then by the clock. */
  readonly quietSeconds: number
  readonly leaseSeconds: number
  /** `lease`: not renewed in time. `rebooted`: the server has been restarted since the last renewal. */
  readonly stale: false | 'lease' | 'rebooted'
  /** Jobs of root that still run: while there are any, the lock is not stale and cannot be taken over. */
  readonly runningJobs: readonly string[]
  /** Names this very renewal; what {@link takeOverLock} compares. */
  readonly beat: string
}

export type LockTaken = { readonly state: 'taken' } | { readonly state: 'held'; readonly by: HeldLock }

/**
 * Takes the lock, unless somebody else has it. The same run may take it again.
 *
 * @throws RangeError for an empty field or a lease out of range.
 * @throws Unreadable when the server gave no answer, or cannot keep a lock (read-only, full, no flock).
 */
export async function takeLock(
  machine: Machine,
  request: LockRequest,
  patience: Patience = {},
): Promise<LockTaken> {
  return taken(await ask(machine, takeScript(checked(request)), patience))
}

/** Says that the holder is still there. `lost` when the lock is not its own any more: then stop changing things. */
export async function renewLock(
  machine: Machine,
  request: LockRequest,
  patience: Patience = {},
): Promise<{ readonly state: 'renewed' } | { readonly state: 'lost'; readonly by: HeldLock | null }> {
  const { answer, lock } = await ask(machine, renewScript(checked(request)), patience)
  if (answer === 'renewed') return { state: 'renewed' }
  if (answer === 'lost') return { state: 'lost', by: lock }
  throw new Unreadable(`the lock gave an answer that could not be understood: ${answer}`)
}

/** Frees the lock if it is the run's own. */
export async function releaseLock(
  machine: Machine,
  run: string,
  patience: Patience = {},
): Promise<'released' | 'not-held'> {
  const { answer } = await ask(machine, releaseScript(line('run', run)), patience)
  if (answer === 'released' || answer === 'not-held') return answer
  throw new Unreadable(`the lock gave an answer that could not be understood: ${answer}`)
}

/** Who holds the lock now. */
export async function readLock(machine: Machine, patience: Patience = {}): Promise<HeldLock | null> {
  return (await ask(machine, lookScript(), patience)).lock
}

/**
 * Takes the lock from the holder that was shown. Of any number who try at once exactly one gets it; it fails as
 * well when the holder renewed it in the meantime, and while a job runs.
 *
 * @param held what {@link takeLock} answered; a lock that is not stale needs `evenIfFresh`.
 */
export async function takeOverLock(
  machine: Machine,
  request: LockRequest,
  held: HeldLock,
  options: Patience & { readonly evenIfFresh?: boolean } = {},
): Promise<LockTaken> {
  if (held.stale === false && options.evenIfFresh !== true) return { state: 'held', by: held }
  return taken(await ask(machine, takeOverScript(checked(request), held), options))
}

interface LockAnswer {
  readonly answer: string
  readonly lock: HeldLock | null
}

/** Reads what the lock scripts print. Pure. @throws Unreadable when the answer is not whole. */
export function parseLock(text: string): LockAnswer {
  if (text.startsWith('refused '))
    throw new Unreadable(`the lock cannot be kept: ${text.slice('refused '.length).trim()}`)
  const parts =
    /^answer (\S+)\nboot (\S+)\nuptime (\d+)\nclock (\d+)\n(?:lock\n((?:.*\n){9}))?((?:job .*\n)*)end\n$/.exec(
      text,
    )
  if (parts === null) throw new Unreadable(`the lock could not be read: ${text.slice(0, 80)}`)
  const [, answer = '', boot = '', uptime, clock, lock, jobs = ''] = parts
  const runningJobs = jobs.split('\n').flatMap(job => (job === '' ? [] : [job.slice('job '.length)]))
  if (lock === undefined) return { answer, lock: null }
  return {
    answer,
    lock: heldLock(lock.split('\n'), { boot, uptime: Number(uptime), clock: Number(clock) }, runningJobs),
  }
}

function heldLock(
  lines: readonly string[],
  now: { readonly boot: string; readonly uptime: number; readonly clock: number },
  runningJobs: readonly string[],
): HeldLock {
  const [run = '', holder = '', what = '', lease, since, takenBoot, takenAt, beatBoot = '', beatAt = ''] =
    lines
  const leaseSeconds = Number(lease)
  const sinceClock = Number(since)
  const byClock = Math.max(0, now.clock - sinceClock)
  const ageSeconds = takenBoot === now.boot ? now.uptime - Number(takenAt) : byClock
  const quietSeconds = beatBoot === now.boot ? now.uptime - Number(beatAt) : byClock
  if (![leaseSeconds, sinceClock, ageSeconds, quietSeconds].every(Number.isFinite))
    throw new Unreadable('the lock file is damaged')
  const over = beatBoot !== now.boot ? 'rebooted' : quietSeconds > leaseSeconds ? 'lease' : false
  return {
    run,
    holder,
    what,
    since: new Date(sinceClock * 1000).toISOString(),
    ageSeconds,
    quietSeconds,
    leaseSeconds,
    stale: runningJobs.length > 0 ? false : over,
    runningJobs,
    beat: `${beatBoot} ${beatAt}`,
  }
}

function taken({ answer, lock }: LockAnswer): LockTaken {
  if (answer === 'taken') return { state: 'taken' }
  if (answer === 'held' && lock !== null) return { state: 'held', by: lock }
  throw new Unreadable(`the lock gave an answer that could not be understood: ${answer}`)
}

async function ask(machine: Machine, script: Script, patience: Patience): Promise<LockAnswer> {
  return parseLock(
    await runIdempotent(machine, script, 'the lock', { ...patience, as: 'root', timeoutSeconds: 40 }),
  )
}

function checked(request: LockRequest): LockRequest {
  const { run, holder, what, leaseSeconds } = request
  if (!(leaseSeconds >= 10 && leaseSeconds <= 86_400))
    throw new RangeError(`a lease must be from 10 to 86400 seconds, not ${leaseSeconds}`)
  return {
    run: line('run', run),
    holder: line('holder', holder),
    what: line('what', what),
    leaseSeconds: Math.ceil(leaseSeconds),
  }
}

/** One line of the lock file: control characters become spaces, as a newline would become another field. */
function line(name: string, value: string): string {
  const text = value
    .replace(/[\0-\x1f\x7f]+/g, ' ')
    .trim()
    .slice(0, 200)
  if (text === '') throw new RangeError(`a lock needs a ${name}`)
  return text
}
