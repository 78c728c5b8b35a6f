/** Certificates: what openssl says of them. */

import { X509Certificate } from 'node:crypto'
import type { Call } from '../system/call.ts'

export class Certificates {
  /** The names of a certificate; none for text that is no certificate. */
  names(pem: string): string[] {
    try {
      return (new X509Certificate(pem).subjectAltName ?? '')
        .split(', ')
        .flatMap(entry => (entry.startsWith('DNS:') ? [entry.slice(4)] : []))
    } catch {
      return []
    }
  }

  async openssl(call: Call, words: readonly string[]): Promise<number> {
    const at = words.indexOf('-in')
    const text = at === -1 ? await call.input() : await call.text(words[at + 1] ?? '')
    let certificate: X509Certificate
    try {
      certificate = new X509Certificate(text)
    } catch {
      return call.fail('Could not read certificate')
    }
    const seconds = words[words.indexOf('-checkend') + 1]
    if (words.includes('-checkend')) {
      const ends = Date.parse(certificate.validTo) <= call.machine.now() + Number(seconds) * 1000
      call.line(ends ? 'Certificate will expire' : 'Certificate will not expire')
      return ends ? 1 : 0
    }
    if (words.includes('-subject')) call.line(`subject=${certificate.subject.replaceAll('\n', ', ')}`)
    if (words.includes('-issuer')) call.line(`issuer=${certificate.issuer.replaceAll('\n', ', ')}`)
    if (words.includes('-startdate') || words.includes('-dates'))
      call.line(`notBefore=${certificate.validFrom}`)
    if (words.includes('-enddate') || words.includes('-dates')) call.line(`notAfter=${certificate.validTo}`)
    if (words.includes('-pubkey'))
      call.out(certificate.publicKey.export({ type: 'spki', format: 'pem' }).toString())
    if (words.includes('-fingerprint')) call.line(`sha256 Fingerprint=${certificate.fingerprint256}`)
    return 0
  }
}
