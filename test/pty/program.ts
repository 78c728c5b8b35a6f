/** The program as it is shipped, built from the sources as they are now, with a home of its own. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openPty, type PtyOptions, type PtyTerminal } from './terminal.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Builds the bundle into a folder of its own, so that a stale one is never tested. @returns the launcher's path. */
export function buildProgram(): { path: string; remove(): void } {
  const given = process.env.KNEEBOARD_PROGRAM
  if (given !== undefined && existsSync(given)) return { path: given, remove: () => {} }
  const folder = mkdtempSync(join(tmpdir(), 'kneeboard-bundle-'))
  execFileSync(process.execPath, [join(root, 'scripts/build.ts'), join(folder, 'dist')], { stdio: 'inherit' })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n')
  return {
    path: join(folder, 'dist', 'kneeboard.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export interface Home {
  readonly folder: string
  /** The working folder, for what the program writes there. */
  readonly work: string
  remove(): void
}

export function newHome(): Home {
  const folder = mkdtempSync(join(tmpdir(), 'kneeboard-home-'))
  const work = join(folder, 'work')
  mkdirSync(join(folder, 'home'), { mode: 0o700 })
  mkdirSync(work)
  return { folder, work, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Node's flags of a program, as its first line has them. */
export function flagsOf(program: string): string[] {
  const [first = ''] = readFileSync(program, 'utf8').split('\n', 1)
  return first.startsWith('#!') ? first.split(' ').filter(word => word.startsWith('--')) : []
}

/** Opens the program at a home. */
export function openProgram(
  program: string,
  home: Home,
  words: readonly string[] = [],
  options: PtyOptions = {},
): PtyTerminal {
  const { environment, ...rest } = options
  return openPty([...flagsOf(program), program, ...words], {
    cwd: home.work,
    ...rest,
    environment: { KNEEBOARD_HOME: join(home.folder, 'home'), ...environment },
  })
}
