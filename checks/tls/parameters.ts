/** Parameters of the certificate runbooks. A name that no CA would take is refused before anything connects. */

import { z } from 'zod'
import { familyOf } from '../../src/facts/address.ts'
import type { SiteParameters } from '../../src/facts/site.ts'
import { AbsolutePath } from '../parameters.ts'

/** Let's Encrypt and the CA/Browser Forum's practice: at most this many names on one certificate. */
const MOST_NAMES = 100

/** What is wrong with a domain name, as the end of a sentence; empty when nothing is. RFC 1035 §2.3.4, RFC 5890. */
export function wrongWith(name: string): string {
  if (name === '') return 'it is empty'
  if (/\s/.test(name)) return 'it holds a space'
  if (familyOf(name.replace(/^\[|\]$/g, '')) !== null) return 'it is an IP address, not a name'
  if (/^[a-z]+:\/\//i.test(name)) return 'it is a URL: leave out what stands around the name'
  if (name.endsWith('.')) return 'it ends in a dot'
  const bare = name.startsWith('*.') ? name.slice(2) : name
  if (/[^\x00-\x7f]/.test(bare)) return 'it is not written in its ASCII form (xn--…)'
  if (!/^[A-Za-z0-9.-]+$/.test(bare)) return 'it holds characters that a host name cannot have'
  if (bare.length > 253) return 'it is longer than 253 characters'
  const labels = bare.split('.')
  if (labels.length < 2) return 'it has no dot'
  if (labels.length > 10) return 'it has more than 10 labels'
  if (labels.some(label => label === '')) return 'it has an empty label'
  if (labels.some(label => label.length > 63)) return 'one of its labels is longer than 63 characters'
  if (labels.some(label => label.startsWith('-') || label.endsWith('-')))
    return 'one of its labels starts or ends with a dash'
  return ''
}

const DomainName = z
  .string()
  .trim()
  .superRefine((name, context) => {
    const wrong = wrongWith(name)
    if (wrong !== '')
      context.addIssue({ code: 'custom', message: `a domain name: “${name}” is none, ${wrong}` })
  })
  .transform(name => name.toLowerCase())

/** Commas alone part the names, so that a name with a space in it is refused and not read as two. */
export const domains = z
  .preprocess(
    value => (typeof value === 'string' ? value.split(',').map(part => part.trim()) : value),
    z
      .array(DomainName)
      .min(1, 'at least one name')
      .max(MOST_NAMES, `at most ${MOST_NAMES} names on one certificate`)
      .transform(names => [...new Set(names)]),
  )
  .describe('The names that the certificate is for, with commas between them; it is named after the first')

export const email = z
  .union([z.literal(''), z.email('an e-mail address')])
  .default('')
  .describe('The CA’s contact for the account; may be left empty')

export const nginxRunsIn = z
  .enum(['compose', 'host'])
  .default('compose')
  .describe('Where nginx runs: as a Compose service, or on the host')

export const composeFile = AbsolutePath.default('/opt/webshop/docker-compose.prod.yml').describe(
  'The Compose file that nginx and certbot are services of',
)

const ServiceName = z.string().regex(/^[A-Za-z0-9._-]+$/, 'the name of a Compose service')

export const nginxService = ServiceName.default('nginx').describe('The Compose service that nginx is')
export const certbotService = ServiceName.default('certbot').describe(
  'The Compose service that certbot is, where there is one',
)

export const webroot = AbsolutePath.default('/var/www/certbot').describe(
  'The directory for the CA’s challenges, as certbot and nginx see it (in Compose: where the webroot volume is mounted)',
)

const HttpsUrl = z.url({ protocol: /^https$/, error: 'a URL that starts with https://' })

export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory'
export const LETS_ENCRYPT_STAGING = 'https://acme-staging-v02.api.letsencrypt.org/directory'

export const acmeDirectory = HttpsUrl.default(LETS_ENCRYPT).describe('The CA: the URL of its ACME directory')

export const acmeStaging = z
  .union([z.literal(''), HttpsUrl])
  .default('')
  .describe('Where the order is tried first; empty: Let’s Encrypt’s own staging, and none for other CAs')

export const caBundle = z
  .union([z.literal(''), AbsolutePath])
  .default('')
  .describe('A file on the server with the CA certificates to trust for that URL; empty: the system’s')

export const caIdentity = z
  .string()
  .trim()
  .default('')
  .describe('The name that CAA records allow this CA by; empty: what its directory says')

const NameServerAddress = z.union([z.ipv4(), z.ipv6()], 'an IPv4 or IPv6 address')

export const resolvers = z
  .preprocess(
    value => (typeof value === 'string' ? value.split(',').map(part => part.trim()) : value),
    z.array(NameServerAddress).min(1, 'at least one resolver'),
  )
  .default(['1.1.1.1', '8.8.8.8'])
  .describe('Public resolvers that are asked from your machine')

/** What every check needs that looks at nginx or certbot on the server. */
export const siteShape = { nginxRunsIn, composeFile, nginxService, certbotService, webroot }

export const siteParams = z.object(siteShape) satisfies z.ZodType<SiteParameters>

/** The staging directory that goes with a CA; empty when it has none. */
export function stagingOf({
  acmeDirectory: directory,
  acmeStaging: staging,
}: {
  readonly acmeDirectory: string
  readonly acmeStaging: string
}): string {
  if (staging !== '') return staging
  return directory === LETS_ENCRYPT ? LETS_ENCRYPT_STAGING : ''
}
