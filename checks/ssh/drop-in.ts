/** The drop-in that closes what is open, and nothing else: composed from what this server has now. */

import { METHOD_KEYWORD, type SshdEffective, setting } from '../../src/facts/sshd-effective.ts'
import { type SshdSources, settingsIn, withFile } from '../../src/facts/sshd-sources.ts'
import { globalSetting, liveMatchSettings, placeOf, type SshdSetting } from '../../src/facts/sshd-syntax.ts'
import { Unreadable } from '../../src/model/command.ts'
import { isStrictEnough, type RootLogin, stricter } from './root-login-grades.ts'

/** Read before every other drop-in: Include is lexical, and the first value wins (sshd_config(5)). */
export const DROP_IN = '/etc/ssh/sshd_config.d/00-kneeboard.conf'

export interface DropIn {
  readonly text: string
  /** What `sshd -T` must say with it in place, in its own words; several words where versions differ. */
  readonly proof: readonly (readonly string[])[]
  /** Settings in Match blocks that it overrides. */
  readonly overridden: readonly SshdSetting[]
  /** True when the main file has to name it, since no Include that stands early enough does. */
  readonly needsInclude: boolean
}

interface Line {
  readonly keyword: string
  readonly value: string
}

/** @throws Unreadable when a drop-in cannot do it: AuthenticationMethods or a Match block stand against it. */
export function composeDropIn(sources: SshdSources, everyone: SshdEffective, rootLogin: RootLogin): DropIn {
  const others = settingsIn(withFile(sources, DROP_IN, ''))
  const factors = secondFactors(others)
  const lines: Line[] = []
  if (!factors.has('password')) lines.push({ keyword: 'PasswordAuthentication', value: 'no' })
  if (!factors.has('keyboard-interactive')) {
    lines.push({ keyword: 'KbdInteractiveAuthentication', value: 'no' })
    // Until OpenSSH 8.6 the two were separate switches for the same thing.
    if (everyone.has('challengeresponseauthentication')) {
      lines.push({ keyword: 'ChallengeResponseAuthentication', value: 'no' })
    }
  }
  const root = stricter(setting(everyone, 'permitrootlogin'), rootLogin)
  lines.push({ keyword: 'PermitRootLogin', value: root })
  const overridden = openInMatch(others, lines, rootLogin)
  const inBlock = lines.filter(line => overridden.some(other => other.keyword === keywordOf(line)))
  const text = textOf(lines, factors, overridden, inBlock)
  return { text, proof: lines.map(proofOf), overridden, needsInclude: !isFirst(sources, text, lines) }
}

function textOf(
  lines: readonly Line[],
  factors: ReadonlyMap<string, SshdSetting>,
  overridden: readonly SshdSetting[],
  inBlock: readonly Line[],
): string {
  const rows = [
    '# Written by Kneeboard. sshd takes the first value that it reads, so this file comes before the others.',
    ...[...factors].map(
      ([method, demand]) => `# ${method} is left as it is: ${placeOf(demand)} asks for it after a key.`,
    ),
    ...lines.map(line => `${line.keyword} ${line.value}`),
  ]
  if (inBlock.length > 0) {
    rows.push(
      '',
      '# Of several Match blocks that fit, the first one wins too. This one comes before',
      ...overridden.map(other => `# ${placeOf(other)}: ${other.text.trim()}`),
      'Match all',
      ...inBlock.map(line => `    ${line.keyword} ${line.value}`),
    )
  }
  return `${rows.join('\n')}\n`
}

/** Typed methods that AuthenticationMethods asks for beside a key, with the line that does: they must stay on. */
function secondFactors(settings: readonly SshdSetting[]): Map<string, SshdSetting> {
  const typed = Object.keys(METHOD_KEYWORD)
  const found = new Map<string, SshdSetting>()
  for (const demand of settings.filter(candidate => candidate.keyword === 'authenticationmethods')) {
    const lists = demand.value
      .split(/\s+/)
      .map(list => list.split(',').map(step => step.split(':')[0] ?? step))
    for (const list of lists) {
      const isTyped = list.every(step => typed.includes(step))
      if (isTyped && lists.length === 1) {
        throw new Unreadable(
          `${placeOf(demand)} lets people in by ${list.join(' and ')} alone (AuthenticationMethods): change that line by hand first, since without it no login would be left`,
        )
      }
      if (isTyped) continue
      for (const method of list.filter(step => typed.includes(step))) found.set(method, demand)
    }
  }
  return found
}

/** @throws Unreadable when overriding the open Match blocks would open a stricter one. */
function openInMatch(
  settings: readonly SshdSetting[],
  lines: readonly Line[],
  rootLogin: RootLogin,
): SshdSetting[] {
  return lines.flatMap(line => {
    const inBlocks = liveMatchSettings(settings, keywordOf(line))
    if (line.keyword !== 'PermitRootLogin') {
      return inBlocks.filter(candidate => candidate.value.toLowerCase() === 'yes')
    }
    const open = inBlocks.filter(candidate => !isStrictEnough(candidate.value, rootLogin))
    const strict = inBlocks.find(candidate => stricter(candidate.value, rootLogin) !== line.value)
    if (open[0] && strict) {
      throw new Unreadable(
        `${placeOf(open[0])} opens root login and ${placeOf(strict)} closes it further than asked; one override would undo both, so change the first by hand`,
      )
    }
    return open
  })
}

function isFirst(sources: SshdSources, text: string, lines: readonly Line[]): boolean {
  const settings = settingsIn(withFile(sources, DROP_IN, text))
  const firstBlock = settings.find(candidate => candidate.conditions.length > 0)
  const hasBlock = text.includes('\nMatch all\n')
  return (
    lines.every(line => globalSetting(settings, keywordOf(line))?.file === DROP_IN) &&
    (!hasBlock || firstBlock?.file === DROP_IN)
  )
}

/** The main file with the drop-in named before everything else. */
export function withInclude(text: string): string {
  return `# Added by Kneeboard: sshd takes the first value that it reads.\nInclude ${DROP_IN}\n\n${text}`
}

function keywordOf(line: Line): string {
  const keyword = line.keyword.toLowerCase()
  return keyword === 'challengeresponseauthentication' ? METHOD_KEYWORD['keyboard-interactive'] : keyword
}

function proofOf({ keyword, value }: Line): string[] {
  const words = value === 'prohibit-password' ? [value, 'without-password'] : [value]
  return words.map(word => `${keyword.toLowerCase()} ${word}`)
}
