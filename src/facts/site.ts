/** How nginx and certbot are reached on this server: as services of a Compose file, or on the host itself. */

import type { ReadContext } from '../model/check.ts'
import { outputOf, Unreadable, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh } from '../model/script.ts'
import { certbotPrograms } from './certbot.ts'

export interface SiteParameters {
  readonly nginxRunsIn: 'compose' | 'host'
  readonly composeFile: string
  readonly nginxService: string
  readonly certbotService: string
  /** The directory for challenges, as certbot and nginx see it. */
  readonly webroot: string
}

/** The same as one text, for facts whose arguments are text. */
export type SiteKey = string

export function siteKey(site: SiteParameters): SiteKey {
  const { nginxRunsIn, composeFile, nginxService, certbotService, webroot } = site
  return JSON.stringify({ nginxRunsIn, composeFile, nginxService, certbotService, webroot })
}

export const siteOf = (key: SiteKey): SiteParameters => JSON.parse(key) as SiteParameters

/** `docker compose` for the site's file. Its service `certbot` may stand under a profile, which naming it switches on. */
export const compose = ({ composeFile }: SiteParameters): Script =>
  sh`docker compose --ansi never --progress quiet -f ${composeFile}`

/** A script in nginx's own surroundings: in its running container, or on the host. Nothing reaches its standard input. */
export function inNginx(site: SiteParameters, script: Script): Script {
  if (site.nginxRunsIn === 'host') return sh`sh -c ${script.text} </dev/null`
  return sh`${compose(site)} exec -T ${site.nginxService} sh -c ${script.text} </dev/null`
}

export interface CertbotPlace {
  /** `compose`: a service of the file, its image on the server. */
  readonly kind: 'compose' | 'host' | 'image-missing' | 'none'
  /** The service's image; empty on the host. */
  readonly image: string
}

/** Which certbot issues for the site: the Compose service where there is one, else the host's. */
export const certbotPlace = fact(
  'site/certbot-place',
  async (context, key: SiteKey): Promise<CertbotPlace> => {
    const site = siteOf(key)
    if (site.nginxRunsIn === 'compose') {
      const image = await certbotImage(context, site)
      if (image !== '') {
        const present = await context.run(sh`docker image inspect --format '{{.Id}}' ${image}`, {
          as: 'root',
        })
        if (present.ending !== 'exited') outputOf(present, `the image ${image}`)
        return { kind: present.exitCode === 0 ? 'compose' : 'image-missing', image }
      }
    }
    const programs = await context.read(certbotPrograms)
    return { kind: programs.length > 0 ? 'host' : 'none', image: '' }
  },
)

/** The image of the Compose service; empty when the file has no such service. Nothing secret is printed by this. */
async function certbotImage(context: ReadContext, site: SiteParameters): Promise<string> {
  const result = await context.run(sh`${compose(site)} config --images ${site.certbotService} </dev/null`, {
    as: 'root',
  })
  if (result.exitCode === 0) return result.stdout.trim().split('\n').at(-1) ?? ''
  if (/no such service/i.test(result.stderr)) return ''
  throw new Unreadable(`the services of ${site.composeFile} could not be read: ${whyNot(result)}`)
}

export interface Mount {
  readonly destination: string
  /** The directory on the host behind it. */
  readonly source: string
  readonly writable: boolean
}

export interface NginxState {
  readonly running: boolean
  /** `running/healthy`, `restarting`, `inactive` …: what the engine or systemd says. */
  readonly state: string
  /** The end of its log when it does not run: why. */
  readonly log: string
  /** What its container has mounted; empty on the host. */
  readonly mounts: readonly Mount[]
}

/** @throws Unreadable when neither Docker nor systemd can be asked. */
export const nginxState = fact('site/nginx-state', async (context, key: SiteKey): Promise<NginxState> => {
  const site = siteOf(key)
  if (site.nginxRunsIn === 'host') return hostNginx(context)
  const result = await context.run(
    sh`
      id=$(${compose(site)} ps --all --quiet ${site.nginxService}) || exit 1
      id=$(printf '%s\\n' "$id" | head -n 1)
      [ -n "$id" ] || { echo none; exit 0; }
      docker inspect --format '{{.State.Status}}' "$id" || exit 1
      docker inspect --format '{{json .Mounts}}' "$id" || exit 1
      docker logs --tail 5 "$id" 2>&1
    `,
    { as: 'root' },
  )
  const [state = '', mounts = '', ...log] = outputOf(result, 'the state of nginx').split('\n')
  return { running: state === 'running', state, log: log.join('\n').trim(), mounts: parseMounts(mounts) }
})

async function hostNginx(context: ReadContext): Promise<NginxState> {
  const result = await context.run(
    sh`
      systemctl show nginx.service -p ActiveState --value
      journalctl -u nginx.service -n 5 -o cat --no-pager 2>/dev/null
      true
    `,
    { as: 'root' },
  )
  const [state = '', ...log] = outputOf(result, 'the state of nginx').split('\n')
  return { running: state === 'active', state, log: log.join('\n').trim(), mounts: [] }
}

/** Reads `docker inspect`'s `.Mounts`; anything else is none. */
export function parseMounts(json: string): Mount[] {
  try {
    const found = JSON.parse(json) as { Destination: string; Source: string; RW: boolean }[]
    return found.map(({ Destination, Source, RW }) => ({
      destination: Destination,
      source: Source,
      writable: RW,
    }))
  } catch {
    return []
  }
}

/** The host's path of a path inside a container; null when nothing is mounted there. */
export function onHost(mounts: readonly Mount[], path: string): string | null {
  const mount = mounts
    .filter(({ destination }) => path === destination || path.startsWith(`${destination}/`))
    .sort((one, other) => other.destination.length - one.destination.length)[0]
  return mount === undefined ? null : mount.source + path.slice(mount.destination.length)
}

/** One service of the Compose file started for a moment, to see what it sees: its mounts, and what it may write. */
export interface CertbotContainer {
  readonly mounts: readonly Mount[]
  readonly version: string
}

/** What the certbot service has mounted, from a container that lives for this question only. */
export const certbotContainer = fact(
  'site/certbot-container',
  async (context, key: SiteKey): Promise<CertbotContainer> => {
    const site = siteOf(key)
    const result = await context.run(
      sh`
        id=$(${compose(site)} run -d --rm --no-deps --entrypoint sleep ${site.certbotService} 60 </dev/null) || exit 1
        id=$(printf '%s\\n' "$id" | tail -n 1)
        trap 'docker rm -f -v "$id" >/dev/null 2>&1' EXIT
        docker inspect --format '{{json .Mounts}}' "$id" || exit 1
        docker exec "$id" certbot --version 2>/dev/null </dev/null || true
      `,
      { as: 'root', timeoutSeconds: 60 },
    )
    const [mounts = '', version = ''] = outputOf(result, 'what the certbot service sees').split('\n')
    return { mounts: parseMounts(mounts), version: /(\d+(?:\.\d+)+)/.exec(version)?.[1] ?? '' }
  },
)

/** The directory on the host that certbot keeps everything in (`/etc/letsencrypt` as it sees it). */
export const certbotDirectory = fact(
  'site/certbot-directory',
  async (context, key: SiteKey): Promise<string> => {
    const place = await context.read(certbotPlace, key)
    if (place.kind === 'host' || place.kind === 'none') return '/etc/letsencrypt'
    if (place.kind === 'image-missing') {
      throw new Unreadable(`certbot’s image ${place.image} is not on the server`)
    }
    const { mounts } = await context.read(certbotContainer, key)
    const found = onHost(mounts, '/etc/letsencrypt')
    if (found === null)
      throw new Unreadable('the certbot service keeps /etc/letsencrypt to itself: nothing is mounted there')
    return found
  },
)

/** What certbot is called with, so that a private CA is trusted, and the rest of the words follow. */
export function certbotCommand(site: SiteParameters, kind: CertbotPlace['kind'], caBundle: string): Script {
  if (kind === 'host') return caBundle === '' ? sh`certbot` : sh`env REQUESTS_CA_BUNDLE=${caBundle} certbot`
  const trust =
    caBundle === ''
      ? sh``
      : sh`-e REQUESTS_CA_BUNDLE=/run/acme-ca.pem -v ${`${caBundle}:/run/acme-ca.pem:ro`} `
  return sh`${compose(site)} run --rm -T --no-deps ${trust}${site.certbotService}`
}

/**
 * The directory for challenges as certbot itself sees it: where certbot is on the host and nginx in a container,
 * the directory of the volume that the container has there.
 *
 * @throws Unreadable when nginx's container has nothing mounted there.
 */
export const certbotWebroot = fact('site/certbot-webroot', async (context, key: SiteKey): Promise<string> => {
  const { webroot, nginxRunsIn } = siteOf(key)
  const { kind } = await context.read(certbotPlace, key)
  if (kind === 'compose' || nginxRunsIn === 'host') return webroot
  const { mounts } = await context.read(nginxState, key)
  const found = onHost(mounts, webroot)
  if (found === null)
    throw new Unreadable(`nginx’s container has nothing mounted at ${webroot}: certbot cannot reach it there`)
  return found
})
