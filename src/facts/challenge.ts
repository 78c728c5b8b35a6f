/**
 * A rehearsal of the CA's question: a random token is written where certbot would write it, fetched from
 * everywhere, and taken away again. Nothing is left behind.
 */

import { randomBytes } from 'node:crypto'
import type { ReadContext } from '../model/check.ts'
import { type CommandResult, Unreadable, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh } from '../model/script.ts'
import { type Addresses, publicAddresses } from './dns.ts'
import { type Fetched, outsideFetch } from './outside.ts'
import { certbotPlace, certbotWebroot, compose, inNginx, type SiteKey, siteOf } from './site.ts'

/** Where HTTP-01 looks (RFC 8555 §8.3). */
export const CHALLENGE_PATH = '/.well-known/acme-challenge'

export interface Written {
  readonly ok: boolean
  /** Folders that had to be made for it, innermost first: they go again with it. */
  readonly made: readonly string[]
  /** Why not, as the shell said it. */
  readonly reason: string
}

/** An answer as curl saw it on the server. */
export interface Inside {
  readonly where: 'in nginx' | 'on the server'
  readonly domain: string
  /** 0 when nothing answered. */
  readonly status: number
  readonly location: string
  readonly body: string
  /** Why nothing answered. */
  readonly reason: string
}

export interface Outside {
  readonly domain: string
  readonly address: string
  readonly answer: Fetched
}

export interface Rehearsal {
  /** The file's text: what a right answer is. */
  readonly token: string
  readonly written: Written
  /** Whether nginx's own surroundings see the file; null when that could not be looked at. */
  readonly seenByNginx: boolean | null
  readonly inside: readonly Inside[]
  readonly outside: readonly Outside[]
}

/**
 * The whole rehearsal, for all names.
 *
 * @param names the domains, with commas between them. @param resolvers as for DNS.
 * @throws Unreadable when certbot's side could not be reached at all.
 */
export const rehearsal = fact(
  'challenge/rehearsal',
  async (context, key: SiteKey, names: string, resolvers: string): Promise<Rehearsal> => {
    const domains = names.split(',')
    const name = `kneeboard-${randomBytes(9).toString('hex')}`
    const token = `${name}.${randomBytes(12).toString('hex')}`
    const written = await write(context, key, name, token)
    try {
      const [seenByNginx, inside, outside] = await Promise.all([
        seen(context, key, name, token),
        fetchInside(context, key, domains, name),
        fetchOutside(context, domains, name, resolvers),
      ])
      return { token, written, seenByNginx, inside, outside }
    } finally {
      await remove(context, key, name, written)
    }
  },
)

/** As certbot does: folders are made with its usual mode where they are missing, and what we made is remembered. */
async function write(context: ReadContext, key: SiteKey, name: string, token: string): Promise<Written> {
  const webroot = await context.read(certbotWebroot, key)
  const script = sh`
    umask 022
    folder=${webroot}${CHALLENGE_PATH}
    find "$folder" -name 'kneeboard-*' -mmin +10 -exec rm -f {} + 2>/dev/null
    for step in ${webroot} ${webroot}/.well-known "$folder"; do [ -d "$step" ] || echo "$step"; done
    mkdir -p "$folder" && printf %s ${token} > "$folder/"${name}
  `
  const result = await onCertbotSide(context, key, script)
  if (result.ending !== 'exited' || [125, 127].includes(result.exitCode ?? 0)) {
    throw new Unreadable(`certbot’s side could not be reached: ${whyNot(result)}`)
  }
  const said = result.stderr.trim().split('\n').at(-1) ?? ''
  const made = result.stdout
    .split('\n')
    .filter(line => line.startsWith('/'))
    .reverse()
  return { ok: result.exitCode === 0, made, reason: result.exitCode === 0 ? '' : said }
}

async function remove(context: ReadContext, key: SiteKey, name: string, written: Written): Promise<void> {
  if (!written.ok && written.made.length === 0) return
  const webroot = await context.read(certbotWebroot, key)
  const folders = written.made.length === 0 ? sh`` : sh`rmdir ${written.made} 2>/dev/null`
  await onCertbotSide(context, key, sh`rm -f ${webroot}${CHALLENGE_PATH}/${name}\n${folders}\ntrue`)
}

/** Runs where certbot writes: in a container of its service that lives for this only, or on the host as root. */
async function onCertbotSide(context: ReadContext, key: SiteKey, script: Script): Promise<CommandResult> {
  const site = siteOf(key)
  const { kind, image } = await context.read(certbotPlace, key)
  if (kind === 'image-missing') throw new Unreadable(`certbot’s image ${image} is not on the server`)
  if (kind === 'compose') {
    return context.run(
      sh`${compose(site)} run --rm -T --no-deps --entrypoint sh ${site.certbotService} -c ${script.text} </dev/null`,
      { as: 'root', timeoutSeconds: 60 },
    )
  }
  return context.run(sh`sh -c ${script.text}`, { as: 'root' })
}

async function seen(
  context: ReadContext,
  key: SiteKey,
  name: string,
  token: string,
): Promise<boolean | null> {
  const site = siteOf(key)
  const result = await context.run(
    inNginx(site, sh`cat ${site.webroot}${CHALLENGE_PATH}/${name} 2>/dev/null || echo absent`),
    { as: 'root' },
  )
  return result.ending === 'exited' && result.exitCode === 0 ? result.stdout.trim() === token : null
}

/** curl where there is one; perl, which every Debian and Ubuntu has, where there is none. */
const ask = (address: string, domain: string, path: string): Script => sh`
  if command -v curl >/dev/null; then
    curl -sS -i --max-time 10 --max-filesize 100000 --resolve ${`${domain}:80:${address}`} ${`http://${domain}${path}`} 2>&1
  elif command -v perl >/dev/null; then
    perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => 80, Timeout => 10)
      or do { print "curl: (7) $@"; exit 7 };
      print $s "GET $ARGV[2] HTTP/1.0\\r\\nHost: $ARGV[1]\\r\\n\\r\\n"; print while <$s>' ${address} ${domain} ${path}
  else
    echo 'curl: (127) neither curl nor perl is there'
  fi
`

async function fetchInside(
  context: ReadContext,
  key: SiteKey,
  domains: readonly string[],
  name: string,
): Promise<Inside[]> {
  const site = siteOf(key)
  const path = `${CHALLENGE_PATH}/${name}`
  const looks = domains.flatMap(domain => {
    const onServer = { where: 'on the server' as const, domain, script: ask('127.0.0.1', domain, path) }
    if (site.nginxRunsIn === 'host') return [onServer]
    return [
      { where: 'in nginx' as const, domain, script: inNginx(site, ask('127.0.0.1', domain, path)) },
      onServer,
    ]
  })
  return Promise.all(
    looks.map(async ({ where, domain, script }) => {
      const result = await context.run(script, { as: 'root', timeoutSeconds: 30 })
      return { where, domain, ...parseAnswer(result.stdout, whyNot(result)) }
    }),
  )
}

/** Reads what `curl -i` printed. @param otherwise why there is nothing, for when it printed nothing. */
export function parseAnswer(
  text: string,
  otherwise = '',
): Pick<Inside, 'status' | 'location' | 'body' | 'reason'> {
  const [, status] = /^HTTP\/[\d.]+ (\d{3})/m.exec(text) ?? []
  if (status === undefined) {
    const said = /^curl: \(\d+\) (.+)$/m.exec(text)?.[1] ?? otherwise
    return { status: 0, location: '', body: '', reason: said }
  }
  const [head = '', ...body] = text.split(/\r?\n\r?\n/)
  const location = /^location:\s*(\S+)/im.exec(head)?.[1] ?? ''
  return { status: Number(status), location, body: body.join('\n\n').slice(0, 4096), reason: '' }
}

async function fetchOutside(
  context: ReadContext,
  domains: readonly string[],
  name: string,
  resolvers: string,
): Promise<Outside[]> {
  const all = await Promise.all(
    domains.map(async domain => {
      const { v4, v6 } = await context.read(publicAddresses, domain, resolvers).catch(() => NOWHERE)
      const url = `http://${domain}${CHALLENGE_PATH}/${name}`
      return Promise.all(
        [...v6, ...v4].map(async address => ({
          domain,
          address,
          answer: await followed(context, address, url, domains),
        })),
      )
    }),
  )
  return all.flat()
}

const NOWHERE: Addresses = { v4: [], v6: [] }

/** The CA follows at most ten redirects; a chain that stays on our names is followed at the same address. */
async function followed(
  context: ReadContext,
  address: string,
  url: string,
  domains: readonly string[],
): Promise<Fetched> {
  let next = url
  for (let hops = 0; ; hops += 1) {
    const answer = await context.read(outsideFetch, address, next)
    if (answer.outcome !== 'answered' || answer.location === '' || hops === 10) return answer
    const target = URL.canParse(answer.location, next) ? new URL(answer.location, next) : null
    if (target === null || !domains.includes(target.hostname) || !['80', '443', ''].includes(target.port))
      return answer
    next = target.href
  }
}
