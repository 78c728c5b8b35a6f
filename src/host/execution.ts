/** One command on its way through a lane, from the queue to its result. */

import type { Ending } from '../model/command.ts'
import { Capture } from './capture.ts'

export interface Outcome {
  readonly ending: Ending
  readonly exitCode: number | null
  readonly reason?: string
}

export interface ExecutionRequest {
  readonly script: string
  readonly limitSeconds: number
  readonly input?: string | undefined
  /** Another user than the lane's, which must be root's then. */
  readonly user?: string | undefined
  readonly onOutput?: ((text: string, stream: 'stdout' | 'stderr') => void) | undefined
}

export class Execution {
  readonly request: ExecutionRequest
  readonly stdout: Capture
  readonly stderr: Capture
  /** Settles once; never rejects. */
  readonly outcome: Promise<Outcome>
  /** When its begin mark arrived; undefined while it waits. Milliseconds since the epoch. */
  startedAt: number | undefined
  endedAt: number | undefined
  /** The process that its signals go to, once the lane has said so. */
  pid: number | undefined
  /** Why it is to be ended early. */
  cancelled: string | undefined
  #settle: (outcome: Outcome) => void = () => {}
  #settled = false

  constructor(request: ExecutionRequest) {
    this.request = request
    const { onOutput } = request
    this.stdout = new Capture(onOutput && (text => onOutput(text, 'stdout')))
    this.stderr = new Capture(onOutput && (text => onOutput(text, 'stderr')))
    this.outcome = new Promise(resolve => {
      this.#settle = resolve
    })
  }

  get settled(): boolean {
    return this.#settled
  }

  settle(outcome: Outcome): void {
    if (this.#settled) return
    this.#settled = true
    this.endedAt = Date.now()
    this.#settle(outcome)
  }
}
