/** Local file systems: how full they are, in bytes and in inodes. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface FileSystem {
  readonly mountPoint: string
  /** `ext4`, `xfs`, `overlay`, … */
  readonly type: string
  /** KiB or inodes, by which of the two was asked for. */
  readonly total: number
  readonly used: number
  readonly available: number
  /** Rounded up, as df(1) does: what is used of what an ordinary user can use. */
  readonly usedPercent: number
}

/** File systems in KiB. Network mounts are left out: one that hangs would hold everything up (goss #877). */
export const diskSpace = fact('disk-space', async (context): Promise<readonly FileSystem[]> => {
  const result = await context.run(sh`timeout 10 df -l -P -T -k`)
  return parseDf(outputOf(result, 'disk space', [0, 1]))
})

/** File systems in inodes. Those that have no fixed number of them (btrfs) are left out. */
export const inodes = fact('inodes', async (context): Promise<readonly FileSystem[]> => {
  const result = await context.run(sh`timeout 10 df -l -P -T -i`)
  return parseDf(outputOf(result, 'inodes', [0, 1])).filter(({ total }) => total > 0)
})

/** Kinds that fill up without harm, or that are full by design. */
const WITHOUT_SPACE = new Set([
  'autofs',
  'devtmpfs',
  'efivarfs',
  'fuse.lxcfs',
  'iso9660',
  'ramfs',
  'squashfs',
  'tmpfs',
  'udf',
])

/**
 * What `df -P -T` printed. An overlay counts only as the root: everywhere else it is a container's view of a
 * file system that is listed already.
 *
 * @throws Unreadable when there is no heading, or no root file system.
 */
export function parseDf(text: string): FileSystem[] {
  const [heading = '', ...lines] = text.trim().split('\n')
  if (!/^Filesystem\s+Type\s/.test(heading)) throw new Unreadable('df printed no table')
  const found = lines.flatMap(line => parseLine(line))
  if (!found.some(({ mountPoint }) => mountPoint === '/'))
    throw new Unreadable('df listed no root file system')
  return found.filter(
    ({ type, mountPoint }) => !WITHOUT_SPACE.has(type) && (type !== 'overlay' || mountPoint === '/'),
  )
}

function parseLine(line: string): FileSystem[] {
  const match = /^.+?\s+(\S+)\s+(\d+|-)\s+(\d+|-)\s+(\d+|-)\s+(\d+%|-)\s+(\/.*)$/.exec(line)
  if (!match) return []
  const [, type = '', total, used, available, percent, mountPoint = ''] = match
  const number = (value: string | undefined) => Number.parseInt(value ?? '', 10) || 0
  return [
    {
      mountPoint,
      type,
      total: number(total),
      used: number(used),
      available: number(available),
      usedPercent: number(percent),
    },
  ]
}
