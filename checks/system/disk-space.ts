import { z } from 'zod'
import { diskSpace, type FileSystem, inodes } from '../../src/facts/disks.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { outputOf, Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, type Verdict, type VerdictDetails, warn } from '../../src/model/verdict.ts'
import { gibibytes } from './amounts.ts'

const noParams = z.object({})

/** Below this, deleting downloads would look like help and be none. */
const WORTH_DELETING_KIB = 10 * 1024

/** Downloaded packages are the one thing on a server that is always safe to delete. */
export const cleanPackageCache = remedy({
  id: 'system/clean-package-cache',
  title: 'Delete downloaded package files',
  why: 'apt keeps what it has downloaded. The installed programs do not need those files.',
  risk: 'None for what is installed. A package that is installed again has to be downloaded again.',
  grade: 'reversible',
  params: noParams,
  async plan({ run }) {
    const cache = await run(sh`du -sk /var/cache/apt/archives`, { as: 'root' })
    const kibibytes = Number.parseInt(outputOf(cache, 'the size of the package cache'), 10)
    if (kibibytes < WORTH_DELETING_KIB)
      throw new Unreadable(
        'there are hardly any downloaded packages to delete: something else fills the disk',
      )
    return {
      actions: [runAction('Delete downloaded package files', sh`apt-get clean`)],
      touches: [`/var/cache/apt/archives (${gibibytes(kibibytes * 1024)} now)`],
      undo: 'Nothing to undo: apt downloads a package file again when it needs it.',
      expectedSeconds: 2,
    }
  },
})

export const diskHasSpace = check({
  id: 'system/disk-space',
  title: 'Every disk has space left',
  why: 'A full disk stops PostgreSQL, breaks package upgrades half way, and makes the next deploy fail while it pulls images.',
  params: noParams,
  remedies: [cleanPackageCache],
  async probe({ read, policy }) {
    const systems = await read(diskSpace)
    const holder = systems
      .filter(({ mountPoint }) => isBelow('/var/cache/apt/archives', mountPoint))
      .reduce((a, b) => (b.mountPoint.length > a.mountPoint.length ? b : a))
    return judge(systems, policy.diskUsedWarnPercent, policy.diskUsedFailPercent, 'space', {
      remedies: holder.usedPercent >= policy.diskUsedWarnPercent ? [cleanPackageCache] : [],
      advice:
        'See what fills it: `du -xh --max-depth=2 / | sort -h | tail -20` and, with Docker, `docker system df`.',
    })
  },
})

export const inodesLeft = check({
  id: 'system/inodes',
  title: 'Every disk has inodes left',
  why: 'Each file takes an inode. When they run out, nothing can be created although df shows free space, and the error says "No space left on device".',
  params: noParams,
  async probe({ read, policy }) {
    const systems = await read(inodes)
    // df sees only file systems with a fixed number of inodes; where there is none, none can run out.
    if (systems.length === 0) return pass('the file systems here make inodes as they need them')
    return judge(systems, policy.inodesUsedWarnPercent, policy.inodesUsedFailPercent, 'inodes', {
      advice: 'See which folder holds most files: `du --inodes -x --max-depth=3 / | sort -n | tail -20`.',
    })
  },
})

function isBelow(path: string, mountPoint: string): boolean {
  return mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`)
}

function judge(
  systems: readonly FileSystem[],
  warnAt: number,
  failAt: number,
  what: string,
  help: VerdictDetails,
): Verdict {
  const [fullest] = [...systems].sort((a, b) => b.usedPercent - a.usedPercent)
  if (fullest === undefined) return pass(`no disk counts ${what}`)
  const details = {
    measured: systems.map(({ mountPoint, usedPercent }) => `${mountPoint} ${usedPercent} %`).join(', '),
    expected: `below ${warnAt} % used`,
  }
  const summary = `${fullest.mountPoint} has used ${fullest.usedPercent} % of its ${what}`
  if (fullest.usedPercent >= failAt) return fail(summary, { ...details, ...help })
  if (fullest.usedPercent >= warnAt) return warn(summary, { ...details, ...help })
  return pass(summary, details)
}
