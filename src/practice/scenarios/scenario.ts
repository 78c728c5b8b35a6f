/** A practice scenario: how the server is laid out, what is wrong with it, and why. */

import type { Task } from '../training/exercise.ts'
import type { World } from '../world/world.ts'
import type { ScenarioBrief } from './names.ts'

export interface Scenario extends ScenarioBrief {
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
  /** Remedies that are right too, although they do not mend it by themselves: they cost nothing. */
  readonly alsoRight?: readonly string[]
  /** Why it cannot be mended from here, as a sentence: then finding the cause is all that counts. */
  readonly outOfReach?: string
  /** At most three, from gentle to telling. */
  readonly hints?: readonly string[]
  /** From the root cause to what was seen, one link a line. */
  readonly debrief?: readonly string[]
  /** The shortest way from what was noticed to a server that works, one step a line. */
  readonly fastest?: readonly string[]
  /** What a surprise is: told in the end. */
  readonly reveals?: string
  /** Whether the site works again. */
  healthy?(world: World): Promise<boolean> | boolean
}

/** What of a scenario training works with. */
export function taskOf(scenario: Scenario): Task {
  const { name, title, briefing, runbook, cause, outOfReach, reveals } = scenario
  const { mends = [], alsoRight = [], hints = [], debrief = [], fastest = [] } = scenario
  return {
    name,
    title,
    briefing,
    runbook,
    ...(cause === undefined ? {} : { cause }),
    ...(outOfReach === undefined ? {} : { outOfReach }),
    ...(reveals === undefined ? {} : { reveals }),
    isBroken: scenario.healthy !== undefined,
    needed: [...mends, ...alsoRight],
    hints,
    chain: debrief,
    fastest,
  }
}
