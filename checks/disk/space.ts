/** Disks, and how room is made on them: in a safe order, with the bytes of each item in the plan. */

import { containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { diskHogs, foreignFiles, type Hog, rotatedLogs } from '../../src/facts/disk-hogs.ts'
import { diskSpace, type FileSystem } from '../../src/facts/disks.ts'
import { lastingAction, runAction } from '../../src/model/action.ts'
import { check, type ReadContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { Policy } from '../../src/model/policy.ts'
import { remedy } from '../../src/model/remedy.ts'
import { type Script, sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { type ServiceParams, serviceParams, symptomsOf } from '../services/roles.ts'
import { settle } from '../services/settle.ts'

interface Context {
  readonly read: ReadContext['read']
  readonly params: ServiceParams
  readonly policy: Policy
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`

/** Below this, deleting would look like help and be none. */
const WORTH_IT = 5 * 2 ** 20

/** The file system that a path lies on: the one with the longest mount point. */
export function holderOf(systems: readonly FileSystem[], path: string): FileSystem | undefined {
  return systems
    .filter(
      ({ mountPoint }) => mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`),
    )
    .sort((a, b) => b.mountPoint.length - a.mountPoint.length)[0]
}

const tooFull = (systems: readonly FileSystem[], policy: Policy): FileSystem[] =>
  systems
    .filter(({ usedPercent }) => usedPercent >= policy.diskUsedWarnPercent)
    .sort((a, b) => b.usedPercent - a.usedPercent)

/** The safest first: what can be fetched again, then what was rotated away, then what only helps to look back. */
const ORDER: readonly { readonly kind: string; readonly title: string; readonly script: Script }[] = [
  { kind: 'packages', title: 'Delete downloaded package files', script: sh`apt-get clean` },
  { kind: 'rotated-logs', title: 'Delete logs that were rotated away', script: sh`${rotatedLogs} -delete` },
  {
    kind: 'crashes',
    title: 'Delete reports of crashes',
    script: sh`rm -rf /var/crash/* /var/lib/systemd/coredump/*`,
  },
  {
    kind: 'journal',
    title: 'Shorten the journal to a week',
    script: sh`journalctl --rotate --vacuum-time=7d`,
  },
]

/** What could go from the disks that are too full. */
async function worthDeleting({ read, policy }: Context): Promise<Hog[]> {
  const systems = await read(diskSpace)
  const full = new Set(tooFull(systems, policy).map(({ mountPoint }) => mountPoint))
  const hogs = await read(diskHogs)
  return hogs.filter(
    ({ path, bytes }) => bytes >= WORTH_IT && full.has(holderOf(systems, path)?.mountPoint ?? ''),
  )
}

export const makeRoom = remedy({
  id: 'disk/make-room',
  title: 'Make room, the safest things first',
  why: 'Package files can be fetched again, and rotated logs are read by nobody. Images stay, as the last one is the way back, and so does every volume.',
  risk: 'Old logs are gone: copy what you still want to read.',
  grade: 'disruptive',
  params: serviceParams,
  async plan(context) {
    const hogs = await worthDeleting(context)
    if (hogs.length === 0)
      throw new Unreadable('nothing on that disk is safe to delete: something else fills it')
    const steps = ORDER.filter(({ kind }) => hogs.some(hog => hog.kind === kind))
    return {
      actions: steps.map(({ kind, title, script }) =>
        lastingAction(`${title} (${megabytes(hogs.find(hog => hog.kind === kind)?.bytes ?? 0)})`, script, {
          timeoutSeconds: 300,
        }),
      ),
      touches: hogs.map(({ path, bytes }) => `${path}: ${megabytes(bytes)}`),
      undo: 'There is no way back for the logs; packages are downloaded again when they are needed',
      expectedSeconds: 5,
    }
  },
})

/** The database’s volumes on the host. Docker may not answer, and then they are not looked at. */
async function databaseVolumes({ read, params }: Pick<Context, 'read' | 'params'>): Promise<string[]> {
  try {
    const containers = await read(stackContainers, params.composeFile)
    const database = containerOfService(containers, params.databaseService)
    return (database?.mounts ?? [])
      .filter(({ type, writable }) => type === 'volume' && writable)
      .map(({ source }) => source)
  } catch {
    return []
  }
}

async function strangers(context: Context): Promise<{ path: string; bytes: number }[]> {
  const { read, policy } = context
  const systems = await read(diskSpace)
  const full = new Set(tooFull(systems, policy).map(({ mountPoint }) => mountPoint))
  const volumes = (await databaseVolumes(context)).filter(path =>
    full.has(holderOf(systems, path)?.mountPoint ?? ''),
  )
  const found = await Promise.all(volumes.map(volume => read(foreignFiles, volume)))
  return found.flat().filter(({ bytes }) => bytes >= WORTH_IT)
}

/** Where things go that are in the way: they are moved and not deleted. */
const ASIDE = '/var/lib/kneeboard/moved-aside'

export const moveAside = remedy({
  id: 'disk/move-aside',
  title: 'Move what is no part of the database to another disk',
  why: 'Somebody has put files into PostgreSQL’s own directory. PostgreSQL does not need them, and needs their room.',
  risk: 'Whoever put them there will look for them: they keep their names, and the plan says where they are.',
  grade: 'reversible',
  params: serviceParams,
  async plan(context) {
    const { read, params, policy } = context
    const found = await strangers(context)
    if (found.length === 0) throw new Unreadable('everything in the database’s directory is its own')
    const needed = found.reduce((sum, { bytes }) => sum + bytes, 0)
    const target = holderOf(await read(diskSpace), ASIDE)
    if (target === undefined || target.available * 1024 < needed * 1.2)
      throw new Unreadable(`${ASIDE} has no room for ${megabytes(needed)}: copy them elsewhere by hand`)
    return {
      actions: [
        lastingAction(
          `Move ${found.map(({ path }) => path.split('/').at(-1)).join(', ')} to ${ASIDE}`,
          sh`
            set -e
            mkdir -p -m 700 ${ASIDE}
            for path in ${found.map(({ path }) => path)}; do
              name=\${path##*/}
              [ ! -e ${ASIDE}/"$name" ] || name=$name.$(date +%s)
              mv -- "$path" ${ASIDE}/"$name"
            done
          `,
          { timeoutSeconds: 900 },
        ),
        runAction('Let PostgreSQL notice', sh`sleep 2`),
        settle(params.composeFile, policy.recreateWaitSeconds),
      ],
      touches: found.map(({ path, bytes }) => `${path}: ${megabytes(bytes)}`),
      undo: `mv ${ASIDE}/… back to where they were`,
      expectedSeconds: 10,
    }
  },
})

export const diskHasSpace = check({
  id: 'disk/space',
  title: 'Every disk has space left',
  why: 'A full disk stops PostgreSQL, makes Redis refuse every write, and breaks what is half way.',
  params: serviceParams,
  explains: [
    ...symptomsOf('database', 'redis'),
    'postgres/takes-writes',
    'redis/saves',
    'backend/database',
    'backend/cache',
  ],
  remedies: [moveAside, makeRoom],
  async probe(context) {
    const { read, policy } = context
    const systems = await read(diskSpace)
    const [fullest] = tooFull(systems, policy)
    const details = {
      measured: systems.map(({ mountPoint, usedPercent }) => `${mountPoint} ${usedPercent} %`).join(', '),
      expected: `below ${policy.diskUsedWarnPercent} % used`,
    }
    if (fullest === undefined) {
      const most = Math.max(...systems.map(({ usedPercent }) => usedPercent))
      return pass(`the fullest disk has used ${most} %`, details)
    }
    const foreign = await strangers(context)
    const hogs = await worthDeleting(context)
    const biggest =
      foreign[0] === undefined
        ? ''
        : `; ${foreign[0].path} with ${megabytes(foreign[0].bytes)} is no part of the database`
    const verdict = fullest.usedPercent >= policy.diskUsedFailPercent ? fail : warn
    return verdict(`${fullest.mountPoint} has used ${fullest.usedPercent} % of its space${biggest}`, {
      ...details,
      telling: fullest.mountPoint,
      remedies: [...(foreign.length > 0 ? [moveAside] : []), ...(hogs.length > 0 ? [makeRoom] : [])],
      advice: `See what fills it: du -xh --max-depth=2 ${fullest.mountPoint} | sort -h | tail -20`,
    })
  },
})
