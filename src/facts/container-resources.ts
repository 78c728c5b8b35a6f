/** What each container uses of what it may use, read from its control group: `docker stats` takes two seconds for it. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { stackContainers } from './containers.ts'
import { sectionsOf } from './sections.ts'

export interface ContainerResources {
  /** Bytes that it cannot give back: without the cache of files. */
  readonly memoryUsed: number
  /** Bytes; 0 without a limit. */
  readonly memoryLimit: number
  /** Processes of it that were killed for want of memory since it started; null where the kernel does not count. */
  readonly memoryKills: number | null
  /** Processors that it may use at most; null without a limit. */
  readonly processors: number | null
  /** Share of the periods in which it was held back by that limit, 0 to 1, since it started. */
  readonly throttled: number
}

/** By container id; those that do not run are not in it. */
export const containerResources = fact(
  'stack/container-resources',
  async (context, composeFile: string): Promise<ReadonlyMap<string, ContainerResources>> => {
    const containers = await context.read(stackContainers, composeFile)
    const running = containers.filter(({ processId }) => processId > 0)
    if (running.length === 0) return new Map()
    const words = running.map(({ id, processId }) => `${id}:${processId}`)
    const result = await context.run(
      sh`
        for entry in ${words}; do
          process=\${entry#*:}
          [ -d "/proc/$process/root" ] || continue
          group=/proc/$process/root/sys/fs/cgroup
          if [ -e "$group/memory.current" ]; then
            set -- memory.current memory.max cpu.max memory.stat memory.events cpu.stat
            inactive=inactive_file
          else
            set -- memory/memory.usage_in_bytes memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us \\
              memory/memory.stat memory/memory.oom_control cpu/cpu.stat
            inactive=total_inactive_file
          fi
          # A kernel need not have all of them, and awk ends at the first file that is not there.
          files=
          for file in "$@"; do [ ! -r "$group/$file" ] || files="$files $group/$file"; done
          [ -n "$files" ] || continue
          awk -v id="\${entry%%:*}" -v inactive="$inactive" '
            BEGIN { print "== " id }
            FNR == 1 { file = FILENAME; sub(/.*\\//, "", file) }
            file == "memory.current" || file == "memory.usage_in_bytes" { print "used", $1 }
            file == "memory.max" || file == "memory.limit_in_bytes" { print "limit", $1 }
            file == "cpu.max" { print "quota", $1, $2 }
            file == "cpu.cfs_quota_us" { quota = $1 }
            file == "cpu.cfs_period_us" { print "quota", quota, $1 }
            file == "memory.stat" && $1 == inactive { print "inactive_file", $2 }
            (file == "memory.events" || file == "memory.oom_control") && $1 == "oom_kill" { print }
            file == "cpu.stat" && ($1 == "nr_periods" || $1 == "nr_throttled") { print }
          ' $files
        done
        true
      `,
      { as: 'root' },
    )
    return parseResources(outputOf(result, 'what the containers use'))
  },
)

/** A limit of control groups version 1 that means none (the largest multiple of a page in 63 bits). */
const NO_LIMIT = 2 ** 62

/** Reads one section a container. */
export function parseResources(text: string): Map<string, ContainerResources> {
  const found = new Map<string, ContainerResources>()
  for (const [id, lines] of sectionsOf(text)) {
    const value = (name: string): string | undefined =>
      lines.find(line => line.startsWith(`${name} `))?.slice(name.length + 1)
    const number = (name: string): number => Number(value(name) ?? Number.NaN) || 0
    const used = Number(value('used'))
    if (Number.isNaN(used)) continue
    const limit = Number(value('limit'))
    const [quota = 'max', period = '100000'] = (value('quota') ?? 'max').split(' ')
    const kills = value('oom_kill')
    const periods = number('nr_periods')
    found.set(id, {
      memoryUsed: Math.max(0, used - number('inactive_file')),
      memoryLimit: Number.isNaN(limit) || limit > NO_LIMIT ? 0 : limit,
      memoryKills: kills === undefined ? null : Number(kills),
      processors: Number(quota) > 0 ? Number(quota) / Number(period) : null,
      throttled: periods === 0 ? 0 : number('nr_throttled') / periods,
    })
  }
  return found
}
