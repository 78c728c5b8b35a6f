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
  ftruncateSync,
  mkdirSync,
  openSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { isTransient, RunEvent } from '../model/event.ts'
import { EXIT, Failure } from '../model/failure.ts'
import { claimJournal } from './journal-claim.ts'
import { EvidenceWriter, withEvidence } from './journal-evidence.ts'
import { readRegularFile } from './regular-file.ts'

/** 2: evidence that stands in an earlier line is named, and not repeated. Format 1 is read as well: it only repeats. */
const JOURNAL_VERSION = 2
const READABLE_VERSIONS: readonly unknown[] = [1, JOURNAL_VERSION]

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
    // Made by us or not at all: a link or a file that somebody planted under this name is refused.
    const descriptor = openSync(path, APPEND | constants.O_CREAT | constants.O_EXCL, 0o600)
    const folder = openSync(dirname(path), constants.O_RDONLY)
    fsyncSync(folder)
    closeSync(folder)
    return journalOn({ path, descriptor, release, sequence: 0, previous: '', bytes: 0 })
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
  let release = () => {}
  try {
    release = claimJournal(path)
    const reading = readJournal(path)
    if (reading.state === 'broken')
      throw new Failure(
        EXIT.configuration,
        `the journal ${path} is not what was written, from line ${reading.line} on`,
        'It cannot be gone on from. Start a new run: its checks find what is left to do.',
      )
    const descriptor = openSync(path, APPEND)
    if (reading.state === 'torn') ftruncateSync(descriptor, reading.bytes)
    const { events, head, bytes } = reading
    const journal = journalOn({ path, descriptor, release, sequence: events.length, previous: head, bytes })
    return { journal, reading }
  } catch (error) {
    release()
    if (error instanceof Failure) throw error
    throw new Failure(
      EXIT.configuration,
      `the journal ${path} cannot be written: ${words(error)}`,
      'Free space or correct the folder’s owner and mode (0700), then resume the run.',
    )
  }
}

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW

interface Writer {
  readonly path: string
  readonly descriptor: number
  readonly release: () => void
  sequence: number
  previous: string
  /** Length of what is whole: a line of which only a part could be written is taken back. */
  bytes: number
}

function journalOn(writer: Writer): Journal {
  const { path, descriptor } = writer
  const evidence = new EvidenceWriter()
  let open = true
  return {
    path,
    append(event) {
      if (isTransient(event) || !open) return
      const sequence = writer.sequence + 1
      const body = JSON.stringify({
        v: JOURNAL_VERSION,
        seq: sequence,
        ...evidence.shortened(event),
        prev: writer.previous,
      })
      const hash = hashOf(body)
      const line = Buffer.from(`${body.slice(0, -1)},"h":"${hash}"}\n`)
      try {
        writeWhole(writer, line)
        if (SYNCED.has(event.type)) fdatasyncSync(descriptor)
      } catch (error) {
        takeBack(writer)
        throw new Failure(
          EXIT.configuration,
          `the journal ${path} could not be written: ${words(error)}`,
          'Free space on this machine, then resume the run.',
        )
      }
      evidence.remember(event, sequence)
      writer.sequence = sequence
      writer.previous = hash
      writer.bytes += line.length
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

/** On a full disk the kernel writes what fits and calls that a success. */
function writeWhole({ descriptor }: Writer, line: Buffer): void {
  for (let done = 0; done < line.length; ) {
    const written = writeSync(descriptor, line, done)
    if (written === 0) throw Object.assign(new Error('nothing more could be written'), { code: 'ENOSPC' })
    done += written
  }
}

function takeBack({ descriptor, bytes }: Writer): void {
  try {
    ftruncateSync(descriptor, bytes)
  } catch {
    // What stays is a line that a crash could have left, too: reading leaves it out.
  }
}

export interface JournalReading {
  readonly events: readonly RunEvent[]
  readonly head: string
  /** The hash of every line that holds. */
  readonly hashes: readonly string[]
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
    text = readRegularFile(path)
  } catch (error) {
    throw new Failure(EXIT.configuration, `the journal ${path} cannot be read: ${words(error)}`)
  }
  const events: RunEvent[] = []
  const linked: Linked[] = []
  const hashes: string[] = []
  let head = ''
  let bytes = 0
  const lines = text.split('\n')
  // What follows the last newline is either nothing, or the beginning of a line that a crash cut off.
  const rest = lines.pop() ?? ''
  for (const line of lines) {
    const next = link(line, head, linked)
    const event = next && RunEvent.safeParse(next.fields)
    if (next === undefined || !event?.success)
      return { events, head, hashes, bytes, state: 'broken', line: events.length + 1 }
    linked.push(next)
    events.push(event.data)
    head = next.hash
    hashes.push(head)
    bytes += Buffer.byteLength(line) + 1
  }
  if (rest !== '') return { events, head, hashes, bytes, state: 'torn', line: events.length + 1 }
  return { events, head, hashes, bytes, state: 'whole' }
}

/**
 * The events of one journal that are wanted: for whoever looks for one thing in many journals. The whole chain
 * is held against its hashes, as in `readJournal`; what is not wanted is not looked into.
 *
 * @returns null when the journal is not whole.
 * @throws Failure (78) when it cannot be read or is of a newer format; an Error when what is wanted is no event.
 */
export function lookUp(
  path: string,
  isWanted: (fields: Readonly<Record<string, unknown>>) => boolean,
): RunEvent[] | null {
  const lines = readRegularFile(path).split('\n')
  if (lines.pop() !== '') return null
  const linked: Linked[] = []
  for (const line of lines) {
    const next = link(line, linked.at(-1)?.hash ?? '', linked)
    if (next === undefined) return null
    linked.push(next)
  }
  return linked.filter(({ fields }) => isWanted(fields)).map(({ fields }) => RunEvent.parse(fields))
}

/** A line that is linked to the one before it. */
interface Linked {
  readonly fields: Record<string, unknown>
  readonly hash: string
}

/** @param earlier what the lines before it hold, for the evidence that it names; undefined when it is not what was written. */
function link(line: string, previous: string, earlier: readonly Linked[]): Linked | undefined {
  const match = /^(\{.*),"h":"([0-9a-f]{64})"\}$/.exec(line)
  const [, start, hash] = match ?? []
  if (start === undefined || hash === undefined || hashOf(`${start}}`) !== hash) return undefined
  const fieldsOf = jsonObject(`${start}}`)
  if (fieldsOf === undefined) return undefined
  const { v, seq, prev, ...fields } = fieldsOf
  if (!READABLE_VERSIONS.includes(v))
    throw new Failure(
      EXIT.configuration,
      `the journal was written in format ${v}; this Kneeboard reads format ${JOURNAL_VERSION}`,
      'Use the version of Kneeboard that wrote it.',
    )
  if (prev !== previous || seq !== earlier.length + 1) return undefined
  const whole = withEvidence(fields, line => earlier[line - 1]?.fields)
  return whole === undefined ? undefined : { fields: whole, hash }
}

/** A line may bear its own right hash and still be no JSON: anybody can compute one. */
function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
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
    ELOOP: 'it is a link',
    EDQUOT: 'the quota is used up',
  }
  return known[code ?? ''] ?? (error as Error).message
}
