/**
 * The journal of one run: append-only JSON Lines, each line linked to the one before by SHA-256. It is on disk
 * before a remedy's first action runs, and after each action's end, so that a crash leaves an exact account.
 */

import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { EVENT_VERSION, isTransient, RunEvent } from '../model/event.ts'
import { EXIT, Failure } from '../model/failure.ts'

/** Events after which power may fail without losing them. Reading can be repeated; changing cannot. */
const SYNCED = new Set<RunEvent['type']>([
  'run-started',
  'consent',
  'lock-taken',
  'remedy-intent',
  'guard-armed',
  'guard-called-off',
  'guard-fired',
  'action-started',
  'action-finished',
  'remedy-finished',
  'run-interrupted',
  'run-finished',
])

export interface Journal {
  readonly path: string
  /** @throws Failure when it cannot be written: nothing may be changed on a server without a record. */
  append(event: RunEvent): void
  /** The hash of the last line: with it, any later edit can be detected. */
  head(): string
  close(): void
}

/** @throws Failure (exit code 78) when the folder or file cannot be made. */
export function createJournal(path: string): Journal {
  let descriptor: number
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    descriptor = openSync(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND,
      0o600,
    )
    const folder = openSync(dirname(path), constants.O_RDONLY)
    fsyncSync(folder)
    closeSync(folder)
  } catch (error) {
    throw new Failure(
      EXIT.configuration,
      `the journal ${path} cannot be written: ${words(error)}`,
      'Free space or correct the folder’s owner and mode (0700), then run again. Nothing was changed.',
    )
  }
  let previous = ''
  let sequence = 0
  let open = true
  return {
    path,
    append(event) {
      if (isTransient(event) || !open) return
      sequence += 1
      const body = JSON.stringify({ v: EVENT_VERSION, seq: sequence, ...event, prev: previous })
      const hash = hashOf(body)
      const line = `${body.slice(0, -1)},"h":"${hash}"}\n`
      try {
        writeSync(descriptor, line)
        if (SYNCED.has(event.type)) fdatasyncSync(descriptor)
      } catch (error) {
        throw new Failure(
          EXIT.configuration,
          `the journal ${path} could not be written: ${words(error)}`,
          'Free space on this machine, then resume the run.',
        )
      }
      previous = hash
    },
    head: () => previous,
    close() {
      if (open) closeSync(descriptor)
      open = false
    },
  }
}

export interface JournalReading {
  readonly events: readonly RunEvent[]
  readonly head: string
  /** `torn`: the last line was cut by a crash and is left out. `broken`: a line in the middle is not what was written. */
  readonly state: 'whole' | 'torn' | 'broken'
  /** The 1-based line at which reading stopped, for `torn` and `broken`. */
  readonly line?: number
}

/** Reads a journal as far as its chain holds. @throws Failure (78) when it cannot be read or is of a newer format. */
export function readJournal(path: string): JournalReading {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Failure(EXIT.configuration, `the journal ${path} cannot be read: ${words(error)}`)
  }
  const lines = text.split('\n')
  const whole = text.endsWith('\n')
  const last = lines.length - 1
  const events: RunEvent[] = []
  let previous = ''
  for (const [index, line] of lines.entries()) {
    if (index === last && line === '') break
    const event = verify(line, previous, index + 1)
    if (event === undefined || (index === last && !whole)) {
      const cut = index >= last - (whole ? 1 : 0)
      return { events, head: previous, state: cut && !whole ? 'torn' : 'broken', line: index + 1 }
    }
    events.push(event.event)
    previous = event.hash
  }
  return { events, head: previous, state: 'whole' }
}

function verify(
  line: string,
  previous: string,
  sequence: number,
): { event: RunEvent; hash: string } | undefined {
  const match = /^(\{.*),"h":"([0-9a-f]{64})"\}$/.exec(line)
  const [, start, hash] = match ?? []
  if (start === undefined || hash === undefined || hashOf(`${start}}`) !== hash) return undefined
  const { v, seq, prev, ...fields } = JSON.parse(`${start}}`) as { v: unknown; seq: unknown; prev: unknown }
  if (v !== EVENT_VERSION)
    throw new Failure(
      EXIT.configuration,
      `the journal was written in format ${v}; this Kneeboard reads format ${EVENT_VERSION}`,
      'Use the version of Kneeboard that wrote it.',
    )
  if (prev !== previous || seq !== sequence) return undefined
  const parsed = RunEvent.safeParse(fields)
  return parsed.success ? { event: parsed.data, hash } : undefined
}

const hashOf = (body: string): string => createHash('sha256').update(body).digest('hex')

function words(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code
  const known: Record<string, string> = {
    EACCES: 'permission denied',
    ENOSPC: 'the disk is full',
    EROFS: 'the file system is read-only',
    EEXIST: 'it exists already',
    ENOENT: 'it does not exist',
    ENOTDIR: 'a part of its path is not a folder',
    EDQUOT: 'the quota is used up',
  }
  return known[code ?? ''] ?? (error as Error).message
}
