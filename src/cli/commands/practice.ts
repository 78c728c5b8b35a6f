/** `practice`: the built-in server, from a choice of scenarios to the debrief. */

import { dirname } from 'node:path'
import { openPlaces } from '../../config/places.ts'
import { openTargets } from '../../config/targets.ts'
import { EXIT, type ExitCode, Failure } from '../../model/failure.ts'
import type { Io } from '../io.ts'
import type { ScreenOptions } from '../options.ts'
import { table } from '../table.ts'

export interface PracticeOptions extends ScreenOptions {
  readonly list?: boolean
}

/**
 * @param scenario left out: the screens offer all of them.
 * @throws Failure (64) for a scenario that there is not, or without a terminal; (69) when the server does not start.
 */
export async function practice(
  io: Io,
  version: string,
  scenario: string | undefined,
  options: PracticeOptions,
): Promise<ExitCode> {
  if (options.list === true) {
    await listScenarios(io)
    return EXIT.passed
  }
  const { nameOf } = await import('../../practice/open.ts')
  const name = scenario === undefined ? undefined : nameOf(scenario)
  if (!io.stdinIsTty || !io.stdoutIsTty)
    throw new Failure(
      EXIT.usage,
      `practising needs a terminal; without one, use \`kneeboard check RUNBOOK -t practice:${name ?? 'SCENARIO'}\` with a scenario of \`kneeboard practice --list\``,
    )
  // Read now, so that a broken configuration is told before the screens open.
  openTargets(openPlaces(io.environment).config).list()
  const { openTui } = await import('./tui.ts')
  return openTui(io, version, { practice: name === undefined ? {} : { scenario: name } }, options)
}

async function listScenarios(io: Io): Promise<void> {
  const { openTraining } = await import('../../practice/training/desk.ts')
  const scenarios = openTraining(dirname(openPlaces(io.environment).runs)).list()
  io.out(
    table(
      scenarios.map(({ name, title, best }) => [
        name,
        title,
        ...(best === undefined ? [] : [`best ${best} of 100`]),
      ]),
    ),
  )
}
