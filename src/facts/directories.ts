/** Directories: what stands at a path, whose it is, and how full the file system under it is. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

/** What stands at one path, the path itself and not what a link leads to. */
export interface PathEntry {
  readonly path: string
  /** As `stat` names it: `directory`, `symbolic link`, `regular file` … */
  readonly kind: string
  readonly user: string
  readonly group: string
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
}

export interface DirectoryState {
  /** Null when nothing is there. */
  readonly entry: PathEntry | null
  /** Where the path leads with all links followed. */
  readonly resolved: string
  /** The directories above it that exist, nearest first, `/` last. */
  readonly above: readonly PathEntry[]
}

/** @throws Unreadable when the path could not be looked at. */
export const directoryState = fact(
  'directory/state',
  async (context, path: string): Promise<DirectoryState> => {
    const result = await context.run(
      sh`
      path=${path}
      readlink -m -- "$path" || exit
      while :; do
        if [ -e "$path" ] || [ -L "$path" ]; then
          stat -c '%a %U %G %F|%n' -- "$path" || exit
        fi
        [ "$path" != / ] || break
        path=$(dirname -- "$path")
      done
    `,
      { as: 'root' },
    )
    return parseDirectoryState(outputOf(result, path), path)
  },
)

/** Reads a resolved path, then `mode user group kind|path` lines from the path itself up to the root. */
export function parseDirectoryState(text: string, path: string): DirectoryState {
  const [resolved = '', ...lines] = text.split('\n').filter(line => line !== '')
  const entries = lines.map((line): PathEntry => {
    const match = /^([0-7]+) (\S+) (\S+) ([^|]+)\|(\/.*)$/.exec(line)
    if (!match) throw new Unreadable(`${path} could not be read: stat said “${line}”`)
    const [, mode = '', user = '', group = '', kind = '', name = ''] = match
    return { path: name, kind, user, group, mode: Number.parseInt(mode, 8) }
  })
  if (!resolved.startsWith('/') || entries.at(-1)?.path !== '/') {
    throw new Unreadable(`${path} could not be read: stat gave no answer for /`)
  }
  const plain = path.length > 1 ? path.replace(/\/+$/, '') : path
  const entry = entries.find(candidate => candidate.path.replace(/(.)\/+$/, '$1') === plain) ?? null
  return { entry, resolved, above: entries.filter(candidate => candidate !== entry) }
}

/** How full the file system under a path is. */
export interface SpaceAt {
  readonly device: string
  readonly mountedOn: string
  /** Bytes for everyone but root: the size that percentages are of is `used + available`. */
  readonly usedBytes: number
  readonly availableBytes: number
  /** 0 to 100, rounded up as df does. */
  readonly usedPercent: number
  /** 0 to 100; null where the file system makes inodes as it needs them (btrfs). */
  readonly inodesUsedPercent: number | null
}

/** @throws Unreadable when df gave no answer in time (a network file system that hangs, say). */
export const spaceAt = fact('directory/space', async (context, path: string): Promise<SpaceAt> => {
  const [blocks, inodes] = await Promise.all([
    context.run(sh`timeout 15 df -P -B1 -- ${path}`, { as: 'root' }),
    context.run(sh`timeout 15 df -P -i -- ${path}`, { as: 'root' }),
  ])
  return parseSpace(outputOf(blocks, `the space at ${path}`), outputOf(inodes, `the inodes at ${path}`))
})

/** Reads `df -P -B1` and `df -P -i` of one path. @throws Unreadable when either is no such table. */
export function parseSpace(blocks: string, inodes: string): SpaceAt {
  const space = tableRow(blocks)
  const files = tableRow(inodes)
  return {
    device: space.device,
    mountedOn: space.mountedOn,
    usedBytes: Number(space.used),
    availableBytes: Number(space.available),
    usedPercent: Number(space.percent.replace('%', '')),
    inodesUsedPercent: files.percent === '-' ? null : Number(files.percent.replace('%', '')),
  }
}

function tableRow(text: string) {
  const line = text.trim().split('\n')[1] ?? ''
  const match = /^(\S.*?)\s+(\d+|-)\s+(\d+|-)\s+(\d+|-)\s+(\d+%|-)\s+(\/.*)$/.exec(line)
  if (!match) throw new Unreadable(`df gave an answer that could not be read: “${line}”`)
  const [, device = '', , used = '', available = '', percent = '', mountedOn = ''] = match
  return { device, used, available, percent, mountedOn }
}
