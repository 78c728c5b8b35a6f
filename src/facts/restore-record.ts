/** What the jobs that restore have written down on the server: how far they came, and what they measured. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { BackupTable } from './backup-manifest.ts'

/** One file a restore, called after its stamp. Root's alone. */
export const RESTORE_RECORDS = '/var/lib/kneeboard/restores'

/** The highest value of a table's numbered key, right after the restore. */
export interface HighestKey {
  readonly table: string
  readonly column: string
  readonly highest: number
}

export interface RestoreRecord {
  readonly stamp: string
  readonly backup: string
  readonly sha256: string
  /** Seconds since 1970 by the server's clock. */
  readonly startedAt: number
  readonly endedAt: number | null
  /** Null while it goes on, and for one that was cut off with its server. */
  readonly outcome: 'done' | 'failed' | null
  /** What it was doing last: `reading`, `restoring`, `analysing`, `counting`, `amcheck`. */
  readonly phase: string
  /** What the tools said last, when it failed; at most a few lines. */
  readonly said: readonly string[]
  /** Seconds that each phase took. */
  readonly seconds: Readonly<Record<string, number>>
  /** Every table of the copy, as it was right after the restore. */
  readonly tables: readonly BackupTable[]
  /** Rows that the backup itself holds, by table; empty where its manifest says so. */
  readonly held: Readonly<Record<string, number>>
  readonly highest: readonly HighestKey[]
  /** What amcheck found in the copy: `sound`, `absent`, or what it said. */
  readonly amcheck: string
}

/** The latest records, newest first. @throws Unreadable when they cannot be read. */
export const restoreRecords = fact('restore/records', async (context): Promise<readonly RestoreRecord[]> => {
  const result = await context.run(
    sh`
      cd ${RESTORE_RECORDS} 2>/dev/null || exit 0
      for file in $(ls -r | grep -x '[0-9tz]*' | head -n 5); do
        printf '@ %s\\n' "$file"
        cat -- "$file" || exit 1
      done
    `,
    { as: 'root' },
  )
  return parseRecords(outputOf(result, 'what earlier restores wrote down'))
})

/** Reads the records, each after a line `@ STAMP`. Pure. @throws Unreadable on a table line that is none. */
export function parseRecords(text: string): RestoreRecord[] {
  return text
    .split(/^@ /m)
    .slice(1)
    .map(part => {
      const [stamp = '', ...lines] = part.split('\n')
      return recordOf(stamp.trim(), lines)
    })
}

function recordOf(stamp: string, lines: readonly string[]): RestoreRecord {
  const all = (word: string): string[] =>
    lines.filter(line => line.startsWith(`${word} `)).map(line => line.slice(word.length + 1))
  const last = (word: string): string => all(word).at(-1) ?? ''
  const ended = /^(done|failed) (\d+)$/.exec(last('ended'))
  return {
    stamp,
    backup: last('backup'),
    sha256: last('sha256'),
    startedAt: Number(last('started')) || 0,
    endedAt: ended ? Number(ended[2]) : null,
    outcome: (ended?.[1] as 'done' | 'failed' | undefined) ?? null,
    phase:
      all('phase')
        .filter(line => !line.startsWith('end '))
        .at(-1)
        ?.split(' ')[0] ?? '',
    said: all('said'),
    seconds: secondsOf(all('phase')),
    tables: all('table').map(line => readTable(line)),
    held: Object.fromEntries(
      all('held').flatMap((line): [string, number][] => {
        const at = line.lastIndexOf(' ')
        return at === -1 ? [] : [[line.slice(0, at), Number(line.slice(at + 1))]]
      }),
    ),
    highest: all('highest').map(line => readJson<HighestKey>(line)),
    amcheck: last('amcheck'),
  }
}

/** From lines `NAME UPTIME`, each the beginning of a phase; the last one, `end`, begins nothing. */
export function secondsOf(phases: readonly string[]): Record<string, number> {
  const begun = phases.map(line => {
    const [name = '', at = ''] = line.split(' ')
    return { name, at: Number(at) }
  })
  return Object.fromEntries(
    begun.flatMap(({ name, at }, index): [string, number][] => {
      const next = begun[index + 1]
      return next === undefined ? [] : [[name, Math.max(0, Math.round((next.at - at) * 10) / 10)]]
    }),
  )
}

export function readTable(line: string): BackupTable {
  const parsed = BackupTable.safeParse(readJson(line))
  if (parsed.success) return parsed.data
  throw new Unreadable('the figures of a restore could not be read: a line of them is no table')
}

function readJson<T>(line: string): T {
  try {
    return JSON.parse(line) as T
  } catch {
    throw new Unreadable('the figures of a restore could not be read: a line of them is no JSON')
  }
}
