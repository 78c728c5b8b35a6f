/** What fills a disk and is safe to take away, with the bytes of each; and what lies where it does not belong. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { sayFunction, sectionsOf } from './sections.ts'

/** One kind of thing that could go. */
export interface Hog {
  /** `packages`, `journal`, `rotated-logs`, `crashes`, `build-cache`. */
  readonly kind: string
  /** The directory whose file system gets the bytes back. */
  readonly path: string
  readonly bytes: number
}

/** Logs that were rotated away: nobody writes to them any more. */
export const rotatedLogs = sh`find /var/log -xdev -type f \\( -name '*.gz' -o -name '*.xz' -o -name '*.old' -o -name '*.[0-9]' -o -name '*.[0-9][0-9]' \\)`

/** @throws Unreadable when the directories cannot be looked at. */
export const diskHogs = fact('disk/hogs', async (context): Promise<readonly Hog[]> => {
  const result = await context.run(
    sh`
      ${sayFunction}
      say packages; du -xsk /var/cache/apt/archives 2>/dev/null
      say journal; du -xsk /var/log/journal 2>/dev/null
      say rotated-logs; ${rotatedLogs} -exec du -k {} + 2>/dev/null | awk '{ sum += $1 } END { print sum + 0, "/var/log" }'
      say crashes; du -xsk /var/crash /var/lib/systemd/coredump 2>/dev/null | awk '{ sum += $1; path = $2 } END { if (path) print sum, path }'
      true
    `,
    { as: 'root', timeoutSeconds: 30 },
  )
  return [...sectionsOf(outputOf(result, 'what could be deleted'))].flatMap(([kind, [line = '']]) => {
    const [kibibytes, path] = line.split(/\s+/)
    return path === undefined ? [] : [{ kind, path, bytes: Number(kibibytes) * 1024 }]
  })
})

/** Something in PostgreSQL’s data directory that PostgreSQL did not put there. */
export interface Foreign {
  readonly path: string
  readonly bytes: number
}

/** What PostgreSQL has in its data directory, version 9 to 18, and what people configure there. */
const OWN =
  'PG_VERSION|base|global|current_logfiles|log|pg_.*|postgresql\\.conf|postgresql\\.auto\\.conf|postmaster\\.(opts|pid)|.*\\.signal|backup_label.*|tablespace_map.*|server\\.(crt|key)|root\\.crt|lost\\+found|pgdata|conf\\.d'

/**
 * Large files and directories at the top of a database’s volume that are no part of the database.
 *
 * @param directory the volume on the host
 */
export const foreignFiles = fact(
  'disk/foreign',
  async (context, directory: string): Promise<readonly Foreign[]> => {
    const result = await context.run(
      sh`
      cd ${directory} || exit 1
      # Only where it is a data directory indeed: else everything would look foreign.
      [ -e PG_VERSION ] || exit 0
      ls -A | grep -vxE ${OWN} | while IFS= read -r name; do du -sk -- "$name"; done
    `,
      { as: 'root' },
    )
    return outputOf(result, `what lies in ${directory}`)
      .split('\n')
      .flatMap(line => {
        const [, kibibytes, name] = /^(\d+)\t(.+)$/.exec(line) ?? []
        return name === undefined ? [] : [{ path: `${directory}/${name}`, bytes: Number(kibibytes) * 1024 }]
      })
  },
)
