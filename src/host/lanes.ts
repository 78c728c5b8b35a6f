/**
 * The pool of lanes on one connection. A lane belongs to one user; commands wait in one queue and go to the
 * first lane of their user that has room. When the server allows fewer channels than wanted, lanes take turns.
 *
 * A lane of the login takes commands before it has said that it is ready, so that its first one does not wait a round
 * trip for that: its shell is the login's, whatever it answers. Root's is asked first whose it is.
 */

import type { Channel } from './channel.ts'
import { ChannelRefused } from './channel.ts'
import { Execution, type Outcome } from './execution.ts'
import { Lane } from './lane.ts'
import { endProcess, type LaneUser } from './lane-script.ts'
import { RootRefused } from './sudo.ts'

/** Channels at most. From 7 up, sshd with its MaxSessions of 10 refuses at random (ssh.md §0.3). */
const MAX_LANES = 4
/** How often a refused first channel is tried again: sshd frees a slot late. */
const REFUSED_RETRIES = 8

export interface LanesOptions {
  /**
   * Opens a shell that reads its commands from standard input.
   *
   * @throws ChannelRefused when the server allows no further channel; Error with a sentence otherwise.
   */
  readonly openShell: (user: LaneUser) => Promise<Channel>
  /** How many commands may be under way in one lane; more than one only pays on a slow line. */
  readonly depth: number
  readonly maxLanes?: number
}

interface Waiting {
  readonly user: LaneUser
  readonly execution: Execution
}

export class Lanes {
  readonly #options: LanesOptions
  readonly #lanes = new Map<Lane, LaneUser>()
  readonly #opening = new Map<LaneUser, number>()
  readonly #refusals = new Map<LaneUser, string>()
  #queue: Waiting[] = []
  #limit: number
  #gone: string | undefined

  constructor(options: LanesOptions) {
    this.#options = options
    this.#limit = options.maxLanes ?? MAX_LANES
  }

  submit(user: LaneUser, execution: Execution): Promise<Outcome> {
    this.#queue.push({ user, execution })
    this.#dispatch()
    return execution.outcome
  }

  /** Ends a command early: out of the queue, or its process group on the server. */
  cancel(execution: Execution, reason: string): void {
    const waiting = this.#queue.find(entry => entry.execution === execution)
    if (waiting) {
      this.#queue = this.#queue.filter(entry => entry !== waiting)
      execution.settle({ ending: 'not-run', exitCode: null, reason })
      return
    }
    execution.cancelled = reason
    if (execution.pid !== undefined) void this.#endRemotely(execution)
  }

  /** The connection is gone, or is being closed: nothing more will run here. */
  close(reason: string): void {
    this.#gone ??= reason
    for (const { execution } of this.#queue.splice(0)) {
      execution.settle({ ending: 'not-run', exitCode: null, reason })
    }
    for (const lane of [...this.#lanes.keys()]) lane.close(reason)
  }

  #dispatch(): void {
    const gone = this.#gone
    if (gone !== undefined) {
      this.close(gone)
      return
    }
    const waiting = this.#queue.splice(0)
    const wanted = new Map<LaneUser, number>()
    let held = false
    for (const entry of waiting) {
      const refusal = this.#refusals.get(entry.user)
      if (refusal !== undefined) {
        entry.execution.settle({ ending: 'not-run', exitCode: null, reason: refusal })
      } else if (held || !this.#send(entry, wanted)) {
        this.#queue.push(entry)
        held ||= this.#starves(entry.user)
      }
    }
  }

  #send({ user, execution }: Waiting, wanted: Map<LaneUser, number>): boolean {
    const own = [...this.#lanes].filter(([, owner]) => owner === user).map(([lane]) => lane)
    const idle = own.find(lane => lane.accepts(1))
    if (idle) {
      idle.send(execution)
      return true
    }
    const alreadyWanted = wanted.get(user) ?? 0
    wanted.set(user, alreadyWanted + 1)
    if (alreadyWanted < (this.#opening.get(user) ?? 0)) return false
    if (this.#total() < this.#limit) {
      void this.#open(user)
      return false
    }
    const roomy = own
      .filter(lane => lane.accepts(this.#options.depth))
      .sort((a, b) => a.inFlight - b.inFlight)[0]
    roomy?.send(execution)
    return roomy !== undefined
  }

  /** Whether a user has no lane and cannot get one: then an idle lane of another user makes room. */
  #starves(user: LaneUser): boolean {
    if (this.#opening.has(user) || [...this.#lanes.values()].includes(user)) return false
    if (this.#total() < this.#limit) return false
    const idle = [...this.#lanes.keys()].find(lane => lane.isReady && lane.inFlight === 0)
    idle?.close()
    return true
  }

  #total(): number {
    return this.#lanes.size + [...this.#opening.values()].reduce((sum, count) => sum + count, 0)
  }

  async #open(user: LaneUser): Promise<void> {
    this.#opening.set(user, (this.#opening.get(user) ?? 0) + 1)
    try {
      await this.#openLane(user)
    } catch (error) {
      this.#notOpened(user, error)
    } finally {
      const left = (this.#opening.get(user) ?? 1) - 1
      if (left === 0) this.#opening.delete(user)
      else this.#opening.set(user, left)
      this.#dispatch()
    }
  }

  #notOpened(user: LaneUser, error: unknown): void {
    // With a lane of that user, or one that can make room, what there is has to do.
    const enough =
      this.#has(user, ({ isReady }) => isReady) || (error instanceof ChannelRefused && this.#lanes.size > 0)
    if (enough) this.#limit = Math.max(1, this.#lanes.size)
    // One that is still being set up may do better, and is no reason to make do with fewer.
    else if (!this.#has(user)) this.#refuse(user, error)
  }

  #has(user: LaneUser, which: (lane: Lane) => boolean = () => true): boolean {
    return [...this.#lanes].some(([lane, owner]) => owner === user && which(lane))
  }

  #refuse(user: LaneUser, error: unknown): void {
    const said = error instanceof Error ? error.message : String(error)
    const reason =
      error instanceof ChannelRefused ? `the server opens no session on this connection (${said})` : said
    if (error instanceof RootRefused) this.#refusals.set(user, reason)
    for (const { execution } of this.#queue.filter(entry => entry.user === user)) {
      execution.settle({ ending: 'not-run', exitCode: null, reason })
    }
    this.#queue = this.#queue.filter(entry => entry.user !== user)
  }

  async #openLane(user: LaneUser): Promise<void> {
    const channel = await this.#openChannel(user)
    const lane = new Lane(channel, {
      room: () => this.#dispatch(),
      endable: execution => void this.#endRemotely(execution),
      gone: returned => this.#laneGone(lane, returned),
    })
    if (this.#gone !== undefined) return lane.close(this.#gone)
    if (user === 'login') return this.#take(lane)
    const uid = await lane.start(user)
    if (uid !== 0) {
      lane.close()
      throw new Error(`the shell that sudo gave is not root’s but that of user id ${uid}`)
    }
    if (this.#gone !== undefined) return lane.close(this.#gone)
    if (!lane.closed) this.#lanes.set(lane, user)
  }

  /** Has a lane of the login at work at once; should no shell answer in it, others get what it was given. */
  #take(lane: Lane): void {
    this.#lanes.set(lane, 'login')
    lane
      .start('login')
      .catch(error => this.#notOpened('login', error))
      .finally(() => this.#dispatch())
  }

  async #openChannel(user: LaneUser): Promise<Channel> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#options.openShell(user)
      } catch (error) {
        const alone = this.#lanes.size === 0
        if (!(error instanceof ChannelRefused) || !alone || attempt > REFUSED_RETRIES) throw error
        await new Promise(resolve => setTimeout(resolve, 50 * attempt))
      }
    }
  }

  #laneGone(lane: Lane, returned: readonly Execution[]): void {
    const user = this.#lanes.get(lane)
    this.#lanes.delete(lane)
    if (user !== undefined) this.#queue.unshift(...returned.map(execution => ({ user, execution })))
    // What becomes of one that was never ready is decided where it was started.
    if (lane.isReady) this.#dispatch()
  }

  /** Sends the signal through another lane of the same user, or one opened for it. */
  async #endRemotely(execution: Execution): Promise<void> {
    const { pid } = execution
    const running = [...this.#lanes].find(([lane]) => lane.holds(execution))
    if (pid === undefined || !running) return
    const [, user] = running
    const killer = new Execution({ script: endProcess(pid), limitSeconds: 10 })
    const other = [...this.#lanes].find(
      ([lane, owner]) => owner === user && !lane.holds(execution) && lane.accepts(this.#options.depth),
    )
    if (other) return other[0].send(killer)
    // Our own limit may be full while the server's is not; if it refuses, the command's time limit ends it.
    await this.#openLane(user).catch(() => {})
    const opened = [...this.#lanes].find(
      ([lane, owner]) => owner === user && !lane.holds(execution) && lane.accepts(1),
    )
    opened?.[0].send(killer)
  }
}
