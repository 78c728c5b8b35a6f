/**
 * Work on a server that survives the connection. A job is started under an id that the caller has written down
 * before; starting it again only finds it, so a cut connection can neither lose it nor run it twice.
 */

import { setTimeout as pause } from 'node:timers/promises'
import { type RunAs, Unreadable } from '../model/command.ts'
import type { Machine } from '../model/machine.ts'
import type { Script } from '../model/script.ts'
import { checkedId, type Patience, runIdempotent } from './idempotent.ts'
import { type JobPoll, type JobState, parseJobState, parsePoll } from './job-answer.ts'
import {
  CLAIM_SECONDS,
  cleanScript,
  pollScript,
  startScript,
  stopScript,
  takeBackScript,
} from './job-script.ts'
import { STOP_GRACE_SECONDS } from './job-supervisor.ts'

export type { JobPoll, JobState } from './job-answer.ts'

/** A job by its name and by whose it is: jobs of `root` and `user:…` are kept apart from those of the login user. */
export interface JobName {
  readonly id: string
  readonly as: RunAs
}

export interface JobRequest extends JobName {
  readonly script: Script
  /** Seconds until its process group is ended, 1 to 86400. */
  readonly timeoutSeconds: number
  /** Bytes kept of its output from the start, 1024 to 16 MiB; the last 64 KiB are kept besides. Default 1 MiB. */
  readonly maxBytes?: number
}

/** `not-started` is a proof: its command has not run and will not, so another id may be tried. */
export type JobStarted =
  | { readonly state: 'started' | 'already-started' }
  | { readonly state: 'not-started'; readonly reason: string }

interface Output {
  /** Standard output and standard error in the order of their arrival, not sanitised, from the byte attached at. */
  readonly stdout: string
  /** The byte to attach at next. */
  readonly bytes: number
}

/** How an attachment ended. `detached`: its signal was aborted, and the job goes on. */
export type JobEnd =
  | { readonly state: 'absent' }
  | (Output & Extract<JobState, { state: 'done' }> & { readonly omittedBytes: number })
  | (Output & Extract<JobState, { state: 'lost' }>)
  | (Output & { readonly state: 'detached' })

export interface AttachOptions extends Patience {
  /** Gets decoded, not yet sanitised text as it arrives. */
  readonly onOutput?: ((text: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Where to begin; default 0, the whole output. */
  readonly fromByte?: number | undefined
}

/** Milliseconds between two looks at a running job: the first after new output, and the most after silence. */
const POLL_MS = { least: 250, most: 2000, growth: 1.5 } as const

/**
 * Starts a job, or finds it already started. Its environment is set explicitly and is the same with and without
 * systemd; its standard input is empty.
 *
 * @throws RangeError for an id, a user or a limit that is out of its range.
 * @throws Unreadable when the server gave no answer, so that it cannot be told whether the job runs: ask again.
 */
export async function startJob(
  machine: Machine,
  request: JobRequest,
  patience: Patience = {},
): Promise<JobStarted> {
  const { id, as, script, timeoutSeconds, maxBytes = 1_048_576 } = request
  checkedName(request)
  checkedRange('a job’s seconds', timeoutSeconds, 1, 86_400)
  checkedRange('a job’s bytes', maxBytes, 1024, 16 * 1_048_576)
  const start = startScript({
    id,
    as,
    script,
    timeoutSeconds: Math.ceil(timeoutSeconds),
    maxBytes: Math.floor(maxBytes),
  })
  const answer = await ask(machine, request, start, 'the job’s start', patience, CLAIM_SECONDS + 20)
  const [state = '', reason = ''] = /^(\S+) ?([\s\S]*)$/.exec(answer.trim())?.slice(1) ?? []
  if (state === 'started' || state === 'already-started') return { state }
  if (state === 'refused') return { state: 'not-started', reason }
  throw new Unreadable(`the job’s start could not be understood: ${answer.slice(0, 80)}`)
}

/**
 * One look at a job, and its output from a byte on (at most 256 KiB of it).
 *
 * @throws Unreadable when the server gave no answer.
 */
export async function pollJob(
  machine: Machine,
  name: JobName,
  fromByte: number,
  patience: Patience = {},
): Promise<JobPoll> {
  checkedName(name)
  checkedRange('an offset', fromByte, 0, Number.MAX_SAFE_INTEGER)
  return parsePoll(
    await ask(machine, name, pollScript(name.id, name.as, fromByte), 'the job’s state', patience),
  )
}

/**
 * Follows a job to its end, over as many connections as it takes; each byte of output is handed on once, in order.
 *
 * @throws Unreadable when the server's answers cannot be read; HostError when it did not come back in time. The
 *   job goes on all the same, and can be attached to again.
 */
export async function attachJob(
  machine: Machine,
  name: JobName,
  options: AttachOptions = {},
): Promise<JobEnd> {
  const { signal, onOutput } = options
  const output = new JobOutput(options.fromByte ?? 0, onOutput)
  let wait: number = POLL_MS.least
  let startingMs = 0
  for (;;) {
    if (signal?.aborted) return { state: 'detached', ...output.end() }
    const poll = await pollJob(machine, name, output.next, options)
    output.add(poll.bytes)
    const more = output.next < poll.size
    if (!more && poll.job.state !== 'running' && poll.job.state !== 'starting') return ended(poll, output)
    if (poll.job.state === 'starting' && startingMs > 2 * CLAIM_SECONDS * 1000)
      return takeBack(machine, name, output, options)
    if (more) continue
    wait = poll.bytes.length > 0 ? POLL_MS.least : wait
    startingMs = poll.job.state === 'starting' ? startingMs + wait : 0
    await pause(wait, undefined, signal ? { signal } : {}).catch(() => undefined)
    wait = Math.min(POLL_MS.most, wait * POLL_MS.growth)
  }
}

/**
 * Ends a job's process group: SIGTERM, 5 seconds, SIGKILL. Processes that left the group (daemons) stay.
 *
 * @returns where it stands then; `absent` when it had not begun, and now never will.
 */
export async function stopJob(machine: Machine, name: JobName, patience: Patience = {}): Promise<JobState> {
  checkedName(name)
  const seconds = STOP_GRACE_SECONDS * 4 + 10
  return parseJobState(
    await ask(machine, name, stopScript(name.id, name.as), 'the job’s end', patience, seconds),
  )
}

/** Removes what a job left on the server, unless it still runs. Only once the journal holds its result. */
export async function cleanJob(
  machine: Machine,
  name: JobName,
  patience: Patience = {},
): Promise<'cleaned' | 'running' | 'absent'> {
  checkedName(name)
  const answer = (await ask(machine, name, cleanScript(name.id, name.as), 'the job’s files', patience)).trim()
  if (answer === 'cleaned' || answer === 'running' || answer === 'absent') return answer
  throw new Unreadable(`the job’s files were not removed: ${answer.slice(0, 80)}`)
}

/** A supervisor that should have begun long ago: either it never can any more, or it died at its first step. */
async function takeBack(
  machine: Machine,
  name: JobName,
  output: JobOutput,
  patience: Patience,
): Promise<JobEnd> {
  const line = await ask(machine, name, takeBackScript(name.id, name.as), 'the job’s state', patience)
  const job = parseJobState(line)
  if (job.state === 'absent') return job
  if (job.state === 'starting')
    return { state: 'lost', reason: 'supervisor-killed', stillRunning: false, ...output.end() }
  return attachJob(machine, name, { ...patience, fromByte: output.next })
}

function ended(poll: JobPoll, output: JobOutput): JobEnd {
  const { job } = poll
  if (job.state === 'done') {
    const omittedBytes = poll.total - poll.size - poll.tail.length
    output.addTail(poll.tail, omittedBytes)
    return { ...job, omittedBytes, ...output.end() }
  }
  return job.state === 'lost' ? { ...job, ...output.end() } : { state: 'absent' }
}

/** The output as it arrives: characters may be cut between two answers, bytes never are. */
class JobOutput {
  next: number
  #text = ''
  readonly #decoder = new TextDecoder()
  readonly #onOutput: ((text: string) => void) | undefined

  constructor(fromByte: number, onOutput: ((text: string) => void) | undefined) {
    this.next = fromByte
    this.#onOutput = onOutput
  }

  add(bytes: Buffer): void {
    this.next += bytes.length
    this.#keep(this.#decoder.decode(bytes, { stream: true }))
  }

  addTail(tail: Buffer, omittedBytes: number): void {
    if (tail.length === 0) return
    const gap = omittedBytes > 0 ? `\n[${omittedBytes} bytes left out here]\n` : ''
    this.#keep(this.#decoder.decode() + gap + new TextDecoder().decode(tail))
  }

  end(): Output {
    this.#keep(this.#decoder.decode())
    return { stdout: this.#text, bytes: this.next }
  }

  #keep(text: string): void {
    if (text === '') return
    this.#text += text
    this.#onOutput?.(text)
  }
}

function ask(
  machine: Machine,
  name: JobName,
  script: Script,
  what: string,
  patience: Patience,
  timeoutSeconds = 30,
): Promise<string> {
  return runIdempotent(machine, script, what, {
    ...patience,
    as: name.as === 'login' ? 'login' : 'root',
    timeoutSeconds,
  })
}

function checkedName({ id, as }: JobName): void {
  checkedId(id)
  if (!/^(login|root|user:[a-z_][a-z0-9_-]*)$/.test(as))
    throw new RangeError(`not somebody to run a job as: ${as.slice(0, 80)}`)
}

function checkedRange(what: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most))
    throw new RangeError(`${what} must be from ${least} to ${most}, not ${value}`)
}
