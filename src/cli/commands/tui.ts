/** Opens the screens, at home or straight in a runbook. */

import { openPlaces } from '../../config/places.ts'
import { EXIT, type ExitCode, Failure } from '../../model/failure.ts'
import type { Runbook } from '../../model/runbook.ts'
import type { Io } from '../io.ts'
import type { RunOptions, ScreenOptions } from '../options.ts'

export interface Initial {
  readonly runbook?: Runbook
  readonly options?: RunOptions
}

/** @throws Failure (64) without a terminal: there is nothing to draw on; (78) for a broken configuration. */
export async function openTui(
  io: Io,
  version: string,
  { runbook, options }: Initial,
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
  return startTui({
    // Runbooks, schemas and the configuration are loaded when the first frame is on the screen.
    async program() {
      const { openProgram } = await import('../open-program.ts')
      return openProgram({ version, places, runbook, options })
    },
    ascii: ascii === true || environment.TERM === 'linux',
    colour: environment.NO_COLOR === undefined || environment.NO_COLOR === '',
    motion: motion !== false,
    bell: bell !== false,
    linear: screenReader === true || environment.INK_SCREEN_READER === 'true',
    version,
  })
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
