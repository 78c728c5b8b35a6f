/** `runs`: what earlier runs found and did, read from their journals. */

import { writeFileSync } from 'node:fs'
import { openPlaces } from '../../config/places.ts'
import { EXIT, type ExitCode, Failure } from '../../model/failure.ts'
import { endOf, openStoredRun, runIds, type StoredRun } from '../history.ts'
import type { Io } from '../io.ts'
import type { Format } from '../options.ts'
import { renderRun } from '../render-run.ts'
import { table } from '../table.ts'

const folder = (io: Io): string => openPlaces(io.environment).runs

export function listRuns(io: Io, json: boolean): ExitCode {
  const rows = runIds(folder(io)).map(id => summaryOf(folder(io), id))
  if (json) io.out(`${JSON.stringify(rows, null, 2)}\n`)
  else if (rows.length === 0) io.err('No runs yet.\n')
  else
    io.out(
      table(
        rows.map(row => [
          row.run,
          row.started.slice(0, 16).replace('T', ' '),
          row.target,
          row.runbook,
          row.status,
          row.summary,
        ]),
      ),
    )
  return EXIT.passed
}

/** One unreadable journal must not hide the others. */
function summaryOf(path: string, id: string) {
  try {
    const { state } = openStoredRun(path, id)
    return {
      run: id,
      started: state.startedAt,
      target: state.target.name,
      runbook: state.runbook,
      ...endOf(state),
    }
  } catch (error) {
    return {
      run: id,
      started: '',
      target: '?',
      runbook: '?',
      status: 'unreadable',
      summary: (error as Error).message,
    }
  }
}

export function showRun(io: Io, id: string, format: Format): ExitCode {
  const run = openStoredRun(folder(io), id)
  io.out(renderRun(run, format))
  warnIfNotWhole(io, run)
  return EXIT.passed
}

export function exportRun(io: Io, id: string, format: Format, output: string | undefined): ExitCode {
  const run = openStoredRun(folder(io), id)
  const text = renderRun(run, format)
  if (output === undefined) io.out(text)
  else {
    try {
      writeFileSync(output, text, { mode: 0o600 })
    } catch (error) {
      throw new Failure(EXIT.usage, `${output} cannot be written: ${(error as Error).message}`)
    }
  }
  warnIfNotWhole(io, run)
  return EXIT.passed
}

/** @param head a hash that was kept elsewhere: a chain that was forged from its beginning does not hold it. */
export function verifyRun(io: Io, id: string, head?: string): ExitCode {
  const { path, reading } = openStoredRun(folder(io), id)
  if (reading.state === 'whole' && head !== undefined && !reading.hashes.includes(head)) {
    io.out(`${path} is whole in itself, but is not the journal that ${head} belongs to\n`)
    return EXIT.failures
  }
  if (reading.state === 'whole') {
    io.out(`${path} is whole: ${reading.events.length} events, head ${reading.head}\n`)
    return EXIT.passed
  }
  io.out(
    `${path} ${reading.state === 'torn' ? 'was cut by a crash in' : 'is not what was written at'} line ${reading.line}; the ${reading.events.length} events before it hold\n`,
  )
  return reading.state === 'torn' ? EXIT.warnings : EXIT.failures
}

function warnIfNotWhole(io: Io, { reading }: StoredRun): void {
  if (reading.state !== 'whole')
    io.err(
      `the journal holds only up to line ${(reading.line ?? 1) - 1}: what comes after was ${reading.state === 'torn' ? 'cut by a crash' : 'changed'}\n`,
    )
}
