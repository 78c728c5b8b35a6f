import { z } from 'zod'
import { setting, sshdEffective, sshdEffectiveFor } from '../../src/facts/sshd-effective.ts'
import { settingsIn, sshdSources } from '../../src/facts/sshd-sources.ts'
import { liveMatchSettings, placeOf } from '../../src/facts/sshd-syntax.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { rootLogin } from '../parameters.ts'
import { harden } from './harden.ts'
import { because, deciding } from './method-refused.ts'
import { isStrictEnough, type RootLogin } from './root-login-grades.ts'

const WANTED: Record<RootLogin, string> = {
  'key-only': 'with a key only, or not at all',
  no: 'not at all',
}

/** What each value of PermitRootLogin means (sshd_config(5)). */
const MEANING: Readonly<Record<string, string>> = {
  yes: 'with a password, too',
  'prohibit-password': 'with a key only',
  'forced-commands-only': 'with a key, and only for the command that the key is bound to',
  no: 'not at all',
}

export const rootLoginClosed = check({
  id: 'ssh/root-login',
  title: 'Root logs in as agreed: with a key only, or not at all',
  why: 'root is the one name that every attacker knows. A key cannot be guessed; a password can.',
  params: z.object({ rootLogin }),
  after: ['ssh/configuration-valid'],
  remedies: [harden],
  async probe({ read, params }) {
    const keyword = 'permitrootlogin'
    const everyone = await read(sshdEffective)
    const effective = await read(sshdEffectiveFor, 'root')
    const settings = settingsIn(await read(sshdSources))
    const value = setting(effective, keyword)
    const decided = because(deciding(settings, keyword, effective, everyone), keyword)
    const details = { measured: value, expected: WANTED[params.rootLogin] }
    const telling = `${keyword} ${effective.get(keyword)?.[0] ?? value}`
    if (!isStrictEnough(value, params.rootLogin)) {
      return fail(`root logs in ${MEANING[value] ?? value} ${decided}`, {
        ...details,
        telling,
        remedies: [harden],
      })
    }
    const open = liveMatchSettings(settings, keyword).filter(
      candidate => !isStrictEnough(candidate.value, params.rootLogin),
    )
    const [first] = open
    if (first) {
      return fail(`root may log in from elsewhere by a Match block: ${open.map(placeOf).join(', ')}`, {
        ...details,
        measured: `${first.value} in a Match block`,
        telling: `|${first.text}`,
        remedies: [harden],
      })
    }
    return pass(`root logs in ${MEANING[value] ?? value} ${decided}`, {
      ...details,
      telling,
    })
  },
})
