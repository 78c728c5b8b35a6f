/** The CA's ACME directory, as this server sees it. */

import { type CommandResult, Unreadable, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface AcmeDirectory {
  readonly newOrder: string
  /** Names by which CAA records allow this CA (RFC 8555 §7.1.1); empty when it does not say. */
  readonly caaIdentities: readonly string[]
  /** Profiles of certificates on offer; empty when it has none. */
  readonly profiles: readonly string[]
  /** True when it asks for an account of its own kind first (external account binding). */
  readonly externalAccountRequired: boolean
}

/** curl's exit statuses for a certificate that is not trusted, or a bundle that cannot be read. */
const NOT_TRUSTED = [51, 60]
const BUNDLE_UNREADABLE = 77

/** @throws Unreadable naming what stands between: no answer, no trust, not an ACME directory. */
export const acmeDirectory = fact(
  'acme/directory',
  async (context, url: string, caBundle: string): Promise<AcmeDirectory> => {
    const trust = caBundle === '' ? sh`` : sh`--cacert ${caBundle} `
    const file = caBundle === '' ? '/etc/ssl/certs/ca-certificates.crt' : caBundle
    const result = await context.run(
      sh`
        if command -v curl >/dev/null; then
          curl -sS --max-time 15 ${trust}${url}
        elif command -v python3 >/dev/null; then
          python3 -c 'import ssl, sys, urllib.request as r
        try: sys.stdout.write(r.urlopen(sys.argv[1], timeout=15, context=ssl.create_default_context(cafile=sys.argv[2])).read().decode())
        except OSError as e: sys.stderr.write(str(e)); sys.exit(60 if "CERTIFICATE" in str(e) else 7)' ${url} ${file}
        else
          echo 'neither curl nor python3 is on the server' >&2; exit 127
        fi
      `,
      { as: 'root', timeoutSeconds: 30 },
    )
    return parseDirectory(result, url, caBundle)
  },
)

/** @throws Unreadable as {@link acmeDirectory} does. */
export function parseDirectory(result: CommandResult, url: string, caBundle: string): AcmeDirectory {
  if (result.exitCode !== null && NOT_TRUSTED.includes(result.exitCode)) {
    const bundle = caBundle === '' ? 'give its CA with --set caBundle=FILE' : `${caBundle} is not its CA`
    throw new Unreadable(`the certificate of ${url} is not trusted by the server: ${bundle}`)
  }
  if (result.exitCode === BUNDLE_UNREADABLE)
    throw new Unreadable(`the CA bundle ${caBundle} cannot be read on the server`)
  if (result.ending !== 'exited' || result.exitCode !== 0)
    throw new Unreadable(`${url} does not answer the server: ${whyNot(result)}`)
  const found = objectOf(result.stdout)
  if (typeof found?.newOrder !== 'string') throw new Unreadable(`${url} answers, but is no ACME directory`)
  const meta = (found.meta ?? {}) as Record<string, unknown>
  return {
    newOrder: found.newOrder,
    caaIdentities: Array.isArray(meta.caaIdentities) ? meta.caaIdentities.map(String) : [],
    profiles: Object.keys((meta.profiles as object | undefined) ?? {}),
    externalAccountRequired: meta.externalAccountRequired === true,
  }
}

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
