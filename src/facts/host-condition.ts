/** How the machine itself is doing, read in one go: load, pressure, memory, tables of the kernel, stuck processes. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { parseMeminfo } from './memory.ts'
import { sayFunction, sectionsOf } from './sections.ts'

/** Share of the last 10, 60 and 300 seconds in which somebody waited for the resource, in percent. */
export interface Pressure {
  /** At least one task waited. */
  readonly some: readonly [number, number, number]
  /** All tasks waited: nothing was done. Zero where the kernel does not tell. */
  readonly full: readonly [number, number, number]
}

/** How much is used of what there is. */
export interface Filled {
  readonly used: number
  readonly most: number
}

export interface HostCondition {
  readonly processors: number
  /** Load averages over 1, 5 and 15 minutes. */
  readonly load: readonly [number, number, number]
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number }
  readonly swap: { readonly totalBytes: number; readonly freeBytes: number }
  /** Null where the kernel keeps no pressure (before 4.20, or switched off). */
  readonly pressure: {
    readonly memory: Pressure | null
    readonly processor: Pressure | null
    readonly disk: Pressure | null
  }
  /** Processes that the kernel has killed for want of memory since it started; null where it does not count. */
  readonly memoryKills: number | null
  readonly openFiles: Filled
  /** Connections that the kernel tracks; null where it tracks none. */
  readonly connections: Filled | null
  readonly processes: Filled
  /** Ended, and never asked for their exit status. */
  readonly zombies: number
  /** Waiting for a disk or a network file system, and not to be interrupted. */
  readonly uninterruptible: number
  /** Local file systems that can no longer be written to, by mount point. */
  readonly readOnly: readonly string[]
  /** Files that are deleted and still held open. */
  readonly deleted: readonly { readonly path: string; readonly bytes: number; readonly processId: number }[]
  readonly uptimeSeconds: number
}

const SCRIPT = sh`
  ${sayFunction}
  say processors; getconf _NPROCESSORS_ONLN
  say load; cat /proc/loadavg
  say memory; grep -E '^(MemTotal|MemAvailable|SwapTotal|SwapFree):' /proc/meminfo
  for kind in memory cpu io; do say "pressure $kind"; cat "/proc/pressure/$kind" 2>/dev/null; done
  say vmstat; grep '^oom_kill ' /proc/vmstat
  say files; cat /proc/sys/fs/file-nr
  say connections
  cat /proc/sys/net/netfilter/nf_conntrack_count /proc/sys/net/netfilter/nf_conntrack_max 2>/dev/null
  say processes; cat /proc/sys/kernel/pid_max; set -- /proc/[0-9]*; echo $#
  say states; cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/.*) \\([DZ]\\) .*/\\1/p'
  # A device that is also mounted writable somewhere is well: the other mount is a bind that somebody wanted so.
  say mounts; awk '$4 !~ /(^|,)ro(,|$)/ { writable[$1] = 1 } { line[NR] = $0; device[NR] = $1; option[NR] = $4 }
    END { for (at = 1; at <= NR; at++) if (option[at] ~ /(^|,)ro(,|$)/ && !(device[at] in writable)) print line[at] }' /proc/mounts
  say deleted
  find /proc/[0-9]*/fd -lname '/* (deleted)' ! -lname '/memfd:*' ! -lname '/dev/*' ! -lname '/SYSV*' -printf '%p %l\\n' 2>/dev/null |
    head -n 100 | while read -r link target; do
      size=$(stat -L -c %s "$link" 2>/dev/null) && printf '%s %s %s\\n' "$size" "$link" "$target"
    done
  say uptime; cat /proc/uptime
`

/** @throws Unreadable when /proc is not Linux’s. */
export const hostCondition = fact('host/condition', async (context): Promise<HostCondition> => {
  return parseHostCondition(outputOf(await context.run(SCRIPT, { as: 'root' }), 'the state of the machine'))
})

/** Reads what the script printed. @throws Unreadable when a part that every Linux has is missing. */
export function parseHostCondition(text: string): HostCondition {
  const sections = sectionsOf(text)
  const lines = (name: string): readonly string[] => sections.get(name) ?? []
  const numbers = (name: string): number[] => lines(name).join(' ').split(/\s+/).map(Number)
  const [processors = 0] = numbers('processors')
  const [one = Number.NaN, five = Number.NaN, fifteen = Number.NaN] = numbers('load')
  const [pidMost = Number.NaN, processes = Number.NaN] = numbers('processes')
  const [filesUsed = Number.NaN, , filesMost = Number.NaN] = numbers('files')
  const [tracked, trackedMost] = numbers('connections')
  const [uptimeSeconds = Number.NaN] = numbers('uptime')
  const known = [processors, one, five, fifteen, pidMost, processes, filesUsed, filesMost, uptimeSeconds]
  if (known.some(Number.isNaN) || processors < 1)
    throw new Unreadable('the state of the machine could not be read: /proc does not say it all')
  const meminfo = lines('memory').join('\n')
  const kills = /^oom_kill (\d+)$/m.exec(lines('vmstat').join('\n'))?.[1]
  const states = lines('states')
  return {
    processors,
    load: [one, five, fifteen],
    memory: parseMeminfo(meminfo),
    swap: { totalBytes: kibibytes(meminfo, 'SwapTotal'), freeBytes: kibibytes(meminfo, 'SwapFree') },
    pressure: {
      memory: parsePressure(lines('pressure memory')),
      processor: parsePressure(lines('pressure cpu')),
      disk: parsePressure(lines('pressure io')),
    },
    memoryKills: kills === undefined ? null : Number(kills),
    openFiles: { used: filesUsed, most: filesMost },
    connections:
      tracked === undefined || trackedMost === undefined ? null : { used: tracked, most: trackedMost },
    processes: { used: processes, most: pidMost },
    zombies: states.filter(state => state === 'Z').length,
    uninterruptible: states.filter(state => state === 'D').length,
    readOnly: readOnlyMounts(lines('mounts')),
    deleted: lines('deleted').flatMap(deletedFile),
    uptimeSeconds,
  }
}

const kibibytes = (meminfo: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0) * 1024

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=29360`. Null for anything else. */
export function parsePressure(lines: readonly string[]): Pressure | null {
  const averages = (kind: string): readonly [number, number, number] | null => {
    const line = lines.find(candidate => candidate.startsWith(`${kind} `))
    const [, ten, sixty, all] = /avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+)/.exec(line ?? '') ?? []
    return ten === undefined ? null : [Number(ten), Number(sixty), Number(all)]
  }
  const some = averages('some')
  return some === null ? null : { some, full: averages('full') ?? [0, 0, 0] }
}

/** File systems that data is kept on. Others (squashfs, an ISO image) are read-only by nature. */
const WRITABLE_KINDS = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'f2fs', 'overlay', 'zfs', 'vfat'])

/** The mount points of lines of /proc/mounts that are read-only and ought not to be. */
function readOnlyMounts(lines: readonly string[]): string[] {
  return lines
    .map(line => line.split(' '))
    .filter(([, , kind = '']) => WRITABLE_KINDS.has(kind))
    .map(([, path = '']) => path.replaceAll('\\040', ' '))
}

function deletedFile(line: string): HostCondition['deleted'] {
  const [, bytes, processId, path] = /^(\d+) \/proc\/(\d+)\/fd\/\d+ (\/.*) \(deleted\)$/.exec(line) ?? []
  return path === undefined ? [] : [{ path, bytes: Number(bytes), processId: Number(processId) }]
}
