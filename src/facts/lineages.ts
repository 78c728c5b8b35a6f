/** What certbot keeps: its lineages with their renewal settings, its accounts, and certificates without a lineage. */

import { X509Certificate } from 'node:crypto'
import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { certbotDirectory, type SiteKey } from './site.ts'

export interface Certificate {
  readonly names: readonly string[]
  /** `CN=…` of who signed it, one line. */
  readonly issuer: string
  readonly selfSigned: boolean
  readonly from: Date
  readonly to: Date
  /** SHA-256, hexadecimal with colons. */
  readonly fingerprint: string
}

/** @throws Error on text that is no certificate. */
export function certificateOf(pem: string): Certificate {
  const read = new X509Certificate(pem)
  const names = (read.subjectAltName ?? '')
    .split(', ')
    .flatMap(entry => (entry.startsWith('DNS:') ? [entry.slice(4).toLowerCase()] : []))
  return {
    names,
    issuer: read.issuer.replaceAll('\n', ', '),
    selfSigned: read.issuer === read.subject,
    from: new Date(read.validFrom),
    to: new Date(read.validTo),
    fingerprint: read.fingerprint256,
  }
}

/** Each certificate of a file that holds several. */
export const splitPem = (text: string): string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []

export interface Lineage {
  readonly name: string
  /** False for a folder in live/ that certbot knows nothing of: a placeholder somebody made. */
  readonly managed: boolean
  /** The ACME directory that it renews from; empty without settings. */
  readonly server: string
  readonly account: string
  readonly authenticator: string
  /** The command that runs after a renewal; empty without one. */
  readonly deployHook: string
  /** fullchain.pem's certificates as PEM, leaf first; empty when there is none. */
  readonly chain: readonly string[]
  /** The leaf; null when it is missing or unreadable. */
  readonly certificate: Certificate | null
}

export interface Account {
  /** The directory's host and path, as certbot files it: `acme-v02.api.letsencrypt.org/directory`. */
  readonly server: string
  readonly id: string
  /** The account's URL at the CA; empty when it could not be read. */
  readonly uri: string
}

export interface CertbotState {
  readonly directory: string
  readonly lineages: readonly Lineage[]
  readonly accounts: readonly Account[]
  /** First lines of certificates in archive/, for counting: lineage and PEM of each leaf. */
  readonly archive: readonly { readonly lineage: string; readonly certificate: Certificate }[]
}

/** @throws Unreadable when the directory cannot be read. A directory that does not exist is an empty one. */
export const certbotState = fact('certbot/state', async (context, key: SiteKey): Promise<CertbotState> => {
  const directory = await context.read(certbotDirectory, key)
  const result = await context.run(
    sh`
      [ -e ${directory} ] || exit 0
      cd ${directory} || exit 1
      for file in renewal/*.conf live/*/fullchain.pem archive/*/cert*.pem; do
        if [ -f "$file" ]; then printf '\\n@@ %s\\n' "$file"; cat "$file"; fi
      done
      for folder in live/*/; do
        if [ -d "$folder" ]; then printf '\\n@@ %s\\n' "$folder"; fi
      done
      find accounts -name regr.json 2>/dev/null | while read -r file; do
        printf '\\n@@ %s\\n' "$file"; grep -o '"uri": *"[^"]*"' "$file"
      done
      true
    `,
    { as: 'root' },
  )
  return { directory, ...parseState(outputOf(result, 'what certbot keeps')) }
})

/** Reads files one after the other, each under a line `@@ PATH`. */
export function parseState(text: string): Omit<CertbotState, 'directory'> {
  const files = new Map<string, string>()
  for (const part of text.split(/^@@ /m).slice(1)) {
    const end = part.indexOf('\n')
    files.set(part.slice(0, end), part.slice(end + 1))
  }
  const names = new Set<string>()
  for (const path of files.keys()) {
    const [, name] = /^(?:renewal\/(.+)\.conf|live\/([^/]+)\/.*)$/.exec(path)?.filter(Boolean) ?? []
    if (name !== undefined) names.add(name)
  }
  return {
    lineages: [...names].sort().map(name => lineageOf(name, files)),
    accounts: [...files].flatMap(([path, content]) => accountOf(path, content)),
    archive: [...files].flatMap(([path, content]) => {
      const [, lineage] = /^archive\/([^/]+)\/cert\d+\.pem$/.exec(path) ?? []
      const certificate = lineage === undefined ? null : readable(content)
      return lineage === undefined || certificate === null ? [] : [{ lineage, certificate }]
    }),
  }
}

function lineageOf(name: string, files: ReadonlyMap<string, string>): Lineage {
  const settings = files.get(`renewal/${name}.conf`)
  const value = (key: string) => new RegExp(`^${key} = (.*)$`, 'm').exec(settings ?? '')?.[1]?.trim() ?? ''
  const chain = splitPem(files.get(`live/${name}/fullchain.pem`) ?? '')
  return {
    name,
    managed: settings !== undefined,
    server: value('server'),
    account: value('account'),
    authenticator: value('authenticator'),
    deployHook: value('renew_hook'),
    chain,
    certificate: chain[0] === undefined ? null : readable(chain[0]),
  }
}

function accountOf(path: string, content: string): Account[] {
  const [, server, id] = /^accounts\/(.+)\/([^/]+)\/regr\.json$/.exec(path) ?? []
  if (server === undefined || id === undefined) return []
  return [{ server, id, uri: /"uri": *"([^"]*)"/.exec(content)?.[1] ?? '' }]
}

function readable(pem: string): Certificate | null {
  try {
    return certificateOf(pem)
  } catch {
    return null
  }
}

/** How certbot files a directory's accounts: host and path of its URL. */
export const accountServer = (directory: string): string => directory.replace(/^https?:\/\//, '')
