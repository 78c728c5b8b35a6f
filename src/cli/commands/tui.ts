/** Opens the screens, at home or straight in a runbook. */

import { dirname } from 'node:path'
import { openPlaces } from '../../config/places.ts'
import { EXIT, type ExitCode, Failure } from '../../model/failure.ts'
import type { Runbook } from '../../model/runbook.ts'
import type { TrainingDesk } from '../../practice/training/desk.ts'
import type { Io } from '../io.ts'
import type { RunOptions, ScreenOptions } from '../options.ts'

export interface Initial {
  readonly runbook?: Runbook
  readonly options?: RunOptions
  /** At the scenarios to practise, or in one of them. */
  readonly practice?: { readonly scenario?: string }
}

/** @throws Failure (64) without a terminal: there is nothing to draw on; (78) for a broken configuration. */
export async function openTui(
  io: Io,
  version: string,
  { runbook, options, practice }: Initial,
  { ascii, motion, bell, screenReader }: ScreenOptions,
): Promise<ExitCode> {
  const { environment } = io
  if (!io.stdinIsTty || !io.stdoutIsTty) {
    throw new Failure(
      EXIT.usage,
      'the screens need a terminal, and there is none',
      'Use `kneeboard check …` or `kneeboard run … -t …`; see `kneeboard --help`.',
    )
  }
  const places = openPlaces(environment)
  const { startTui } = await withoutFetch(() => import('../../tui/start.tsx'))
  let training: TrainingDesk | undefined
  const code = await startTui({
    // Runbooks, schemas and the configuration are loaded when the first frame is on the screen.
    async program() {
      const [{ openProgram }, { openTraining }] = await Promise.all([
        import('../open-program.ts'),
        import('../../practice/training/desk.ts'),
      ])
      training = openTraining(dirname(places.runs))
      return openProgram({ version, places, runbook, options, practice, training })
    },
    ascii: ascii === true || environment.TERM === 'linux',
    colour: environment.NO_COLOR === undefined || environment.NO_COLOR === '',
    motion: motion !== false,
    bell: bell !== false,
    linear: screenReader === true || environment.INK_SCREEN_READER === 'true',
    version,
  })
  const words = await training?.farewell(process.stdout.columns ?? 80)
  if (words) io.out(words)
  return code
}

/**
 * Yoga's loader calls fetch on a data: URL, for which Node would load its whole HTTP client before the first
 * paint (18 of 100 ms); without fetch it decodes the URL itself.
 */
async function withoutFetch<T>(load: () => Promise<T>): Promise<T> {
  const { fetch } = globalThis
  Reflect.deleteProperty(globalThis, 'fetch')
  try {
    return await load()
  } finally {
    globalThis.fetch = fetch
  }
}
