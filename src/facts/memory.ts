/** Memory, swap and processors. Sizes in bytes. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface Memory {
  /** What the system may use: the smaller of what is fitted and what a container is allowed. */
  readonly totalBytes: number
  readonly availableBytes: number
  /** Processors that are online for this system. */
  readonly processors: number
}

export interface SwapArea {
  readonly path: string
  readonly kind: 'file' | 'partition'
  readonly bytes: number
}

export const memory = fact('memory', async (context): Promise<Memory> => {
  const result = await context.run(sh`cat /proc/meminfo && getconf _NPROCESSORS_ONLN`)
  const limit = await context.run(
    sh`cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || true`,
  )
  const text = outputOf(result, 'memory and processors')
  const processors = Number(text.trim().split('\n').at(-1))
  if (!Number.isInteger(processors) || processors < 1)
    throw new Unreadable('the number of processors could not be read')
  const { totalBytes, availableBytes } = parseMeminfo(text)
  return { totalBytes: Math.min(totalBytes, parseLimit(limit.stdout)), availableBytes, processors }
})

/** The swap areas in use, from /proc/swaps. */
export const swapAreas = fact('swap-areas', async (context): Promise<readonly SwapArea[]> => {
  return parseSwaps(outputOf(await context.run(sh`cat /proc/swaps`), 'the swap areas'))
})

/** @throws Unreadable when the text is not that of /proc/meminfo. */
export function parseMeminfo(text: string): { totalBytes: number; availableBytes: number } {
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1])
  const total = kibibytes('MemTotal')
  const available = kibibytes('MemAvailable')
  if (!(total > 0)) throw new Unreadable('/proc/meminfo holds no MemTotal')
  return { totalBytes: total * 1024, availableBytes: (available || 0) * 1024 }
}

/** The smallest limit of a control group in bytes; `max` and the 64-bit maximum of version 1 mean none. */
export function parseLimit(text: string): number {
  const limits = text.split('\n').map(line => (/^\d+$/.test(line.trim()) ? Number(line) : Infinity))
  return Math.min(Infinity, ...limits)
}

/** /proc/swaps: a heading, then `path type size used priority`, the size in KiB, spaces in paths as `\040`. */
export function parseSwaps(text: string): SwapArea[] {
  const [heading = '', ...lines] = text.split('\n')
  if (!heading.startsWith('Filename')) throw new Unreadable('/proc/swaps has no heading')
  return lines.flatMap(line => {
    const [path, kind, size] = line.split(/\s+/)
    if (path === undefined || size === undefined) return []
    const area: SwapArea = {
      path: path.replaceAll('\\040', ' '),
      kind: kind === 'file' ? 'file' : 'partition',
      bytes: Number(size) * 1024,
    }
    return [area]
  })
}
