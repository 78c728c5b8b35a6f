/** Secrets by their shape, for values that nobody told us of. Every pattern runs in linear time. */

import { redactPrivateKeys } from './private-keys.ts'

const MARK = '[secret]'

/** Names whose value is a secret: environment variables, JSON and YAML keys, options. */
const SECRET_NAME =
  '[A-Za-z0-9_.-]{0,60}(?:password|passphrase|pass(?:wd)?(?=["\']?\\s{0,3}=)|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|signing[_-]?key|encryption[_-]?key|fernet[_-]?key|credential)s?[A-Za-z0-9_.-]{0,40}'

/**
 * What follows such a name and gives nothing away: switches, numbers, references to where the value is, and what a
 * shell, awk or printf will put in its place. A script that is shown must be the script that runs.
 */
const HARMLESS =
  /^(?:yes|no|true|false|on|off|none|null|nil|undefined|never|required|optional|\d{1,5}|\*+|[x!+?-]|%s(?:\\n)*|\$\d|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*(?::?\?[^}]*)?\}|\[secret.*|\/(?:run|etc|var|home|opt|srv|usr|root|tmp|data|app|secrets|mnt)\/[\w./-]+?(?::\d+){0,2}|file:.*)$/i

type Shape = readonly [pattern: RegExp, replacement: string]

const SHAPES: readonly Shape[] = [
  [/\bAGE-SECRET-KEY-1[A-Z0-9]{50,}/g, MARK],
  // Tokens that tell by their prefix whose they are.
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, MARK],
  [/\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b/g, MARK],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{20,})/g, MARK],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g, MARK],
  [/\bhooks\.slack\.com\/services\/[A-Za-z0-9/]{20,}/g, `hooks.slack.com/services/${MARK}`],
  [/\b(?:sk|rk|pk|whsec)_(?:live_|test_)?[A-Za-z0-9]{20,}/g, MARK],
  [/\bsk-[A-Za-z0-9_-]{20,}/g, MARK],
  [/\bAIza[0-9A-Za-z_-]{35}/g, MARK],
  [/\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/g, MARK],
  [/\b(?:dop|doo|dor)_v1_[a-f0-9]{64}\b/g, MARK],
  [/\bnpm_[A-Za-z0-9]{36}\b/g, MARK],
  [/\bhv[sb]\.[A-Za-z0-9_-]{20,}/g, MARK],
  [/\bkey-[0-9a-f]{32}\b/g, MARK],
  [/\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b/g, MARK],
  // Stored password hashes: crypt(3), PBKDF2 of Django.
  [/\$(?:1|5|6|7|y|gy|2[abxy]|argon2(?:id|i|d))\$[./A-Za-z0-9$=,+]{20,}/g, MARK],
  [/\bpbkdf2_sha\d+\$\d+\$[A-Za-z0-9+/=$]{20,}/g, MARK],
  // Headers. The scheme stays: it is no secret, and tells what was tried.
  [
    /((?:proxy-)?authorization["']?\s{0,3}[:=]\s{0,3}["']?(?:[A-Za-z]{1,20} {1,3})?)[^\s"',;]{4,}/gi,
    `$1${MARK}`,
  ],
  [/(\b(?:set-)?cookie["']?\s{0,3}:\s{0,3}["']?)[^\r\n"']{4,}/gi, `$1${MARK}`],
  // URLs: the password of `scheme://user:password@host`, the key of `https://key@sentry…`.
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/?#"'<>]{0,100}:)[^\s@/"'<>]{1,300}(?=@)/gi, `$1${MARK}`],
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[A-Za-z0-9_-]{20,200}(?=@)/gi, `$1${MARK}`],
  [
    /([?&](?:access_token|token|key|api_key|sig|signature|X-Amz-Signature|password|secret)=)[^\s&"'<>#]{4,}/gi,
    `$1${MARK}`,
  ],
  // SQL, as servers log it.
  [/(\bPASSWORD\s{1,3}')[^'\n]{1,400}(?=')/gi, `$1${MARK}`],
  // Options of commands.
  // Not `date -u +%H:%M`.
  [/(\s(?:-u|--user)[ =](?!\+%)[^\s:'"]{1,60}:)[^\s'"]{1,200}/g, `$1${MARK}`],
]

/** `name = value` in every usual notation; group 1 is kept, then a quoted or a bare value. */
const ASSIGNMENT = new RegExp(
  `(?<![A-Za-z0-9_.[-])(${SECRET_NAME}\\\\?["']?\\s{0,3}(?:=>|:=|=|:)[ \\t]{0,8})("(?:[^"\\\\\\n]|\\\\.){0,4000}"|'[^'\\n]{0,4000}'|\\$\\{[^}\\n]{0,400}\\}|[^\\s"',;&)}\\]]{1,4000})`,
  'gi',
)
/** `--password value`. */
const OPTION = new RegExp(
  `((?:^|\\s)--?${SECRET_NAME}\\s{1,3})("[^"\\n]{0,400}"|'[^'\\n]{0,400}'|[^\\s"'-][^\\s"']{0,400})`,
  'gi',
)

/** Replaces everything that has the shape of a secret by `[secret]`. */
export function redactShapes(text: string): string {
  let out = redactPrivateKeys(text)
  for (const [pattern, replacement] of SHAPES) {
    out = out.replace(pattern, replacement)
  }
  return out.replace(ASSIGNMENT, keepHarmlessOrProse).replace(OPTION, keepHarmless)
}

function keepHarmlessOrProse(
  whole: string,
  name: string,
  value: string,
  offset: number,
  text: string,
): string {
  const before = text.slice(Math.max(0, offset - NEARBY), offset)
  const after = text.slice(offset + whole.length, offset + whole.length + LINE)
  return isProse(text, offset, name, value) ||
    isVariableOfPsql(before, name, value) ||
    isSubstitution(value, after)
    ? whole
    : keepHarmless(whole, name, value)
}

/** Characters looked at on each side of what could be a sentence. */
const NEARBY = 80
/** Characters of a line in which a command substitution has to be closed. */
const LINE = 400
/** A word as sentences have them: no digit, no sign, nothing that a generated secret looks like. */
const PLAIN_WORD = /^[A-Za-z][a-z]{0,14}$/
/** Words that begin a clause, and that nobody has for a password. */
const CLAUSE =
  /^(?:a|an|the|this|that|these|it|its|they|there|is|are|was|were|not|no|only|must|may|can|cannot|should|see|one|two|both|some|any|all|each|every|if|when|while|because|in|on|of|for|from|with|without|you|your|nobody|nothing|either|neither)$/i

/**
 * “sshd refuses passwords: this file decides” is a sentence and no assignment: a colon and a space, then the
 * beginning of a clause with more words behind it. After a plural in a sentence any plain word may begin one.
 */
function isProse(text: string, offset: number, name: string, value: string): boolean {
  if (!/[A-Za-z]:[ \t]+$/.test(name)) return false
  const before = text.slice(Math.max(0, offset - NEARBY), offset)
  const inSentence = /[A-Za-z][,;]? $/.test(before)
  const plural = /s:[ \t]+$/i.test(name)
  if (!(inSentence || plural) || !(inSentence && plural ? PLAIN_WORD : CLAUSE).test(value)) return false
  const from = offset + name.length + value.length
  return /^ [A-Za-z]{2,}(?![\w:=])/.test(text.slice(from, from + NEARBY))
}

/** `ALTER ROLE … WITH PASSWORD :'password'`: psql puts the value of its variable there. */
const isVariableOfPsql = (before: string, name: string, value: string): boolean =>
  /\bWITH\s+(?:ENCRYPTED\s+)?$/.test(before) && /^PASSWORD :$/.test(name) && /^'[a-z_]+'$/.test(value)

/** `PGPASSWORD=$(read_key FILE NAME)`: what the command prints, and closed on its line. */
const isSubstitution = (value: string, after: string): boolean =>
  /^\$\([a-z_]+$/.test(value) && /^(?:[ \t]+[^\n)]+)?\)/.test(after)

function keepHarmless(whole: string, name: string, value: string): string {
  const quoteMark = /^["']/.test(value) ? value.charAt(0) : ''
  const bare = quoteMark === '' ? value : value.slice(1, -1)
  if (bare === '' || HARMLESS.test(bare)) return whole
  return `${name}${quoteMark}${MARK}${quoteMark}`
}
