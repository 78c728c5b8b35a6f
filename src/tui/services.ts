/**
 * What the screens need from the rest of the program, as types only: `src/cli` implements it. Screens draw
 * what comes back and send intents; they open no connection and read no file.
 */

import type { Operator } from '../engine/operator.ts'
import type { Counts } from '../engine/outcome.ts'
import type { RunState } from '../engine/state.ts'
import type { Prompter } from '../host/prompter.ts'
import type { PlannedStep, RunEvent, RunStatus, RunTarget } from '../model/event.ts'
import type { ExitCode } from '../model/failure.ts'
import type { Parameter } from '../model/runbook.ts'
import type { Environment, Target } from '../model/target.ts'

export interface LastRun {
  readonly runbook: string
  readonly status: RunStatus | 'interrupted'
  /** ISO 8601. */
  readonly at: string
  readonly counts: Counts
}

export interface TargetSummary {
  readonly target: Target
  readonly lastRun?: LastRun
}

/** A target as the form hands it over: every field has passed its schema. */
export interface TargetDraft {
  readonly name: string
  readonly environment: Environment
  readonly host: string
  readonly user?: string
  readonly port?: number
  readonly identity?: string
}

export interface RunbookSummary {
  readonly id: string
  readonly title: string
  readonly purpose: string
  readonly group: string
  /** Minutes a run usually takes with everything to be done. */
  readonly minutes: number
  readonly steps: number
  readonly checks: number
  readonly remedies: number
  readonly parameters: readonly Parameter[]
}

export interface RunSummary {
  readonly run: string
  readonly runbook: string
  readonly title: string
  readonly target: RunTarget
  /** ISO 8601. */
  readonly startedAt: string
  readonly finishedAt?: string
  readonly status: RunStatus | 'interrupted'
  /** One line, as `summarise` makes it. */
  readonly summary: string
  readonly journalPath?: string
}

export interface StartRequest {
  readonly runbook: string
  readonly target: Target
  readonly params: Readonly<Record<string, unknown>>
  readonly mode: 'run' | 'check'
}

export interface RunPorts {
  emit(event: RunEvent): void
  readonly operator: Operator
  readonly prompter: Prompter
  /** Aborted by the first Ctrl-C: finish what is being done, then stop. */
  readonly signal: AbortSignal
  /** Aborted by the second Ctrl-C: end what runs now. The screen waits a few seconds for `start` to settle. */
  readonly stopNow: AbortSignal
}

export interface RunOutcome {
  readonly status: RunStatus | 'interrupted'
  readonly exitCode: ExitCode
  /** Where the journal is; absent when the run ended before one was opened. */
  readonly journalPath?: string
  /** What ended the run early, in plain words, and what to do next. */
  readonly failure?: { readonly message: string; readonly next: string }
}

export interface Services {
  targets(): Promise<readonly TargetSummary[]>
  /** @throws Failure whose message the form shows. */
  addTarget(draft: TargetDraft): Promise<void>
  removeTarget(name: string): Promise<void>
  runbooks(): readonly RunbookSummary[]
  plan(runbook: string): readonly PlannedStep[]
  /** Runs to its end. Rejects only for our own mistakes: everything foreseen is an outcome. */
  start(request: StartRequest, ports: RunPorts): Promise<RunOutcome>
  /** Goes on with a run that was cut off; its journal says on which server and with which values. */
  resume(run: string, ports: RunPorts): Promise<RunOutcome>
  /** Newest first. */
  history(): Promise<readonly RunSummary[]>
  openRun(run: string): Promise<RunState>
}

export interface TuiOptions {
  readonly services: Services
  /** Straight into a runbook; without a target, home asks which one it is for. */
  readonly initial?: {
    readonly runbook?: string
    readonly target?: Target
    readonly params?: Readonly<Record<string, unknown>>
  }
  /** Draw with ASCII alone. */
  readonly ascii: boolean
  /** False: no colour at all (`NO_COLOR`); state is told by shape and word in any case. */
  readonly colour: boolean
  readonly version: string
}
