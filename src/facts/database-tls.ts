/** The key and the certificate that PostgreSQL serves TLS with, as they lie on the server; and who must own the key. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { containerOfService, stackContainers } from './containers.ts'
import { composeCommand, stackConfig } from './stack.ts'

export interface DatabaseTls {
  /** False when the service's command does not turn it on: then nothing below is there. */
  readonly on: boolean
  readonly key: TlsFile | null
  readonly certificate: (TlsFile & { readonly from: Date | null; readonly to: Date | null }) | null
  /** The key's public half is the certificate's; null when one of them cannot be read. */
  readonly belongTogether: boolean | null
  /** Who PostgreSQL runs as in this image: 999 in Debian's, 70 in Alpine's. */
  readonly owner: { readonly user: number; readonly group: number }
}

export interface TlsFile {
  /** In the container. */
  readonly inside: string
  /** On the server. */
  readonly path: string
  readonly exists: boolean
  /** Octal without a leading zero: `600`. */
  readonly mode: string
  readonly user: number
  readonly group: number
}

/** @throws Unreadable when the file, the image or the mounts do not tell. */
export const databaseTls = fact(
  'database/tls',
  async (context, composeFile: string, databaseService: string): Promise<DatabaseTls> => {
    const config = await context.read(stackConfig, composeFile)
    const service = config.services.find(({ name }) => name === databaseService)
    if (service === undefined) throw new Unreadable(`${composeFile} has no service ${databaseService}`)
    const settings = await context.run(
      sh`
        ${composeCommand(composeFile)} config --format json ${databaseService} </dev/null |
          awk -v head=${`    "${databaseService}": {`} '$0 == head { on = 1 } on; on && /^    }/ { exit }' |
          grep -oE 'ssl(_key_file|_cert_file)?=[^" ]*' ; exit 0
      `,
      { as: 'root' },
    )
    const text = outputOf(settings, 'how TLS is set in the Compose file')
    const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? ''
    const none = {
      on: false,
      key: null,
      certificate: null,
      belongTogether: null,
      owner: { user: 0, group: 0 },
    }
    if (!/^(on|true|yes|1)$/.test(setting('ssl'))) return none
    const container = containerOfService(await context.read(stackContainers, composeFile), databaseService)
    const mounts = [
      ...(container?.mounts ?? []),
      ...service.mounts.filter(({ type }) => type === 'bind'),
    ].map(({ source, target }) => ({ source, target }))
    const key = setting('ssl_key_file') || 'server.key'
    const certificate = setting('ssl_cert_file') || 'server.crt'
    const result = await context.run(
      sh`
        image=${service.image}
        # A user of the Compose file beats the image's; the image's own entry point drops to postgres.
        user=${service.user}
        case $user in
          '' | 0 | root | 0:* | root:*) docker run --rm --network none --entrypoint sh "$image" -c 'id -u postgres; id -g postgres' </dev/null || exit 1 ;;
          *) docker run --rm --network none --user "$user" --entrypoint sh "$image" -c 'id -u; id -g' </dev/null || exit 1 ;;
        esac | tr '\\n' ' ' | sed 's/^/owner /; s/ $//'
        echo
        key=${onHost(key, mounts)} certificate=${onHost(certificate, mounts)}
        [ ! -f "$key" ] || stat -L -c 'key %a %u %g' -- "$key"
        if [ -f "$certificate" ]; then
          stat -L -c 'certificate %a %u %g' -- "$certificate"
          openssl x509 -in "$certificate" -noout -startdate -enddate
          [ ! -f "$key" ] || {
            echo "public $(openssl x509 -in "$certificate" -noout -pubkey | sha256sum | cut -c 1-64) $(openssl pkey -in "$key" -pubout 2>/dev/null </dev/null | sha256sum | cut -c 1-64)"
          }
        fi
        exit 0
      `,
      { as: 'root', timeoutSeconds: 40 },
    )
    return parseTls(outputOf(result, 'PostgreSQL’s key and certificate'), {
      key: { inside: key, path: onHost(key, mounts) },
      certificate: { inside: certificate, path: onHost(certificate, mounts) },
    })
  },
)

type Place = { readonly inside: string; readonly path: string }

/**
 * Where a file of the container lies on the server. Relative names are PostgreSQL's own, in its data directory.
 *
 * @throws Unreadable when no mount holds it: then it is the image's own, or inside the container alone.
 */
export function onHost(
  inside: string,
  mounts: readonly { readonly source: string; readonly target: string }[],
): string {
  const absolute = inside.startsWith('/') ? inside : `/var/lib/postgresql/data/${inside}`
  const mount = mounts
    .filter(
      ({ source, target }) =>
        source.startsWith('/') && (absolute === target || absolute.startsWith(`${target}/`)),
    )
    .sort((a, b) => b.target.length - a.target.length)[0]
  if (mount === undefined)
    throw new Unreadable(`${absolute} lies on no mount: where it is on the server is unknown`)
  return mount.source + absolute.slice(mount.target.length)
}

/** Reads what {@link databaseTls} prints. Pure. */
export function parseTls(
  text: string,
  places: { readonly key: Place; readonly certificate: Place },
): DatabaseTls {
  const owner = /^owner (\d+) (\d+)$/m.exec(text)
  if (owner === null) throw new Unreadable('who PostgreSQL runs as in its image could not be read')
  const file = (name: string, place: Place): TlsFile => {
    const found = new RegExp(`^${name} (\\d+) (\\d+) (\\d+)$`, 'm').exec(text)
    return {
      ...place,
      exists: found !== null,
      mode: found?.[1] ?? '',
      user: Number(found?.[2] ?? -1),
      group: Number(found?.[3] ?? -1),
    }
  }
  const date = (name: string): Date | null => {
    const found = new RegExp(`^${name}=(.+)$`, 'm').exec(text)?.[1]
    const time = found === undefined ? Number.NaN : Date.parse(found)
    return Number.isNaN(time) ? null : new Date(time)
  }
  const halves = /^public (\S+) (\S+)$/m.exec(text)
  return {
    on: true,
    key: file('key', places.key),
    certificate: {
      ...file('certificate', places.certificate),
      from: date('notBefore'),
      to: date('notAfter'),
    },
    belongTogether: halves === null ? null : halves[1] === halves[2],
    owner: { user: Number(owner[1]), group: Number(owner[2]) },
  }
}
