/** Which values of an env file are secrets. Pure. */

export interface NamedSecret {
  readonly name: string
  readonly value: string
}

/** Names whose value is a secret. Wider than for free text: in an env file there is no prose to spoil. */
const SECRET_NAME =
  /pass|pwd|secret|token|key|credential|dsn|auth|private|salt|pepper|cookie|session|webhook|signature|cert/i
/** Values that tell nothing, whatever they are called: switches, numbers, places, addresses, references. */
const HARMLESS =
  /^(?:|true|false|yes|no|on|off|none|null|\d{1,6}|\/[\w./-]+|[a-z][a-z0-9-]{0,20}|https?:\/\/[\w.:/-]+|[\w.-]+(?:,[\w.-]+)*\.[a-z]{2,}|\$\{?\w+\}?)$/i
/** As long and as mixed as only generated values are. */
const RANDOM = /^(?=[^\d]*\d)(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+/=_-]{20,}$/
const USER_INFO = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:([^\s@]+)@/i

/** The secrets in `KEY=value` lines, quotes taken off; of a URL with a password in it, the password alone too. */
export function secretsOfEnvText(text: string): NamedSecret[] {
  return text.split('\n').flatMap(line => {
    const [, name, raw] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    return name === undefined || raw === undefined ? [] : secretsOf(name, unquoted(raw))
  })
}

function secretsOf(name: string, value: string): NamedSecret[] {
  const password = USER_INFO.exec(value)?.[1]
  const inUrl =
    password === undefined
      ? []
      : [
          { name, value: decoded(password) },
          { name, value: password },
        ]
  const isSecret = RANDOM.test(value) || (SECRET_NAME.test(name) && !isHarmless(name, value))
  return isSecret || password !== undefined ? [{ name, value }, ...inUrl] : inUrl
}

/** A plain word is no proof of harmlessness where the name says password: people do choose such ones. */
function isHarmless(name: string, value: string): boolean {
  if (/pass|pwd|secret|token/i.test(name)) return /^(?:|\$\{?\w+\}?|\/[\w./-]+)$/.test(value)
  return HARMLESS.test(value)
}

function unquoted(value: string): string {
  const quoted = /^(["'])(.*)\1(?:\s+#.*)?$/.exec(value)
  return quoted?.[2] ?? value.replace(/\s+#.*$/, '')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
