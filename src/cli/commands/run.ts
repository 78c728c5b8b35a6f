/** `run` and `check`: into the screens with a terminal, else printed. */

import { writeFileSync } from 'node:fs'
import { openPlaces } from '../../config/places.ts'
import { readPolicy } from '../../config/policy.ts'
import { readPreferences } from '../../config/preferences.ts'
import { openTargets } from '../../config/targets.ts'
import { headlessOperator } from '../../engine/headless.ts'
import { resolveParameters } from '../../engine/parameters.ts'
import { exitCodeOf } from '../../engine/run.ts'
import type { RunState } from '../../engine/state.ts'
import { refusingPrompter } from '../../host/prompter.ts'
import { isTransient, type RunEvent } from '../../model/event.ts'
import { EXIT, type ExitCode, Failure } from '../../model/failure.ts'
import { checksOf, parametersOf, type Runbook } from '../../model/runbook.ts'
import { ASCII_MARKS, isEmpty, progressLine, UNICODE_MARKS } from '../../report/plain.ts'
import { newestUnfinished, openStoredRun } from '../history.ts'
import { untilStopped } from '../interruption.ts'
import type { Io } from '../io.ts'
import type { ResumeOptions, RunOptions } from '../options.ts'
import { renderState } from '../render-run.ts'
import { continueRun, type RunSetting, type StartedRun, startRun } from '../start-run.ts'
import { whichChecks, whichRunbook } from '../which-runbook.ts'
import { findTarget } from '../which-target.ts'

export async function run(io: Io, version: string, name: string, options: RunOptions): Promise<ExitCode> {
  const runbook = whichRunbook(name)
  if (wantsScreens(io, options)) {
    const { openTui } = await import('./tui.ts')
    return openTui(io, version, { runbook, options }, options)
  }
  return printed(io, version, runbook, 'run', options)
}

export function check(
  io: Io,
  version: string,
  names: readonly string[],
  options: RunOptions,
): Promise<ExitCode> {
  return printed(io, version, whichChecks(names), 'check', options)
}

/** Anything that says how to run without a person at the screen means the plain printer. */
function wantsScreens(io: Io, { format, output, consent, confirm, dryRun }: RunOptions): boolean {
  const { CI, TERM } = io.environment
  const terminal = io.stdinIsTty && io.stdoutIsTty && !CI && TERM !== 'dumb'
  return terminal && format === 'plain' && !output && !consent && !confirm && !dryRun
}

async function printed(
  io: Io,
  version: string,
  runbook: Runbook,
  mode: 'run' | 'check',
  options: RunOptions,
): Promise<ExitCode> {
  const places = openPlaces(io.environment)
  const target = await findTarget(options.target, openTargets(places.config), options.environment)
  const params = resolveParameters(parametersOf(checksOf(runbook)), target.stack, options.set)
  const { only, skip, dryRun } = options
  const run = {
    runbook,
    target,
    params,
    mode,
    ...(only ? { only } : {}),
    ...(skip ? { skip } : {}),
    ...(dryRun ? { dryRun } : {}),
  }
  return printRun(io, version, options, setting => startRun(setting, run))
}

/** Goes on with a run that was cut off, printed as it goes. */
export function resume(io: Io, version: string, id: string, options: ResumeOptions): Promise<ExitCode> {
  const folder = openPlaces(io.environment).runs
  const { path } = id === 'last' ? newestUnfinished(folder) : openStoredRun(folder, id)
  return printRun(io, version, options, setting => continueRun(setting, path))
}

async function printRun(
  io: Io,
  version: string,
  options: ResumeOptions,
  start: (setting: RunSetting) => StartedRun,
): Promise<ExitCode> {
  const places = openPlaces(io.environment)
  const marks = options.ascii || io.environment.TERM === 'dumb' ? ASCII_MARKS : UNICODE_MARKS
  const result = resultWriter(io, options.output)
  let latest: RunState | undefined
  const { signal, settle } = untilStopped(io)
  const listen = (event: RunEvent, state: RunState) => {
    latest = state
    if (options.format === 'jsonl' && !isTransient(event)) result.write(`${JSON.stringify(event)}\n`)
    const line = options.format === 'plain' ? progressLine(event, state, marks) : undefined
    if (line !== undefined) io.err(`${line}\n`)
  }
  try {
    const started = start({
      version,
      runsFolder: places.runs,
      policy: readPolicy(places.config),
      preferences: readPreferences(places.config),
      connection: options,
      operator: headlessOperator(options),
      prompter: refusingPrompter,
      signal,
      listen,
    })
    const state = await started.finished
    finish(result, state, options.format, marks)
    if (options.format === 'plain') io.err(`journal: ${started.journalPath}\n`)
    return exitCodeOf(state)
  } catch (error) {
    // What was found before it failed is still worth having; the sentence itself goes to standard error.
    if (latest !== undefined && !isEmpty(latest)) finish(result, latest, options.format, marks)
    throw error
  } finally {
    settle()
  }
}

function finish(
  result: { write(text: string): void },
  state: RunState,
  format: RunOptions['format'],
  marks: typeof UNICODE_MARKS,
): void {
  if (format !== 'jsonl') result.write(renderState(state, format, marks))
}

function resultWriter(io: Io, path: string | undefined): { write(text: string): void } {
  if (path === undefined) return { write: io.out }
  const write = (text: string, flag: 'w' | 'a') => {
    try {
      writeFileSync(path, text, { flag, mode: 0o600 })
    } catch (error) {
      throw new Failure(
        EXIT.usage,
        `${path} cannot be written: ${(error as Error).message}`,
        'Give another file with --output.',
      )
    }
  }
  // Made at once, so that a wrong path is known before anything runs.
  write('', 'w')
  return { write: text => write(text, 'a') }
}
