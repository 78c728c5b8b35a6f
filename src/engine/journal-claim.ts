/** One writer for a journal: a file beside it names the process, so that a run is never gone on with twice at once. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { EXIT, Failure } from '../model/failure.ts'

/**
 * @returns what gives the claim up again.
 * @throws Failure (75) while the process that holds it lives. One that was killed leaves a claim that counts no more.
 */
export function claimJournal(path: string): () => void {
  const file = `${path}.writer`
  const release = () => rmSync(file, { force: true })
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      writeFileSync(file, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
      return release
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = holderOf(file)
    if (isAlive(holder)) {
      throw new Failure(
        EXIT.locked,
        `this run is still going on in process ${holder} of this machine`,
        `End that one first; or, if it is something else by now, remove ${file}.`,
      )
    }
    release()
  }
  throw new Failure(EXIT.locked, `another process has just taken this run up`, 'Look at it there.')
}

/** Whether a living process writes this journal. */
export function isClaimed(path: string): boolean {
  return isAlive(holderOf(`${path}.writer`))
}

/** 0 for one that is gone meanwhile or cannot be read. */
function holderOf(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return 0
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
