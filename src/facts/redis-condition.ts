/** Redis as broker and cache, asked once in its container. The password is the container’s own and is never printed. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { containerOfService, insideContainer, stackContainers } from './containers.ts'
import { sayFunction, sectionsOf } from './sections.ts'

export interface RedisCondition {
  /** What it says to PING: `PONG`, or its error. */
  readonly ping: string
  /** `INFO` by its field names. */
  readonly info: Readonly<Record<string, string>>
  /** `CONFIG GET`: what is in force. */
  readonly settings: Readonly<Record<string, string>>
  /** What its command line said when it started: options without the dashes. The password is not among them. */
  readonly started: Readonly<Record<string, string>>
  /** Tasks that wait, over all of Celery’s priorities. */
  readonly queued: number
  /** Tasks that a worker has taken and not finished. */
  readonly unacknowledged: number
  /** Seconds since the epoch at which the oldest of those was taken; null when there is none. */
  readonly oldestTaken: number | null
  /** Connections: where from, in which state, and the last command. */
  readonly clients: readonly {
    readonly address: string
    readonly flags: string
    readonly idleSeconds: number
    readonly command: string
  }[]
  /** Seconds since the epoch by Redis’ own clock. */
  readonly now: number
}

/** Celery’s priorities 0, 3, 6 and 9 each have a list of their own (kombu: `queue\x06\x16priority`). */
const PRIORITIES = [3, 6, 9]

const INSIDE = (queue: string, database: number) => sh`
  ${sayFunction}
  # The password as Redis was given it: by its environment, or on its command line, which only the container sees.
  if [ -z "\${REDISCLI_AUTH:-}" ]; then
    REDISCLI_AUTH=$(tr '\\0' '\\n' </proc/1/cmdline | sed -n '/^--requirepass$/{n;p;}')
    [ -n "$REDISCLI_AUTH" ] || REDISCLI_AUTH=\${REDIS_PASSWORD:-}
  fi
  if [ -n "$REDISCLI_AUTH" ]; then export REDISCLI_AUTH; else unset REDISCLI_AUTH; fi
  say started
  tr '\\0' '\\n' </proc/1/cmdline | awk '
    /^--/ { name = substr($0, 3); next }
    name != "" { if (name !~ /pass|user|auth/) print name, $0; name = "" }'
  say ping; redis-cli PING 2>&1
  # A word of priority: kombu separates name and priority by two control characters.
  mark=$(printf '\\006\\026')
  redis-cli -n ${database} <<END 2>&1 | tr -d '\\r' | awk '
    /^== / { section = $2; print; next }
    section == "info" && !/^(loading|role|maxclients|connected_clients|used_memory|rdb_last_bgsave_status|aof_last_write_status|aof_last_bgrewrite_status):/ { next }
    section == "clients" {
      line = ""
      for (at = 1; at <= NF; at++) if ($at ~ /^(id|addr|idle|flags|cmd)=/) line = line $at " "
      print line; next
    }
    { print }'
ECHO "== info"
INFO
ECHO "== settings"
CONFIG GET maxmemory*
CONFIG GET appendonly
ECHO "== queued"
LLEN ${queue}
${{ text: PRIORITIES.map(priority => `LLEN "${queue}\${mark}${priority}"`).join('\n') }}
ECHO "== unacknowledged"
HLEN unacked
ECHO "== oldest"
ZRANGE unacked_index 0 0 WITHSCORES
ECHO "== clients"
CLIENT LIST TYPE normal
ECHO "== now"
TIME
END
`

/** @throws Unreadable when its container does not run, or has no redis-cli. */
export const redisCondition = fact(
  'redis/condition',
  async (
    context,
    composeFile: string,
    service: string,
    queue: string,
    database: number,
  ): Promise<RedisCondition> => {
    const container = containerOfService(await context.read(stackContainers, composeFile), service)
    if (container?.status !== 'running') throw new Unreadable(`the container of ${service} does not run`)
    const result = await context.run(insideContainer(container, INSIDE(queue, database)), { as: 'root' })
    return parseRedis(outputOf(result, 'the state of Redis', [0, 1]))
  },
)

/** Reads what the script printed. @throws Unreadable when there is no answer to PING. */
export function parseRedis(text: string): RedisCondition {
  const sections = sectionsOf(text.replaceAll('\r', ''))
  const lines = (name: string): readonly string[] => sections.get(name) ?? []
  const [ping] = lines('ping')
  if (ping === undefined) throw new Unreadable('the state of Redis could not be read: redis-cli said nothing')
  const settings: Record<string, string> = {}
  const pairs = lines('settings')
  for (let index = 0; index + 1 < pairs.length; index += 2)
    settings[pairs[index] as string] = pairs[index + 1] as string
  const sum = (name: string): number => lines(name).reduce((total, line) => total + (Number(line) || 0), 0)
  const [, score] = lines('oldest')
  return {
    ping,
    info: Object.fromEntries(
      lines('info').flatMap(line => {
        const [, name, value] = /^([a-z0-9_]+):(.*)$/.exec(line) ?? []
        return name === undefined ? [] : [[name, value ?? '']]
      }),
    ),
    settings,
    started: Object.fromEntries(
      lines('started').map(line => [line.split(' ')[0] ?? '', line.split(' ').slice(1).join(' ')]),
    ),
    queued: sum('queued'),
    unacknowledged: sum('unacknowledged'),
    oldestTaken: score === undefined ? null : Number(score),
    clients: lines('clients').flatMap(line => {
      const field = (name: string): string => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? ''
      if (!line.startsWith('id=')) return []
      return [
        {
          address: field('addr').replace(/:\d+$/, ''),
          flags: field('flags'),
          idleSeconds: Number(field('idle')),
          command: field('cmd'),
        },
      ]
    }),
    now: Number(lines('now')[0] ?? Number.NaN),
  }
}

/** Bytes of Redis’ own way to write them: `256mb` is 256 × 1024², `256m` 256 × 1000². NaN for anything else. */
export function redisBytes(text: string): number {
  const [, number, unit = ''] = /^(\d+)\s*([kmg]b?|b)?$/i.exec(text.trim()) ?? []
  if (number === undefined) return Number.NaN
  const power = { '': 0, b: 0, k: 1, m: 2, g: 3 }[unit.toLowerCase().replace(/(?<=.)b$/, '')] ?? 0
  return Number(number) * (/[kmg]b/i.test(unit) ? 1024 : 1000) ** power
}
