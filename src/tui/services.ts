/**
 * What the screens need from the rest of the program, as types only: `src/cli` implements it. Screens draw
 * what comes back and send intents; they open no connection and read no file.
 */

import type { Discovered } from '../engine/discover.ts'
import type { Intents } from '../engine/intents.ts'
import type { Operator } from '../engine/operator.ts'
import type { Counts } from '../engine/outcome.ts'
import type { RunState } from '../engine/state.ts'
import type { Prompter } from '../host/prompter.ts'
import type { PlannedStep, RunEvent, RunStatus, RunTarget } from '../model/event.ts'
import type { ExitCode } from '../model/failure.ts'
import type { Figure } from '../model/figure.ts'
import type { Parameter } from '../model/runbook.ts'
import type { Environment, Target } from '../model/target.ts'
import type { Training } from '../practice/training/desk.ts'
import type { Exercise } from '../practice/training/exercise.ts'

export interface LastRun {
  readonly runbook: string
  readonly status: RunStatus | 'interrupted'
  /** ISO 8601. */
  readonly at: string
  readonly counts: Counts
}

/** Something that will have to be done on a server, on a day that is still to come. */
export interface Upcoming {
  readonly title: string
  /** ISO 8601. */
  readonly at: string
  /** The runbook to walk then. */
  readonly runbook: string
}

export interface TargetSummary {
  readonly target: Target
  readonly lastRun?: LastRun
  /** The next first. */
  readonly upcoming?: readonly Upcoming[]
}

/** A target as the form hands it over: every field has passed its schema. */
export interface TargetDraft {
  readonly name: string
  readonly environment: Environment
  readonly host: string
  readonly user?: string
  readonly port?: number
  readonly identity?: string
  /** `SHA256:…` of the one host key to accept. */
  readonly hostKey?: string
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
  /** Names of the parameters that the server itself can be asked about. */
  readonly discoverable: readonly string[]
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
  readonly counts?: Counts
  /** Numbers that its checks measured, to be compared with those of other runs. */
  readonly figures?: readonly Figure[]
}

/** Something that waits for the operator; the home screen shows it above the servers. */
export interface DueItem {
  readonly id: string
  /** `resume`: a run that was cut off. The others name a runbook to walk. */
  readonly kind: 'resume' | 'runbook'
  readonly target: RunTarget
  /** What it is about: "Set up a server was cut off". */
  readonly title: string
  /** Why it is due and what Enter does, in a sentence or two. */
  readonly words: string
  /** Since when, ISO 8601. */
  readonly since: string
  /** The run to go on with, or the runbook to walk. */
  readonly subject: string
}

/** What trying a server's connection found out. */
export interface ConnectionReport {
  /** `user@host`. */
  readonly where: string
  /** `SHA256:…`; empty without SSH. */
  readonly hostKey: string
  readonly authenticatedBy: string
  /** Name and version of its operating system. */
  readonly system: string
  /** Whether remedies can become root there; why not, as a sentence, where they cannot. */
  readonly root: { readonly works: true } | { readonly works: false; readonly why: string }
  readonly milliseconds: number
}

/** A look at a server for values of a runbook's parameters. */
export interface LookRequest {
  readonly target: Target
  readonly runbook: string
  /** The form's values so far: what one field says may decide what another can be. */
  readonly params: Readonly<Record<string, string>>
}

export interface ConnectionPorts {
  readonly prompter: Prompter
  readonly signal: AbortSignal
}

/** What a run can be exported as. */
export const EXPORTS = ['markdown', 'html', 'json', 'jsonl', 'plain'] as const
export type ExportFormat = (typeof EXPORTS)[number]

export interface StartRequest {
  readonly runbook: string
  readonly target: Target
  readonly params: Readonly<Record<string, unknown>>
  readonly mode: 'run' | 'check'
}

export interface RunPorts {
  emit(event: RunEvent): void
  readonly operator: Operator
  /** What the operator says unasked: notes, skips, hold, look again. */
  readonly intents: Intents
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
  /** Practising on the built-in server; left out where there is none. */
  readonly training?: Training
  runbooks(): readonly RunbookSummary[]
  plan(runbook: string): readonly PlannedStep[]
  /** Runs to its end. Rejects only for our own mistakes: everything foreseen is an outcome. */
  start(request: StartRequest, ports: RunPorts): Promise<RunOutcome>
  /** Goes on with a run that was cut off; its journal says on which server and with which values. */
  resume(run: string, ports: RunPorts): Promise<RunOutcome>
  /** Newest first. */
  history(): Promise<readonly RunSummary[]>
  openRun(run: string): Promise<RunState>
  /** What waits for the operator, the most pressing first. */
  due(): Promise<readonly DueItem[]>
  /** Hosts of the OpenSSH client configuration that are not stored yet. @throws Failure */
  sshHosts(): Promise<readonly string[]>
  /** Connects, looks, and leaves. @throws Failure whose message and next step are shown. */
  tryConnection(target: TargetDraft, ports: ConnectionPorts): Promise<ConnectionReport>
  /** Asks the server about a runbook's parameters, and changes nothing. @throws Failure whose message and next step are shown. */
  look(request: LookRequest, ports: ConnectionPorts): Promise<Discovered>
  /** An interactive shell on the server, in the terminal that it is given meanwhile. @throws Failure */
  openShell(target: Target): Promise<void>
  /** Writes a run into a file of the working directory. @returns its path. @throws Failure */
  exportRun(run: string, format: ExportFormat): Promise<string>
}

/** Where the screens open. */
export interface Initial {
  /** Straight into a runbook; without a target, home asks which one it is for. */
  readonly runbook?: string
  readonly target?: Target
  readonly params?: Readonly<Record<string, unknown>>
  /** At the scenarios to practise, or in one that has begun. */
  readonly practice?: { readonly exercise?: Exercise }
}

/** What the screens work with: loaded after the first frame, because most of the program hangs on it. */
export interface TuiProgram {
  readonly services: Services
  readonly initial?: Initial | undefined
}

export interface TuiOptions {
  /** @throws Failure for what makes it impossible to begin, a broken configuration say; `startTui` throws it on. */
  readonly program: () => Promise<TuiProgram>
  /** Draw with ASCII alone. */
  readonly ascii: boolean
  /** False: no colour at all (`NO_COLOR`); state is told by shape and word in any case. */
  readonly colour: boolean
  /** False: nothing moves by itself. Default true. */
  readonly motion?: boolean
  /** Linear text for a screen reader, on the normal screen. Default false. */
  readonly linear?: boolean
  /** Ring when the operator is needed and has looked away. Default true. */
  readonly bell?: boolean
  readonly version: string
}
