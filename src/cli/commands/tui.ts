/** Opens the screens, at home or straight in a runbook. */

import { openPlaces } from '../../config/places.ts'
import { openTargets } from '../../config/targets.ts'
import { resolveParameters } from '../../engine/parameters.ts'
import { EXIT, type ExitCode, Failure } from '../../model/failure.ts'
import { checksOf, parametersOf, type Runbook } from '../../model/runbook.ts'
import type { Io } from '../io.ts'
import type { RunOptions, ScreenOptions } from '../options.ts'
import { createServices } from '../services.ts'
import { whichTarget } from '../which-target.ts'

export interface Initial {
  readonly runbook?: Runbook
  readonly options?: RunOptions
}

/** @throws Failure (64) without a terminal: there is nothing to draw on. */
export async function openTui(
  io: Io,
  version: string,
  { runbook, options }: Initial,
  { ascii, motion, bell, screenReader }: ScreenOptions,
): Promise<ExitCode> {
  if (!io.stdinIsTty || !io.stdoutIsTty) {
    throw new Failure(
      EXIT.usage,
      'the screens need a terminal, and there is none',
      'Use `kneeboard check …` or `kneeboard run … -t …`; see `kneeboard --help`.',
    )
  }
  const places = openPlaces(io.environment)
  const targets = openTargets(places.config)
  targets.list()
  const target =
    options?.target === undefined ? undefined : whichTarget(options.target, targets, options.environment)
  const params =
    runbook && target && options
      ? resolveParameters(parametersOf(checksOf(runbook)), target.stack, options.set)
      : options?.set
  const { startTui } = await withoutFetch(() => import('../../tui/start.tsx'))
  const services = createServices({
    version,
    places,
    targets,
    connection: options ?? {},
    ...(options?.only ? { only: options.only } : {}),
    ...(options?.skip ? { skip: options.skip } : {}),
  })
  return startTui({
    services,
    ...(runbook
      ? { initial: { runbook: runbook.id, ...(target ? { target } : {}), ...(params ? { params } : {}) } }
      : {}),
    ascii: ascii === true || io.environment.TERM === 'linux',
    colour: io.environment.NO_COLOR === undefined || io.environment.NO_COLOR === '',
    motion: motion !== false,
    bell: bell !== false,
    linear: screenReader === true || io.environment.INK_SCREEN_READER === 'true',
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
