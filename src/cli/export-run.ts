/** Writes a stored run into a file of the folder that Kneeboard was started in. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT, Failure } from '../model/failure.ts'
import type { StoredRun } from './history.ts'
import type { Format } from './options.ts'
import { renderRun } from './render-run.ts'

const ENDINGS: Readonly<Record<Format, string>> = {
  markdown: 'md',
  html: 'html',
  json: 'json',
  jsonl: 'jsonl',
  plain: 'txt',
}

/**
 * Named after the runbook, the server and the run, readable by its owner alone.
 *
 * @returns the path. @throws Failure (64) when it is there already or cannot be written.
 */
export function exportRun(run: StoredRun, format: Format, folder: string): string {
  const { runbook, target, run: id } = run.state
  const path = join(folder, `kneeboard-${runbook}-${target.name}-${id}.${ENDINGS[format]}`)
  try {
    writeFileSync(path, renderRun(run, format), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw code === 'EEXIST'
      ? new Failure(EXIT.usage, `${path} is there already`, 'It was left as it is.')
      : new Failure(EXIT.usage, `${path} cannot be written: ${message}`)
  }
  return path
}
