import { domainToUnicode } from 'node:url'
import { parse } from 'tldts'
import { z } from 'zod'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { acmeDirectory, domains } from '../tls/parameters.ts'

/** Kept by the IETF for documentation, tests and networks of one's own (RFC 2606, 6761, 6762): no public suffixes, on purpose. */
const RESERVED = ['test', 'example', 'invalid', 'localhost', 'local', 'internal', 'lan', 'home', 'arpa']

/** What a CA would say against a name that is written well; empty when nothing. */
export function objection(name: string, publicCa: boolean): string {
  if (name.startsWith('*.')) {
    return `${name} is a wildcard: a CA proves those by DNS alone (DNS-01), which needs your DNS provider’s API; list the names one by one here`
  }
  // What cannot be decoded, or would not be encoded so (not in Unicode’s composed form), comes back as it was.
  const encoded = name.split('.').find(label => label.startsWith('xn--') && domainToUnicode(label) === label)
  if (encoded !== undefined) return `${name} holds “${encoded}”, which is no valid punycode`
  const { publicSuffix, domain, isIcann, isPrivate } = parse(name, { allowPrivateDomains: true })
  const top = name.split('.').at(-1) ?? ''
  if (domain === null) return `${name} is itself a public suffix: nobody may own it`
  if (isIcann || isPrivate) return ''
  if (publicCa) {
    const why = RESERVED.includes(top) ? 'is kept for private use' : 'is on no list of public suffixes'
    return `${name} ends in .${publicSuffix ?? top}, which ${why}: no public CA issues for it`
  }
  return ''
}

/** CAs whose certificates the world trusts: what they may not issue, they refuse. Another CA makes its own rules. */
export const isPublicCa = (directory: string): boolean =>
  /^https:\/\/([a-z0-9-]+\.)*(letsencrypt\.org|zerossl\.com|pki\.goog|ssl\.com|buypass\.(no|com))(:\d+)?\//.test(
    directory,
  )

export const namesValid = check({
  id: 'dns/names-valid',
  title: 'The names can stand on a certificate',
  why: 'A name that the CA has to refuse fails the whole order, for all names in it.',
  params: z.object({ domains, acmeDirectory }),
  async probe({ params }) {
    const wrong = params.domains.map(name => objection(name, isPublicCa(params.acmeDirectory))).find(Boolean)
    if (wrong) return fail(wrong, { measured: params.domains.join(', '), expected: 'names that a CA takes' })
    return pass(`the CA can take ${params.domains.join(', ')}`)
  },
})
