import type { CertbotState, Lineage } from '../../src/facts/lineages.ts'

/** The lineage that certbot renews under the first name. */
export function lineageFor(state: CertbotState, names: readonly string[]): Lineage | undefined {
  return state.lineages.find(({ name }) => name === names[0])
}

/** What keeps a lineage from being the certificate that is wanted, as the end of a sentence; empty when nothing does. */
export function lacking(
  lineage: Lineage | undefined,
  wanted: { readonly domains: readonly string[]; readonly acmeDirectory: string },
  now: Date,
): string {
  if (lineage === undefined) return 'there is none yet'
  if (!lineage.managed) return 'what lies there is a stand-in that certbot did not make'
  const { certificate } = lineage
  if (certificate === null) return 'its files are missing or unreadable'
  if (lineage.server !== wanted.acmeDirectory) return `it is from another CA (${lineage.server})`
  if (certificate.selfSigned) return 'it is signed by nobody but itself'
  if (certificate.to <= now) return `it ended on ${certificate.to.toISOString().slice(0, 10)}`
  const missing = wanted.domains.filter(name => !covers(certificate.names, name))
  return missing.length > 0 ? `it does not cover ${missing.join(', ')}` : ''
}

/** Whether a certificate's names hold one, by itself or by a wildcard one label up (RFC 6125 §6.4.3). */
export function covers(names: readonly string[], name: string): boolean {
  return names.includes(name) || names.includes(name.replace(/^[^.]+/, '*'))
}
