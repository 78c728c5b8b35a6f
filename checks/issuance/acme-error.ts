/** The ACME server's errors (RFC 8555 §6.7), each with what it means here and the check that explains it. Pure. */

export interface AcmeError {
  /** `unauthorized`, `caa` …: the last part of its URN. */
  readonly type: string
  /** As the CA said it. */
  readonly detail: string
  readonly domain: string
}

export interface Explained {
  readonly means: string
  /** The check to look at; empty when none sees it. */
  readonly check: string
}

/** Reads certbot's report of failed challenges, and errors that it passes on as they came. */
export function errorsIn(output: string): AcmeError[] {
  const found: AcmeError[] = []
  let domain = ''
  let type = ''
  for (const line of output.split('\n')) {
    const [, key = '', value = ''] = /^\s*(Domain|Type|Detail):\s*(.*)$/.exec(line) ?? []
    if (key === 'Domain') domain = value
    if (key === 'Type') type = value.replace(/^.*:/, '')
    if (key === 'Detail') found.push({ domain, type, detail: value })
  }
  if (found.length > 0) return found
  const [, urn, detail = ''] = /urn:ietf:params:acme:error:(\w+)[^:]*::?\s*(.*)/.exec(output) ?? []
  return urn === undefined ? [] : [{ type: urn, detail: detail.replace(/^[^:]*:: /, ''), domain: '' }]
}

const EXPLAINED: Readonly<Record<string, Explained>> = {
  unauthorized: { means: 'the CA got an answer, and it was the wrong one', check: 'challenge/ca-arrives' },
  connection: { means: 'the CA could not connect on port 80', check: 'firewall/port-80-open' },
  dns: { means: 'the CA could not look the name up', check: 'dns/resolves' },
  caa: { means: 'CAA records forbid this CA', check: 'dns/caa-allows' },
  rejectedIdentifier: { means: 'the CA’s policy refuses this name', check: 'dns/names-valid' },
  rateLimited: { means: 'a limit of the CA is used up: its text says until when', check: 'issuance/budget' },
  malformed: {
    means: 'the CA does not understand the request: certbot may be too old',
    check: 'certbot/available',
  },
  badNonce: { means: 'the CA lost track for a moment: trying again is enough', check: '' },
  serverInternal: { means: 'the CA itself is in trouble: look at its status page', check: 'acme/directory' },
  tls: {
    means: 'the CA followed a redirect to HTTPS and found no working TLS there',
    check: 'challenge/ca-arrives',
  },
  externalAccountRequired: { means: 'the CA wants an account made on its site', check: 'acme/directory' },
  incorrectResponse: { means: 'the CA got another text than it asked for', check: 'challenge/ca-arrives' },
}

export function explain({ type, detail }: AcmeError): Explained {
  if (/secondary|During secondary validation/i.test(detail))
    return {
      means: 'only some of the CA’s places get through: a firewall that sorts by country or reputation',
      check: 'firewall/port-80-open',
    }
  return EXPLAINED[type] ?? { means: 'an error that is not known here', check: '' }
}
