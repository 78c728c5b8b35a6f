/** The key and certificate that PostgreSQL is started with, as they lie on the host. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { containerOfService, stackContainers } from './containers.ts'

export interface PostgresTls {
  /** On the host. */
  readonly keyFile: string
  readonly certificateFile: string
  /** Permission bits of the key, 0 to 0o7777. */
  readonly mode: number
  /** User id that owns the key. */
  readonly ownerId: number
  /** User id that PostgreSQL has: whose the data directory is. */
  readonly serverId: number
  /** End of the certificate's life; null when it could not be read. */
  readonly ends: Date | null
  /** By the server's clock. */
  readonly now: Date
}

/** Null when PostgreSQL is not started with a key. @throws Unreadable when its container or its files are not there. */
export const postgresTls = fact(
  'configuration/postgres-tls',
  async (context, composeFile: string, databaseService: string): Promise<PostgresTls | null> => {
    const containers = await context.read(stackContainers, composeFile)
    const container = containerOfService(containers, databaseService)
    if (container === undefined) throw new Unreadable(`there is no container of ${databaseService}`)
    const asked = await context.run(
      sh`docker inspect --format '{{json .Path}}{{json .Args}}' ${container.id} | grep -oE 'ssl_(key|cert)_file=[^" ]+' || :`,
      { as: 'root' },
    )
    const inside = new Map(
      outputOf(asked, 'how PostgreSQL is started')
        .split('\n')
        .map(line => line.split('=') as [string, string]),
    )
    const onHost = (path: string | undefined): string | undefined => {
      const mount = container.mounts.find(({ target }) => path?.startsWith(`${target}/`))
      return path === undefined || mount === undefined
        ? undefined
        : mount.source + path.slice(mount.target.length)
    }
    const key = onHost(inside.get('ssl_key_file'))
    const certificate = onHost(inside.get('ssl_cert_file'))
    const data = container.mounts.find(({ target }) => target.startsWith('/var/lib/postgresql'))?.source
    if (key === undefined || certificate === undefined) return null
    if (data === undefined)
      throw new Unreadable('whom PostgreSQL runs as cannot be told: its data directory is no volume')
    const result = await context.run(
      sh`
        stat -L -c '%a %u' -- ${key} || exit 1
        stat -L -c '%u' -- ${data} || exit 1
        date -u +%s
        openssl x509 -noout -enddate -in ${certificate} 2>/dev/null || echo unreadable
      `,
      { as: 'root' },
    )
    return { keyFile: key, certificateFile: certificate, ...parsePostgresTls(outputOf(result, key)) }
  },
)

/** Reads `MODE UID`, `UID`, seconds since 1970, and `notAfter=…`. @throws Unreadable on anything else. */
export function parsePostgresTls(text: string): Omit<PostgresTls, 'keyFile' | 'certificateFile'> {
  const [key = '', server = '', now = '', end = ''] = text.trim().split('\n')
  const [, mode = '', owner = ''] = /^([0-7]+) (\d+)$/.exec(key) ?? []
  if (mode === '' || !/^\d+$/.test(server))
    throw new Unreadable('the owner and mode of PostgreSQL’s key could not be read')
  const ends = new Date(/^notAfter=(.*)$/.exec(end)?.[1] ?? 'none')
  return {
    mode: Number.parseInt(mode, 8),
    ownerId: Number(owner),
    serverId: Number(server),
    ends: Number.isNaN(ends.getTime()) ? null : ends,
    now: new Date(Number(now) * 1000),
  }
}
