/** A named change that would mend a failed check. It never runs by itself: it makes a plan, which is shown. */

import type { z } from 'zod'
import type { Action } from './action.ts'
import type { ProbeContext } from './check.ts'
import type { Script } from './script.ts'

/**
 * How much consent a change needs. `reversible`: can be undone by what the plan says, interrupts nothing (one
 * key). `disruptive`: something is interrupted or hard to undo (`y`). `destructive`: data or access can be lost
 * for good (the target's or database's name is typed).
 */
export type Grade = 'reversible' | 'disruptive' | 'destructive'

/**
 * A revert that the server itself carries out unless it is called off: armed before the first action of a
 * change that could lock the operator out, called off only after a second, fresh login has worked.
 */
export interface Guard {
  /** Puts the old state back. Runs on the server as root, without us, and may run after a reboot. */
  readonly revert: Script
  /** Seconds until it fires, 30 to 900. Long enough for the actions and one fresh login. */
  readonly afterSeconds: number
  /** The user whose fresh login calls it off; default: the one of the connection at hand, which may be shut out on purpose. */
  readonly provenBy?: string
}

/** What one remedy would do to this server now: data, so that what is shown is what runs. */
export interface RemedyPlan {
  readonly actions: readonly Action[]
  /** What is touched: hosts, files, services, containers. One short line each. */
  readonly touches: readonly string[]
  /** What stops working meanwhile, and for how long; left out when nothing does. */
  readonly interrupts?: string
  /** How to go back, as a sentence with the command in it; or why there is no way back. */
  readonly undo: string
  /** Seconds it usually takes. */
  readonly expectedSeconds?: number
  /** Present on everything that could cut the operator off: sshd, firewall, network. */
  readonly guard?: Guard
  /** A higher grade than the remedy's own, when this server makes it so (containers run that would stop). */
  readonly grade?: Grade
}

export interface Remedy<P> {
  /** `area/what-it-does`, unique. */
  readonly id: string
  /** An imperative: "Turn password login off". */
  readonly title: string
  /** Why this mends it, as to a colleague at three in the morning. */
  readonly why: string
  /** What could go wrong, and what is done so that it does not. */
  readonly risk: string
  readonly grade: Grade
  readonly params: z.ZodType<P>
  /**
   * Reads the server (never changes it) and returns what would be done.
   *
   * @throws Unreadable when the server's state does not allow a safe plan; the message is shown.
   */
  plan(context: ProbeContext<P>): Promise<RemedyPlan>
}

/** A remedy whose parameters are no longer known by type: its own schema parses them when it plans. */
export type AnyRemedy = Remedy<object>

/** Defines a remedy; the parameter schema gives `plan` its types. */
export function remedy<P extends object>(definition: Remedy<P>): Remedy<P> {
  return definition
}
