/** Judges the two methods that end in a typed password by what sshd does, not by what one file says. */

import { sshSession } from '../../src/facts/ssh-session.ts'
import {
  acceptsAlone,
  isOn,
  METHOD_KEYWORD,
  type PasswordMethod,
  requiredMethods,
  type SshdEffective,
  setting,
  sshdEffective,
  sshdEffectiveFor,
} from '../../src/facts/sshd-effective.ts'
import { settingsIn, sshdSources } from '../../src/facts/sshd-sources.ts'
import { globalSetting, liveMatchSettings, placeOf, type SshdSetting } from '../../src/facts/sshd-syntax.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { fail, pass, type Verdict } from '../../src/model/verdict.ts'
import { harden } from './harden.ts'

const WORDS: Record<PasswordMethod, string> = {
  password: 'passwords',
  'keyboard-interactive': 'keyboard-interactive logins',
}

/** Passes when nobody gets in by this method alone: not the operator, not root, not the deploy user, not by a Match block. */
export async function judgeMethod(
  { read, params }: ProbeContext<{ deployUser: string }>,
  method: PasswordMethod,
): Promise<Verdict> {
  const keyword = METHOD_KEYWORD[method]
  const everyone = await read(sshdEffective)
  const settings = settingsIn(await read(sshdSources))
  const { user } = await read(sshSession)
  for (const name of new Set([user, 'root', params.deployUser])) {
    const effective = await read(sshdEffectiveFor, name)
    if (!acceptsAlone(effective, method)) continue
    const decider = deciding(settings, keyword, effective, everyone)
    return fail(`sshd takes ${WORDS[method]} from ${name} ${because(decider, keyword)}`, {
      measured: `${keyword} yes`,
      expected: `${keyword} no`,
      telling: `${keyword} ${setting(effective, keyword)}`,
      remedies: [harden],
    })
  }
  const open = requiredMethods(everyone) === null ? liveMatchSettings(settings, keyword).filter(isYes) : []
  const [first] = open
  if (first) {
    return fail(
      `sshd takes ${WORDS[method]} from whom a Match block names, ${open.map(placeOf).join(', ')}`,
      {
        measured: 'yes in a Match block',
        expected: `${keyword} no`,
        telling: `|${first.text}`,
        remedies: [harden],
      },
    )
  }
  if (isOn(everyone, method)) {
    const demand = globalSetting(settings, 'authenticationmethods')
    return pass(
      `sshd asks for it only after a key: ${demand ? placeOf(demand) : 'AuthenticationMethods'} decides`,
    )
  }
  return pass(`sshd refuses ${WORDS[method]} ${because(globalSetting(settings, keyword), keyword)}`, {
    measured: `${keyword} no`,
    expected: `${keyword} no`,
    telling: `${keyword} no`,
  })
}

const isYes = (candidate: SshdSetting): boolean => candidate.value.toLowerCase() === 'yes'

/** The line that makes the value what it is for one user: a Match block's where that differs from everyone's. */
export function deciding(
  settings: readonly SshdSetting[],
  keyword: string,
  effective: SshdEffective,
  everyone: SshdEffective,
): SshdSetting | undefined {
  const value = setting(effective, keyword)
  if (value !== setting(everyone, keyword)) {
    const inBlock = liveMatchSettings(settings, keyword).find(
      candidate => candidate.value.toLowerCase().replace('without-password', 'prohibit-password') === value,
    )
    if (inBlock) return inBlock
  }
  return globalSetting(settings, keyword)
}

/** Which line decides, as the end of a sentence. (Without a colon: `passwords: …` would look like a secret to the redactor.) */
export function because(decider: SshdSetting | undefined, keyword: string): string {
  if (!decider) return `because no file sets ${keyword} and OpenSSH’s own default holds`
  return `because ${placeOf(decider)} says ${decider.text.trim()}`
}
