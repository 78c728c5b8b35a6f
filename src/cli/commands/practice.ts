/** `practice`: the built-in server, from a scenario to its debrief. */

import { openPlaces } from '../../config/places.ts'
import { openTargets } from '../../config/targets.ts'
import { EXIT, type ExitCode, Failure } from '../../model/failure.ts'
import type { Io } from '../io.ts'
import type { ScreenOptions } from '../options.ts'
import { table } from '../table.ts'
import { whichRunbook } from '../which-runbook.ts'

export interface PracticeOptions extends ScreenOptions {
  readonly list?: boolean
}

/** @throws Failure (64) for a scenario that there is not, or without a terminal; (69) when the server does not start. */
export async function practice(
  io: Io,
  version: string,
  scenario: string,
  options: PracticeOptions,
): Promise<ExitCode> {
  const { scenarioTitles } = await import('../../practice/scenarios/names.ts')
  if (options.list === true) {
    io.out(table(Object.entries(scenarioTitles)))
    return EXIT.passed
  }
  if (!io.stdinIsTty || !io.stdoutIsTty)
    throw new Failure(
      EXIT.usage,
      'the screens need a terminal, and there is none',
      `Use \`kneeboard check RUNBOOK -t practice:${scenario}\`; see \`kneeboard practice --list\`.`,
    )
  const { beginPractice } = await import('../../practice/open.ts')
  const session = await beginPractice(scenario)
  // Read now, so that a broken configuration is told before the screens open.
  openTargets(openPlaces(io.environment).config).list()
  io.err(`${session.briefing}\n`)
  const { openTui } = await import('./tui.ts')
  const runbook = whichRunbook(session.runbook)
  const code = await openTui(
    io,
    version,
    { runbook, options: { target: `practice:${scenario}`, set: {}, format: 'plain' } },
    options,
  )
  io.err(await session.debrief())
  return code
}
