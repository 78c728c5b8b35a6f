import { z } from 'zod'
import { account } from '../../src/facts/accounts.ts'
import { keyLogin, returningLogin } from '../../src/facts/fresh-login.ts'
import { sshSession } from '../../src/facts/ssh-session.ts'
import { exclusionOf } from '../../src/facts/sshd-access.ts'
import { sshdEffectiveFor } from '../../src/facts/sshd-effective.ts'
import { settingsIn, sshdSources } from '../../src/facts/sshd-sources.ts'
import { placeOf } from '../../src/facts/sshd-syntax.ts'
import { check, type ReadContext } from '../../src/model/check.ts'
import { fail, notApplicable, pass, unknown, type Verdict } from '../../src/model/verdict.ts'
import { deployUser, rootLogin } from '../parameters.ts'

export const operatorCanReturn = check({
  id: 'ssh/operator-can-return',
  title: 'You can log in again',
  why: 'An open session proves nothing about the next one: sshd may have read other files since, and would read them at its next restart. Find out while you are still inside.',
  params: z.object({ deployUser, rootLogin }),
  after: ['ssh/configuration-valid'],
  async probe(context) {
    const { params, read } = context
    const { user, client } = await read(sshSession)
    if (client === null) return notApplicable('there is no SSH between you and this machine')
    // With root shut out on purpose, it is the deploy user who has to come back.
    const returning = user === 'root' && params.rootLogin === 'no' ? params.deployUser : user
    const login = returning === user ? await read(returningLogin) : await read(keyLogin, returning)
    if (login.outcome === 'unreachable') {
      return unknown(`a fresh login as ${returning} could not be tried: ${login.reason}`)
    }
    if (login.outcome === 'refused') {
      return fail(`a fresh login as ${returning} was refused: ${login.reason}`, {
        measured: 'refused',
        expected: 'accepted',
        advice:
          'Keep this session open: it may be the last one. Compare the user, the key and `sshd -T` with what worked before.',
      })
    }
    for (const name of new Set([returning, params.deployUser])) {
      const shutOut = await exclusionVerdict(context, name, client.address)
      if (shutOut) return shutOut
    }
    return pass(`a fresh login as ${returning} works, and no list of sshd’s turns it away`, {
      measured: 'accepted',
      expected: 'accepted',
    })
  },
})

/** Null when sshd's lists let the user try, or when there is no such user yet. */
async function exclusionVerdict(
  { read }: ReadContext,
  user: string,
  address: string,
): Promise<Verdict | null> {
  const entry = await read(account, user)
  if (entry === null) return null
  const effective = await read(sshdEffectiveFor, user)
  const exclusion = exclusionOf(effective, { user, groups: entry.groups, address })
  if (exclusion === null) return null
  const keyword = exclusion.keyword.toLowerCase()
  const places = settingsIn(await read(sshdSources))
    .filter(candidate => candidate.keyword === keyword)
    .map(placeOf)
  return fail(
    `${user} gets in now, but not once sshd reads its files again: ${exclusion.keyword} ${exclusion.entries.join(' ')} at ${places.join(', ')}`,
    {
      measured: `${exclusion.keyword} ${exclusion.entries.join(' ')}`,
      expected: `${user} is let in`,
      telling: `${keyword} ${exclusion.entries[0] ?? ''}`,
      advice: `Mend that line before sshd is reloaded or the server restarts: ${exclusion.keyword.startsWith('Allow') ? `add ${user}` : `take ${user} out`}.`,
    },
  )
}
