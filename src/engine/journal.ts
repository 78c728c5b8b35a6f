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
  truncateSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { EVENT_VERSION, isTransient, RunEvent } from '../model/event.ts'
import { EXIT, Failure } from '../model/failure.ts'
import { claimJournal } from './journal-claim.ts'

/** Events after which power may fail without losing them. Reading can be repeated; changing cannot. */
const SYNCED = new Set<RunEvent['type']>([
  'run-started',
  'run-resumed',
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
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const release = claimJournal(path)
    const descriptor = openSync(path, APPEND | constants.O_CREAT | constants.O_EXCL, 0o600)
    const folder = openSync(dirname(path), constants.O_RDONLY)
    fsyncSync(folder)
    closeSync(folder)
    return journalOn({ path, descriptor, release, sequence: 0, previous: '' })
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(
      EXIT.configuration,
      `the journal ${path} cannot be written: ${words(error)}`,
      'Free space or correct the folder’s owner and mode (0700), then run again. Nothing was changed.',
    )
  }
}

/**
 * Opens a journal again to go on with its run. A last line that a crash cut off is removed; anything else that
 * is not as it was written makes the journal unfit to go on from.
 *
 * @throws Failure (78) for a broken journal, (75) while another process of this machine still writes it.
 */
export function reopenJournal(path: string): { journal: Journal; reading: JournalReading } {
  const release = claimJournal(path)
  const reading = readJournal(path)
  if (reading.state === 'broken') {
    release()
    throw new Failure(
      EXIT.configuration,
      `the journal ${path} is not what was written, from line ${reading.line} on`,
      'It cannot be gone on from. Start a new run: its checks find what is left to do.',
    )
  }
  if (reading.state === 'torn') truncateSync(path, reading.bytes)
  const descriptor = openSync(path, APPEND)
  const journal = journalOn({
    path,
    descriptor,
    release,
    sequence: reading.events.length,
    previous: reading.head,
  })
  return { journal, reading }
}

const APPEND = constants.O_WRONLY | constants.O_APPEND

interface Writer {
  readonly path: string
  readonly descriptor: number
  readonly release: () => void
  sequence: number
  previous: string
}

function journalOn(writer: Writer): Journal {
  const { path, descriptor } = writer
  let open = true
  return {
    path,
    append(event) {
      if (isTransient(event) || !open) return
      const body = JSON.stringify({
        v: EVENT_VERSION,
        seq: writer.sequence + 1,
        ...event,
        prev: writer.previous,
      })
      const hash = hashOf(body)
      try {
        writeSync(descriptor, `${body.slice(0, -1)},"h":"${hash}"}\n`)
        if (SYNCED.has(event.type)) fdatasyncSync(descriptor)
      } catch (error) {
        throw new Failure(
          EXIT.configuration,
          `the journal ${path} could not be written: ${words(error)}`,
          'Free space on this machine, then resume the run.',
        )
      }
      writer.sequence += 1
      writer.previous = hash
    },
    head: () => writer.previous,
    close() {
      if (!open) return
      closeSync(descriptor)
      writer.release()
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
  /** Length of the part that holds, in bytes. */
  readonly bytes: number
}

/** Reads a journal as far as its chain holds. @throws Failure (78) when it cannot be read or is of a newer format. */
export function readJournal(path: string): JournalReading {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Failure(EXIT.configuration, `the journal ${path} cannot be read: ${words(error)}`)
  }
  const events: RunEvent[] = []
  let head = ''
  let bytes = 0
  const lines = text.split('\n')
  // What follows the last newline is either nothing, or the beginning of a line that a crash cut off.
  const rest = lines.pop() ?? ''
  for (const line of lines) {
    const event = verify(line, head, events.length + 1)
    if (event === undefined) return { events, head, bytes, state: 'broken', line: events.length + 1 }
    events.push(event.event)
    head = event.hash
    bytes += Buffer.byteLength(line) + 1
  }
  if (rest !== '') return { events, head, bytes, state: 'torn', line: events.length + 1 }
  return { events, head, bytes, state: 'whole' }
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
