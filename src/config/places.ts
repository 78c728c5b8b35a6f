/** Where Kneeboard keeps its files: the platform's usual places, or all under `KNEEBOARD_HOME`. */

import { lstatSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import envPaths from 'env-paths'
import { EXIT, Failure } from '../model/failure.ts'

export interface Places {
  /** Targets and policy. */
  readonly config: string
  /** One journal a run. */
  readonly runs: string
}

/**
 * The folders, made when they are missing (0700).
 *
 * @throws Failure (78) when one cannot be made, is a link, belongs to somebody else, or others may write to it.
 */
export function openPlaces(environment: NodeJS.ProcessEnv = process.env): Places {
  const home = environment.KNEEBOARD_HOME
  const usual = envPaths('kneeboard', { suffix: '' })
  const root = home ? resolve(home) : undefined
  const places = {
    config: root ?? usual.config,
    runs: join(root ?? usual.data, 'runs'),
  }
  if (root !== undefined) openFolder(root)
  openFolder(places.config)
  openFolder(places.runs)
  return places
}

function openFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new Failure(
      EXIT.configuration,
      `the folder ${path} cannot be made: ${(error as Error).message}`,
      'Correct its parent’s owner and mode, or set KNEEBOARD_HOME to a folder of yours.',
    )
  }
  const status = lstatSync(path)
  const wrong =
    faultOf(status.isSymbolicLink(), status.isDirectory(), status.uid, status.mode) ?? faultAbove(path)
  if (wrong)
    throw new Failure(
      EXIT.configuration,
      `the folder ${path} ${wrong}`,
      'Journals tell what was done as root, so only you may write there: correct it, or set KNEEBOARD_HOME.',
    )
}

function faultOf(link: boolean, folder: boolean, owner: number, mode: number): string | undefined {
  if (link) return 'is a link to somewhere else'
  if (!folder) return 'is not a folder'
  if (process.getuid === undefined) return undefined
  if (owner !== process.getuid()) return 'belongs to another user'
  return mode & 0o022 ? 'can be written by other users (expected mode 0700)' : undefined
}

/** Whoever may rename things in a folder above can put another one in its place. In /tmp only the owner may (sticky). */
function faultAbove(path: string): string | undefined {
  if (process.getuid === undefined) return undefined
  for (let above = dirname(resolve(path)); ; above = dirname(above)) {
    const { mode } = statSync(above)
    if (mode & 0o002 && !(mode & 0o1000))
      return `lies in ${above}, where everybody may put another one in its place`
    if (above === dirname(above)) return undefined
  }
}
