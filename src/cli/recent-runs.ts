/**
 * The newest runs as digests. A journal is read whole once: what it says of itself is kept beside the journals, for a
 * home screen that is there at once after hundreds of runs. What is kept can be thrown away at any time.
 */

import { lstatSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readRegularFile } from '../engine/regular-file.ts'
import { journalOf, openStoredRun, runIds } from './history.ts'
import { digestOf, RunDigest } from './run-digest.ts'

/** Runs that the home screen and the history look at: enough to scroll. */
const RECENT_RUNS = 200

const FILE = 'digests.json'
/** Raised whenever a digest says something else than before: what older versions kept is then made anew. */
const FORMAT = 1

const Kept = z.object({ bytes: z.number(), modified: z.number(), digest: RunDigest })
const KeptFile = z.object({ format: z.literal(FORMAT), runs: z.record(z.string(), Kept) })
type KeptRuns = Record<string, z.infer<typeof Kept>>

/** The digests of one folder, newest first. Called again, it reads what is new. */
export function recentRuns(folder: string): () => RunDigest[] {
  const path = join(folder, FILE)
  let kept: KeptRuns | undefined
  return () => {
    kept ??= readKept(path)
    const now: KeptRuns = {}
    const digests: RunDigest[] = []
    let isNew = false
    for (const id of runIds(folder).slice(0, RECENT_RUNS)) {
      try {
        const file = stampOf(journalOf(folder, id))
        const known = kept[id]
        const isCurrent = known !== undefined && isSame(known, file)
        const digest = isCurrent ? known.digest : digestOf(openStoredRun(folder, id))
        digests.push(digest)
        // A run without an end can be gone on with, and then says something else.
        if (!digest.hasEnded) continue
        now[id] = { ...file, digest }
        isNew ||= !isCurrent
      } catch {
        // One damaged journal does not hide the others; `kneeboard runs list` names it.
      }
    }
    kept = now
    if (isNew) keep(path, now)
    return digests
  }
}

/**
 * Journals of one folder, newest first, without those of which a digest is kept that does not fit. No digest is made:
 * whoever looks for one run need not wait for the others.
 */
export function* journalsThatMay(folder: string, fits: (digest: RunDigest) => boolean): Generator<string> {
  const kept = readKept(join(folder, FILE))
  for (const id of runIds(folder)) {
    const path = journalOf(folder, id)
    const known = kept[id]
    try {
      const fitsNot = known !== undefined && isSame(known, stampOf(path)) && !fits(known.digest)
      if (!fitsNot) yield path
    } catch {
      // It was there a moment ago: who would read it finds nothing, either.
    }
  }
}

interface Stamp {
  readonly bytes: number
  readonly modified: number
}

function stampOf(path: string): Stamp {
  const { size, mtimeMs } = lstatSync(path)
  return { bytes: size, modified: mtimeMs }
}

const isSame = (one: Stamp, other: Stamp): boolean =>
  one.bytes === other.bytes && one.modified === other.modified

function readKept(path: string): KeptRuns {
  try {
    return KeptFile.parse(JSON.parse(readRegularFile(path))).runs
  } catch {
    return {}
  }
}

/** Whole or not at all. Where it cannot be kept, the journals are read again next time. */
function keep(path: string, runs: KeptRuns): void {
  try {
    const part = `${path}.${process.pid}`
    writeFileSync(part, JSON.stringify({ format: FORMAT, runs }), { mode: 0o600, flag: 'wx' })
    renameSync(part, path)
  } catch {
    // As said above.
  }
}
