/** The state of apt itself: who holds its locks, whether dpkg is in one piece, how old its lists are, what it does daily. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { WITHOUT_CACHE_FILES } from './apt-cache.ts'

export interface AptLock {
  readonly path: string
  readonly pid: number
  /** The holder's command line. */
  readonly command: string
  /** Seconds since the holder started. */
  readonly ageSeconds: number
}

export interface PackageLists {
  /** Hours since the lists were last fetched; null when there are none. */
  readonly ageHours: number | null
  /** Index files that the configured sources name and that are not there: `mirror_dists_…_InRelease`. */
  readonly missing: readonly string[]
}

/** Touched after a fetch of the lists in which no source failed (Ubuntu's update-notifier keeps the same file). */
export const FETCHED_STAMP = '/var/lib/apt/periodic/update-success-stamp'

/** The lock files of dpkg and apt; who holds the first keeps everybody else out. */
export const LOCKS = [
  '/var/lib/dpkg/lock-frontend',
  '/var/lib/dpkg/lock',
  '/var/lib/apt/lists/lock',
  '/var/cache/apt/archives/lock',
]

/** Locks held now. The kernel's own table is read, since fuser and lslocks are not installed everywhere. */
export const aptLocks = fact('apt-locks', async (context): Promise<readonly AptLock[]> => {
  const result = await context.run(
    sh`
      for path in ${LOCKS}; do
        [ ! -e "$path" ] || stat -c 'file %i %n' -- "$path"
      done
      cat /proc/locks
    `,
    { as: 'root' },
  )
  const holders = parseLocks(outputOf(result, 'the locks of apt'))
  return Promise.all(
    holders.map(async ({ path, pid }) => {
      const who = await context.run(
        sh`
          echo $(( $(date +%s) - $(stat -c %Y /proc/${pid}) ))
          tr '\\0' ' ' < /proc/${pid}/cmdline
        `,
        { as: 'root' },
      )
      const [age = '0', command = ''] = who.exitCode === 0 ? who.stdout.split('\n') : []
      return {
        path,
        pid,
        command: command.trim() || 'a process that is gone by now',
        ageSeconds: Number(age),
      }
    }),
  )
})

/**
 * Lines `file INODE PATH`, then /proc/locks: `1: POSIX ADVISORY WRITE PID MAJOR:MINOR:INODE START END`, with `->`
 * before those that only wait. A process id of 0 or less lies outside this system and holds none of its locks.
 */
export function parseLocks(text: string): { path: string; pid: number }[] {
  const paths = new Map<string, string>()
  const found = new Map<string, { path: string; pid: number }>()
  for (const line of text.split('\n')) {
    const file = /^file (\d+) (.+)$/.exec(line)
    if (file?.[1] !== undefined && file[2] !== undefined) paths.set(file[1], file[2])
    const lock = /^\d+: (?:POSIX|OFDLCK|FLOCK)\s+\S+\s+\S+\s+(-?\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line)
    const path = paths.get(lock?.[2] ?? '')
    const pid = Number(lock?.[1])
    if (path !== undefined && pid > 0) found.set(path, { path, pid })
  }
  return [...paths.values()].flatMap(path => found.get(path) ?? [])
}

/** What dpkg says of packages that are not completely installed; empty when all are. */
export const dpkgAudit = fact('dpkg-audit', async (context): Promise<string> => {
  // dpkg(1): exit status 1 means that it found something and said so.
  const result = await context.run(sh`dpkg --audit`, { as: 'root' })
  return outputOf(result, 'the state of dpkg', [0, 1]).trim()
})

/**
 * How old the package lists are. Their folder changes when a fetch brought something new, and mirrors sign their
 * security archives anew every day. The stamp is Ubuntu's for a fetch that succeeded, and ours. The folder
 * `partial` proves nothing: apt touches it also when no mirror answers. The lists' own dates are the mirror's.
 */
export const packageLists = fact('package-lists', async (context): Promise<PackageLists> => {
  const result = await context.run(
    sh`
      ls -1 /var/lib/apt/lists
      newest=$(stat -c %Y /var/lib/apt/lists ${FETCHED_STAMP} 2>/dev/null | sort -n | tail -n 1)
      echo "age $(( $(date +%s) - newest ))"
      apt-get -o Debug::NoLocking=true ${WITHOUT_CACHE_FILES} --print-uris update
    `,
    { as: 'root', timeoutSeconds: 30 },
  )
  return parseLists(outputOf(result, 'the package lists'))
})

/** @throws Unreadable when the age is not in it. */
export function parseLists(text: string): PackageLists {
  const [names = '', rest = ''] = text.split(/^age (?=-?\d+$)/m)
  const age = Number.parseInt(rest, 10)
  if (Number.isNaN(age)) throw new Unreadable('the age of the package lists could not be read')
  const there = new Set(names.split('\n').filter(Boolean))
  const wanted = [...rest.matchAll(/^'[^']*' (\S+_InRelease) /gm)].map(([, name = '']) => name)
  const missing = wanted.filter(
    name => !there.has(name) && !there.has(name.replace(/_InRelease$/, '_Release')),
  )
  const any = [...there].some(name => /_Packages(\.|$)/.test(name))
  return { ageHours: any ? age / 3600 : null, missing }
}

/** apt's configuration in force below one name, as `NAME → value`; a list's members stand under `NAME::`, joined by newlines. */
export const aptConfiguration = fact(
  'apt-configuration',
  async (context, root: string): Promise<ReadonlyMap<string, string>> => {
    return parseAptConfig(
      outputOf(await context.run(sh`apt-config dump ${root}`), 'the configuration of apt'),
    )
  },
)

/** Lines `NAME "value";` of apt-config(8). */
export function parseAptConfig(text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const [, name = '', value = ''] of text.matchAll(/^(\S+) "(.*)";$/gm)) {
    const before = values.get(name)
    values.set(name, name.endsWith('::') && before !== undefined ? `${before}\n${value}` : value)
  }
  return values
}
