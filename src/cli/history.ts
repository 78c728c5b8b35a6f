/** The journals of earlier runs, found by id, newest first. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type JournalReading, readJournal } from '../engine/journal.ts'
import { statusOf, summarise } from '../engine/outcome.ts'
import { type RunState, replay } from '../engine/state.ts'
import type { RunStatus } from '../model/event.ts'
import { EXIT, Failure } from '../model/failure.ts'

export interface StoredRun {
  readonly path: string
  readonly reading: JournalReading
  readonly state: RunState
}

/** Ids of all runs, newest first: they are ULIDs, so names sort by time. */
export function runIds(folder: string): string[] {
  return readdirSync(folder)
    .filter(name => /^[0-9A-HJKMNP-TV-Z]{26}\.jsonl$/.test(name))
    .map(name => name.slice(0, 26))
    .sort()
    .reverse()
}

/** Where the journal of a run is, by its whole id. */
export const journalOf = (folder: string, run: string): string => join(folder, `${run}.jsonl`)

/**
 * @param id a run's id, the beginning of one that no other run shares, or `last`.
 * @throws Failure (64) when there is no such run, (78) when its journal cannot be read at all.
 */
export function openStoredRun(folder: string, id: string): StoredRun {
  const ids = runIds(folder)
  const matches =
    id === 'last' ? ids.slice(0, 1) : ids.filter(candidate => candidate.startsWith(id.toUpperCase()))
  const [match] = matches
  if (match === undefined || matches.length > 1) {
    throw new Failure(
      EXIT.usage,
      match === undefined ? `there is no run “${id}”` : `${matches.length} runs begin with “${id}”`,
      'See `kneeboard runs list`.',
    )
  }
  const path = journalOf(folder, match)
  const reading = readJournal(path)
  const state = replay(reading.events)
  if (state === undefined)
    throw new Failure(
      EXIT.configuration,
      `the journal ${path} holds no whole event`,
      'It was cut at its very beginning; nothing was changed in that run.',
    )
  return { path, reading, state }
}

/** @throws Failure (64) when every run reached its end. */
export function newestUnfinished(folder: string): StoredRun {
  for (const id of runIds(folder)) {
    const run = openStoredRun(folder, id)
    if (run.state.status === undefined) return run
  }
  throw new Failure(
    EXIT.usage,
    'there is no run to go on with: all of them reached their end',
    'See `kneeboard runs list`.',
  )
}

/** How a stored run ended. Without an end it was cut short: by a crash, a kill, or it is still under way. */
export function endOf(state: RunState): { status: RunStatus | 'interrupted'; summary: string } {
  if (state.finishedAt !== undefined && state.interrupted === undefined)
    return { status: state.status ?? statusOf(state), summary: summarise(state) }
  return {
    status: 'interrupted',
    summary: state.interrupted ?? 'it has no end: it was killed, or it is still under way',
  }
}
