/** A practice scenario: how the server is laid out, what is wrong with it, and why. */

import type { World } from '../world/world.ts'

export interface Scenario {
  /** What is typed after `kneeboard practice` and `-t practice:`. */
  readonly name: string
  readonly title: string
  /** What an operator is told: what was seen, not what it is. */
  readonly briefing: string
  /** The server before anything went wrong. */
  readonly base: 'bare' | 'shop'
  /** The runbook that it trains. */
  readonly runbook: string
  /** Breaks it. */
  inject?(world: World): Promise<void> | void
  /** The check whose failure names the cause; for training. */
  readonly cause?: string
  /** Remedies that mend it. */
  readonly mends?: readonly string[]
  readonly hints?: readonly string[]
  /** From the root cause to what was seen, one link a line. */
  readonly debrief?: readonly string[]
  /** Whether the site works again. */
  healthy?(world: World): Promise<boolean> | boolean
}
