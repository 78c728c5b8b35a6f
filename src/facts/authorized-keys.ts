/** The format of authorized_keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT): which lines let someone in, and how far. */

/** One key of the file. Lines are numbered from 1. */
export interface AuthorizedKey {
  readonly line: number
  /** Options before the key, as they stand: `no-pty`, `from="10.0.0.0/8"`. */
  readonly options: readonly string[]
  /** `ssh-ed25519`, … */
  readonly type: string
  readonly blob: string
  readonly comment: string
  /** Why nobody can log in and work with it; null for a key that lets its owner in to a shell. */
  readonly flaw: string | null
}

export interface AuthorizedKeys {
  readonly keys: readonly AuthorizedKey[]
  /** Lines that are neither a key, nor a comment, nor empty. */
  readonly malformed: readonly number[]
  /** Whether lines end as on Windows. */
  readonly carriageReturns: boolean
}

const TYPE =
  /^(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)$/

/** Reads a whole file. Where a key stands twice, sshd takes the first line of it, so only that one counts as usable. */
export function parseAuthorizedKeys(text: string, now: Date): AuthorizedKeys {
  const keys: AuthorizedKey[] = []
  const malformed: number[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const key = parseLine(line, index + 1, now)
    if (key === null) malformed.push(index + 1)
    else if (keys.some(({ blob }) => blob === key.blob))
      keys.push({ ...key, flaw: 'the same key stands further up, and the first one counts' })
    else keys.push(key)
  }
  return { keys, malformed, carriageReturns: text.includes('\r') }
}

/** Whether this is the lock-in that cloud images put before root's key: "Please login as the user …". */
export function isCloudLockIn(key: AuthorizedKey): boolean {
  return key.options.some(option => /^command="/i.test(option) && /Please login as the user/i.test(option))
}

/** Options that narrow who may use a key and until when, not what may be done with it: kept when a key is copied. */
export function restrictions(key: AuthorizedKey): string[] {
  return key.options.filter(option => /^(from|expiry-time)="/i.test(option))
}

/** The line that grants a shell to the key: without what locks it in, with what restricts where it may come from. */
export function plainLine(key: AuthorizedKey): string {
  return [restrictions(key).join(','), key.type, key.blob, key.comment].filter(part => part !== '').join(' ')
}

function parseLine(line: string, number: number, now: Date): AuthorizedKey | null {
  const [options, rest] = TYPE.test(firstWord(line)) ? [[], line] : splitOptions(line)
  const [type = '', blob = '', ...comment] = rest.split(/[ \t]+/)
  if (!TYPE.test(type) || typeInside(blob) !== type) return null
  const key = { line: number, options, type, blob, comment: comment.join(' ') }
  return { ...key, flaw: flawOf(type, options, now) }
}

const firstWord = (line: string): string => line.split(/[ \t]/, 1)[0] ?? ''

/** Options run to the first space outside double quotes; a quote inside quotes is `\"`. */
function splitOptions(line: string): [string[], string] {
  const options: string[] = []
  let current = ''
  let quoted = false
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at)
    if (quoted && line.startsWith('\\"', at)) {
      current += '\\"'
      at++
    } else if (!quoted && (character === ' ' || character === '\t')) {
      options.push(current)
      return [options, line.slice(at).trim()]
    } else if (!quoted && character === ',') {
      options.push(current)
      current = ''
    } else {
      if (character === '"') quoted = !quoted
      current += character
    }
  }
  return [[], '']
}

/** The key type written inside the key itself (RFC 4253 §6.6: a length, then the name). */
function typeInside(blob: string): string {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(blob)) return ''
  const bytes = Buffer.from(blob, 'base64')
  if (bytes.length < 8) return ''
  const length = bytes.readUInt32BE(0)
  return length > bytes.length - 4 ? '' : bytes.toString('latin1', 4, 4 + length)
}

function flawOf(type: string, options: readonly string[], now: Date): string | null {
  if (type === 'ssh-dss') return 'DSA keys are refused since OpenSSH 7'
  const has = (name: string) => options.some(option => option.toLowerCase() === name)
  const value = (name: string) =>
    options.find(option => option.toLowerCase().startsWith(`${name}="`))?.slice(name.length + 2, -1)
  const command = value('command')
  if (command !== undefined)
    return /Please login as the user/i.test(command)
      ? 'the cloud image’s forced command only says to log in as someone else'
      : 'a forced command runs instead of a shell'
  if (has('cert-authority')) return 'it is a certificate authority, not a key of a person'
  if (has('no-pty') || (has('restrict') && !has('pty'))) return 'it may not open a terminal'
  const expiry = value('expiry-time')
  if (expiry !== undefined && isPast(expiry, now)) return `it expired at ${expiry}`
  return null
}

/** `YYYYMMDD[Z]` or `YYYYMMDDHHMM[SS][Z]`, read as UTC: a few hours off at most, which is all a warning needs. */
function isPast(expiry: string, now: Date): boolean {
  const match = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?Z?$/.exec(expiry)
  if (!match) return false
  const [, year, month, day, hour = '00', minute = '00', second = '00'] = match
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) <= now.getTime()
}
