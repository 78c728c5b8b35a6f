/** What CAA records allow (RFC 8659, RFC 8657). Pure: the records are given. */

export interface CaaRecord {
  readonly critical: boolean
  readonly tag: string
  readonly value: string
}

/** Tags that a CA has to know (RFC 8659, 8657, 9495; CA/Browser Forum for the contacts). */
const KNOWN = ['issue', 'issuewild', 'iodef', 'issuemail', 'issuevmc', 'contactemail', 'contactphone']

/** Only the highest bit of the flags counts (RFC 8659 §4.1.1). */
const CRITICAL = 128

/** Reads `FLAGS TAG VALUE`. */
export function parseCaa(text: string): CaaRecord {
  const [, flags = '0', tag = '', value = ''] = /^(\d+) (\S+) ?(.*)$/.exec(text) ?? []
  return { critical: (Number(flags) & CRITICAL) !== 0, tag: tag.toLowerCase(), value }
}

export interface CaaQuestion {
  readonly wildcard: boolean
  /** Names by which the CA is allowed; empty when the CA does not say. */
  readonly identities: readonly string[]
  /** URLs of the accounts that certbot really has there; empty before the first order. */
  readonly accounts: readonly string[]
}

export interface CaaRuling {
  readonly allowed: boolean | null
  readonly reason: string
  /** The record that decides, as it was written. */
  readonly telling: string
}

/**
 * The ruling of one set of records: the closest one upwards from the name. A set without `issue` (and, for a
 * wildcard, without `issuewild`) restricts nothing.
 */
export function rule(records: readonly CaaRecord[], question: CaaQuestion): CaaRuling {
  const unknown = records.find(({ critical, tag }) => critical && !KNOWN.includes(tag))
  if (unknown !== undefined)
    return no(`the critical tag “${unknown.tag}” is unknown to CAs, which forbids every one`, unknown)
  const wild = records.filter(({ tag }) => tag === 'issuewild')
  const issue = question.wildcard && wild.length > 0 ? wild : records.filter(({ tag }) => tag === 'issue')
  if (issue.length === 0) return { allowed: true, reason: 'no record restricts who may issue', telling: '' }
  const { identities } = question
  const named = issue.map(record => ({ record, ...parametersOf(record.value) }))
  if (named.every(({ issuer }) => issuer === '')) return no('no CA at all is allowed', issue[0])
  if (identities.length === 0) {
    return {
      allowed: null,
      reason: `only ${list(named.map(({ issuer }) => issuer))} may issue, and this CA does not say by which name it goes`,
      telling: written(issue[0]),
    }
  }
  const ours = named.filter(({ issuer }) => identities.includes(issuer))
  if (ours.length === 0)
    return no(
      `only ${list(named.map(({ issuer }) => issuer))} may issue, not ${identities.join(' or ')}`,
      issue[0],
    )
  const objections = ours.map(({ record, parameters }) => ({
    record,
    wrong: objection(parameters, question),
  }))
  const free = objections.find(({ wrong }) => wrong === '')
  if (free !== undefined)
    return { allowed: true, reason: `${identities[0]} may issue`, telling: written(free.record) }
  return no(objections[0]?.wrong ?? '', objections[0]?.record)
}

function objection(parameters: ReadonlyMap<string, string>, { accounts }: CaaQuestion): string {
  const methods = parameters.get('validationmethods')
  if (
    methods !== undefined &&
    !methods
      .split(',')
      .map(method => method.trim())
      .includes('http-01')
  )
    return `only ${methods} is allowed as the proof, not http-01`
  const account = parameters.get('accounturi')
  if (account === undefined || accounts.includes(account)) return ''
  return accounts.length === 0
    ? `only the account ${account} may order, and certbot has no account there yet`
    : `only the account ${account} may order, and certbot’s is ${accounts.join(', ')}`
}

/** `ca.example; validationmethods=http-01; accounturi=…`: the issuer and what goes with it. */
function parametersOf(value: string): { issuer: string; parameters: Map<string, string> } {
  const [issuer = '', ...rest] = value.split(';').map(part => part.trim())
  const parameters = rest.flatMap((part): [string, string][] => {
    const at = part.indexOf('=')
    return at < 1 ? [] : [[part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()]]
  })
  return { issuer: issuer.toLowerCase(), parameters: new Map(parameters) }
}

const no = (reason: string, record: CaaRecord | undefined): CaaRuling => ({
  allowed: false,
  reason,
  telling: written(record),
})

const written = (record: CaaRecord | undefined): string =>
  record === undefined ? '' : `${record.critical ? CRITICAL : 0} ${record.tag} "${record.value}"`

const list = (issuers: readonly string[]): string =>
  [...new Set(issuers.filter(issuer => issuer !== ''))].join(', ')
