/**
 * A lane: one long-lived `sh -s` that is fed framed commands, several ahead where the line is slow. It knows
 * which output belongs to which command, and what is to be said of each when the shell goes away.
 */

import { randomBytes } from 'node:crypto'
import type { Channel } from './channel.ts'
import type { Execution } from './execution.ts'
import { FrameParser } from './frames.ts'
import { framedCommand, KILL_AFTER_SECONDS, type LaneUser, prelude } from './lane-script.ts'

/** Seconds for the shell to say that it is ready. */
const READY_SECONDS = 20
/** Seconds past a command's own limit after which the lane is given up: the server did not end it. */
const GRACE_SECONDS = 8
/** A command with a longer limit than this may be slow: nothing is queued behind it. */
const QUICK_SECONDS = 30

export interface LaneEvents {
  /** A command was settled: there is room. */
  room(): void
  /** A cancelled command has said its process id. */
  endable(execution: Execution): void
  /** The shell is gone. `returned` have certainly not begun: they can run elsewhere. */
  gone(returned: readonly Execution[]): void
}

interface Flight {
  readonly id: number
  readonly execution: Execution
  exitCode: number | undefined
  stderrEnded: boolean
  noSuchUser: boolean
  watch: NodeJS.Timeout | undefined
}

export class Lane {
  readonly #channel: Channel
  readonly #events: LaneEvents
  readonly #nonce = randomBytes(16).toString('hex')
  readonly #flights: Flight[] = []
  readonly #noise: string[] = []
  readonly #out: FrameParser
  readonly #err: FrameParser
  #outAt: number | undefined
  #errAt: number | undefined
  #nextId = 1
  #ready: { resolve: (uid: number) => void; reject: (error: Error) => void } | undefined
  #isReady = false
  #closed = false
  /** Why the lane was ended by us or by the loss of its connection. */
  #lostBecause: string | undefined

  constructor(channel: Channel, events: LaneEvents) {
    this.#channel = channel
    this.#events = events
    this.#out = new FrameParser(this.#nonce, {
      data: bytes => this.#data(bytes, 'stdout'),
      mark: words => this.#stdoutMark(words),
    })
    this.#err = new FrameParser(this.#nonce, {
      data: bytes => this.#data(bytes, 'stderr'),
      mark: words => this.#stderrMark(words),
    })
  }

  /**
   * Sets the shell up. What is sent meanwhile waits in the channel behind that.
   *
   * @returns the user id it runs as.
   * @throws Error with a sentence when no usable shell answers.
   */
  async start(user: LaneUser): Promise<number> {
    const ready = new Promise<number>((resolve, reject) => {
      this.#ready = { resolve, reject }
    })
    const tooLate = setTimeout(() => this.close('no shell answered within 20 seconds'), READY_SECONDS * 1000)
    this.#channel.listen({
      stdout: chunk => this.#out.feed(chunk),
      stderr: chunk => this.#err.feed(chunk),
      closed: () => this.#onClosed(),
    })
    this.#channel.write(prelude(this.#nonce, user))
    try {
      return await ready
    } finally {
      clearTimeout(tooLate)
      this.#ready = undefined
    }
  }

  /** Whether the shell has said that it is set up. */
  get isReady(): boolean {
    return this.#isReady
  }

  get closed(): boolean {
    return this.#closed
  }

  get inFlight(): number {
    return this.#flights.length
  }

  /** Whether one more command may be sent, with at most `depth` under way. */
  accepts(depth: number): boolean {
    if (this.#closed) return false
    if (this.#flights.length === 0) return true
    return (
      this.#flights.length < depth &&
      this.#flights.every(({ execution }) => execution.request.limitSeconds <= QUICK_SECONDS)
    )
  }

  holds(execution: Execution): boolean {
    return this.#flights.some(flight => flight.execution === execution)
  }

  send(execution: Execution): void {
    const flight: Flight = {
      id: this.#nextId++,
      execution,
      exitCode: undefined,
      stderrEnded: false,
      noSuchUser: false,
      watch: undefined,
    }
    this.#flights.push(flight)
    this.#channel.write(framedCommand(this.#nonce, { ...execution.request, id: flight.id }))
  }

  /** Ends the shell; what is under way is lost for the reason given. */
  close(reason = 'its shell was closed'): void {
    this.#lostBecause ??= reason
    this.#channel.end()
    this.#channel.close()
    this.#onClosed()
  }

  #data(bytes: Buffer, stream: 'stdout' | 'stderr'): void {
    const id = stream === 'stdout' ? this.#outAt : this.#errAt
    const flight = id === undefined ? undefined : this.#flights.find(candidate => candidate.id === id)
    if (flight) flight.execution[stream].add(bytes)
    // What comes between two commands is login noise, or a process that outlived its command: no evidence of any.
    else if (this.#ready && this.#noise.length < 20) this.#noise.push(bytes.subarray(0, 500).toString('utf8'))
  }

  #stdoutMark([word, first, second, third]: readonly string[]): void {
    if (word === 'ready') this.#onReady(Number(second), third === 'timeout')
    const flight = this.#flights.find(({ id }) => id === Number(first))
    if (!flight) return
    if (word === 'begin') {
      this.#outAt = flight.id
      flight.execution.startedAt = Date.now()
      const limit = flight.execution.request.limitSeconds + KILL_AFTER_SECONDS + GRACE_SECONDS
      flight.watch = setTimeout(() => this.#stuck(flight), limit * 1000)
    } else if (word === 'nouser') {
      flight.noSuchUser = true
    } else if (word === 'pid') {
      flight.execution.pid = Number(second)
      if (flight.execution.cancelled !== undefined) this.#events.endable(flight.execution)
    } else if (word === 'end') {
      const exitCode = Number(second)
      // A shell says 0 to 255. Whoever says something else has ended nothing: the time limit decides.
      if (!Number.isInteger(exitCode) || exitCode < 0 || exitCode > 255) return
      this.#outAt = undefined
      flight.exitCode = exitCode
      this.#finish(flight)
    }
  }

  #stderrMark([word, first]: readonly string[]): void {
    const flight = this.#flights.find(({ id }) => id === Number(first))
    if (!flight) return
    this.#errAt = word === 'begin' ? flight.id : undefined
    if (word !== 'end') return
    flight.stderrEnded = true
    this.#finish(flight)
  }

  #onReady(uid: number, hasTimeout: boolean): void {
    if (hasTimeout) {
      this.#isReady = true
      this.#ready?.resolve(uid)
    } else
      this.#unusable(
        'the server lacks timeout(1) (package coreutils), so no command could be given a time limit',
      )
  }

  #finish(flight: Flight): void {
    if (flight.exitCode === undefined || !flight.stderrEnded) return
    clearTimeout(flight.watch)
    this.#flights.splice(this.#flights.indexOf(flight), 1)
    const { execution, exitCode } = flight
    const { limitSeconds } = execution.request
    const ranMs = Date.now() - (execution.startedAt ?? Date.now())
    // timeout(1): 124 after TERM, 137 after KILL. A script may exit so by itself, but hardly at its limit.
    const stopped = (exitCode === 124 || exitCode === 137) && ranMs >= limitSeconds * 900
    if (flight.noSuchUser) {
      const reason = `there is no user ${execution.request.user}`
      execution.settle({ ending: 'not-run', exitCode: null, reason })
    } else if (execution.cancelled !== undefined) {
      execution.settle({ ending: 'lost', exitCode: null, reason: execution.cancelled })
    } else if (stopped) {
      const reason = `it was stopped after its time limit of ${limitSeconds} s`
      execution.settle({ ending: 'timed-out', exitCode: null, reason })
    } else {
      execution.settle({ ending: 'exited', exitCode })
    }
    this.#events.room()
  }

  #stuck(flight: Flight): void {
    const reason = `it passed its time limit of ${flight.execution.request.limitSeconds} s and could not be ended`
    flight.execution.settle({ ending: 'timed-out', exitCode: null, reason })
    this.close('the command before it hung its shell')
  }

  /** What was sent cannot have begun: it would have needed what is missing. */
  #unusable(sentence: string): void {
    this.#notReady(sentence)
    this.#channel.end()
    this.#channel.close()
    this.#onClosed()
  }

  #notReady(sentence: string): void {
    const said = this.#noise.join('').trim().split('\n')[0]?.slice(0, 200)
    this.#ready?.reject(new Error(said ? `${sentence} (it said: ${said})` : sentence))
  }

  #onClosed(): void {
    if (this.#closed) return
    this.#closed = true
    this.#out.finish()
    this.#err.finish()
    this.#notReady(this.#lostBecause ?? 'the account gives no shell to run commands in')
    const returned: Execution[] = []
    for (const { execution, watch } of this.#flights.splice(0)) {
      clearTimeout(watch)
      const hasNotBegun = execution.startedAt === undefined && this.#lostBecause === undefined
      if (hasNotBegun && execution.cancelled !== undefined)
        execution.settle({ ending: 'not-run', exitCode: null, reason: execution.cancelled })
      else if (hasNotBegun) returned.push(execution)
      else execution.settle({ ending: 'lost', exitCode: null, reason: this.#reasonOfLoss(execution) })
    }
    this.#events.gone(returned)
  }

  #reasonOfLoss(execution: Execution): string {
    return execution.cancelled ?? this.#lostBecause ?? 'the shell it ran in was ended before it could answer'
  }
}
