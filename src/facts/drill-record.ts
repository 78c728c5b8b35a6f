/** The drills that were held on this server: the last one in full, and the figures of all of them. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import type { BackupTable } from './backup-manifest.ts'
import type { Applied } from './restore-migrations.ts'
import { readTable, secondsOf } from './restore-record.ts'

/** One file a drill, called after its stamp; and one line a drill, for whoever wants the trend. */
export const DRILL_RECORDS = '/var/lib/kneeboard/drills'
export const DRILL_HISTORY = '/var/lib/kneeboard/drills.jsonl'

/** The label of everything that a drill makes in Docker; its value is the drill's stamp. */
export const DRILL_LABEL = 'kneeboard.drill'

export interface Rung {
  readonly ok: boolean
  readonly words: string
}

export interface DrillRecord {
  readonly stamp: string
  readonly backup: string
  readonly sha256: string
  /** Seconds since 1970 by the server's clock: the decision, the beginning, the end. Null while it goes on. */
  readonly decidedAt: number
  readonly startedAt: number
  readonly endedAt: number | null
  /** Rungs by name; one that was not reached is missing. */
  readonly rungs: Readonly<Record<string, Rung>>
  /** Seconds of each phase. */
  readonly seconds: Readonly<Record<string, number>>
  /** Seconds from the decision to an application that answers; null when it did not come to that. */
  readonly recoverySeconds: number | null
  readonly tables: readonly BackupTable[]
  readonly migrations: readonly Applied[]
  readonly amcheck: string
  readonly invalid: number | null
  readonly behind: number | null
  /** Seconds since 1970 of the newest business row: in the restored copy, and in the live database at that time. */
  readonly newest: number | null
  readonly liveNewest: number | null
  /** Closed months compared with the live database: how many figures, and the first that differs. */
  readonly months: number | null
  readonly monthsDiffer: string
  /** What the drill itself found left of it after its removal. */
  readonly left: string
}

export interface PastDrill {
  readonly stamp: string
  readonly backup: string
  readonly endedAt: number
  readonly recoverySeconds: number | null
  readonly pointSeconds: number | null
  readonly failed: readonly string[]
}

export interface Drills {
  readonly last: DrillRecord | null
  /** Oldest first, the last one too. */
  readonly history: readonly PastDrill[]
  readonly now: number
}

/** Drills of the history that are read: three years of them. */
const HISTORY = 36

/** @throws Unreadable when they cannot be read. */
export const drills = fact('drill/records', async (context): Promise<Drills> => {
  const result = await context.run(
    sh`
      printf 'now %s\\n' "$(date +%s)"
      [ ! -e ${DRILL_HISTORY} ] || tail -n ${HISTORY} ${DRILL_HISTORY} | sed 's/^/history /' || exit 1
      cd ${DRILL_RECORDS} 2>/dev/null || exit 0
      last=$(ls -r | grep -x '[0-9tz]*' | head -n 1)
      [ -z "$last" ] || { printf '@ %s\\n' "$last"; cat -- "$last"; }
    `,
    { as: 'root' },
  )
  return parseDrills(outputOf(result, 'the drills that were held'))
})

/** Pure. @throws Unreadable on a table that is none. */
export function parseDrills(text: string): Drills {
  const [head = '', last] = text.split(/^@ /m)
  const lines = head.split('\n')
  return {
    now: Number(lines.find(line => line.startsWith('now '))?.slice(4)) || 0,
    history: lines.flatMap(line => (line.startsWith('history ') ? pastDrill(line.slice(8)) : [])),
    last: last === undefined ? null : recordOf(last.split('\n')),
  }
}

/** A line that was cut off by a full disk or a crash is no drill. */
function pastDrill(line: string): PastDrill[] {
  try {
    return [JSON.parse(line) as PastDrill]
  } catch {
    return []
  }
}

function recordOf([stamp = '', ...lines]: readonly string[]): DrillRecord {
  const all = (word: string): string[] =>
    lines.filter(line => line.startsWith(`${word} `)).map(line => line.slice(word.length + 1))
  const last = (word: string): string => all(word).at(-1) ?? ''
  const figure = (word: string): number | null => {
    const value = last(word)
    return value === '' || !Number.isFinite(Number(value)) ? null : Number(value)
  }
  return {
    stamp: stamp.trim(),
    backup: last('backup'),
    sha256: last('sha256'),
    decidedAt: figure('decided') ?? 0,
    startedAt: figure('started') ?? 0,
    endedAt: figure('ended'),
    rungs: Object.fromEntries(
      all('rung').map((line): [string, Rung] => {
        const [name = '', state = '', ...words] = line.split(' ')
        return [name, { ok: state === 'ok', words: words.join(' ') }]
      }),
    ),
    seconds: secondsOf(all('phase')),
    recoverySeconds: figure('recovery'),
    tables: all('table').map(readTable),
    migrations: all('migration').map(line => {
      const [app = '', name = ''] = line.split(' ')
      return { app, name }
    }),
    amcheck: last('amcheck'),
    invalid: figure('invalid'),
    behind: figure('behind'),
    newest: figure('newest'),
    liveNewest: figure('live-newest'),
    months: figure('months'),
    monthsDiffer: last('months-differ'),
    left: last('left'),
  }
}

/** What drills have left in Docker: containers, volumes and networks with their label. */
export const drillLeftovers = fact(
  'drill/leftovers',
  async (context): Promise<{ readonly names: readonly string[] }> => {
    const label = `label=${DRILL_LABEL}`
    const result = await context.run(
      sh`
        docker ps -a --filter ${label} --format 'container {{.Names}}' || exit 1
        docker volume ls --filter ${label} --format 'volume {{.Name}}' || exit 1
        docker network ls --filter ${label} --format 'network {{.Name}}' || exit 1
      `,
      { as: 'root' },
    )
    return {
      names: outputOf(result, 'what drills have left')
        .split('\n')
        .filter(line => line !== ''),
    }
  },
)

/** Memory and disk that a drill may take: of the machine, and where Docker keeps its volumes. Bytes. */
export const drillRoom = fact(
  'drill/room',
  async (context): Promise<{ readonly memory: number; readonly disk: number }> => {
    const result = await context.run(
      sh`
        awk '$1 == "MemAvailable:" { print "memory " $2 }' /proc/meminfo
        root=$(docker info --format '{{.DockerRootDir}}') || exit 1
        printf 'disk %s\\n' "$(df -Pk -- "$root" | awk 'END { print $4 }')"
      `,
      { as: 'root' },
    )
    const text = outputOf(result, 'the room for a drill')
    const figure = (word: string) =>
      Number(new RegExp(`^${word} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN) * 1024
    return { memory: figure('memory'), disk: figure('disk') }
  },
)
