/** What the screens work with, put together from the configuration and what was asked for on the command line. */

import type { Places } from '../config/places.ts'
import { openTargets } from '../config/targets.ts'
import { resolveParameters } from '../engine/parameters.ts'
import { checksOf, parametersOf, type Runbook } from '../model/runbook.ts'
import type { TrainingDesk } from '../practice/training/desk.ts'
import type { TuiProgram } from '../tui/services.ts'
import type { RunOptions } from './options.ts'
import { createServices } from './services.ts'
import { findTarget } from './which-target.ts'

interface Asked {
  readonly version: string
  readonly places: Places
  readonly runbook: Runbook | undefined
  readonly options: RunOptions | undefined
  /** Opens at the scenarios to practise, or in one of them. */
  readonly practice?: { readonly scenario?: string } | undefined
  readonly training: TrainingDesk
}

/** @throws Failure (64) for a target, value or scenario that does not fit, (69) when a practice server does not start, (78) for a broken configuration. */
export async function openProgram(asked: Asked): Promise<TuiProgram> {
  const { version, places, runbook, options, practice, training } = asked
  const targets = openTargets(places.config)
  targets.list()
  const target =
    options?.target === undefined ? undefined : await findTarget(options.target, targets, options.environment)
  const params =
    runbook && target && options
      ? resolveParameters(parametersOf(checksOf(runbook)), target.stack, options.set)
      : options?.set
  const services = createServices({
    version,
    places,
    targets,
    training,
    connection: options ?? {},
    ...(options?.only ? { only: options.only } : {}),
    ...(options?.skip ? { skip: options.skip } : {}),
  })
  if (practice !== undefined) {
    const { scenario } = practice
    const exercise = scenario === undefined ? undefined : await training.begin(scenario)
    return { services, initial: { practice: exercise === undefined ? {} : { exercise } } }
  }
  if (runbook === undefined) return { services }
  return {
    services,
    initial: { runbook: runbook.id, ...(target ? { target } : {}), ...(params ? { params } : {}) },
  }
}
