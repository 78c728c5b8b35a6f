import { z } from 'zod'
import { account } from '../../src/facts/accounts.ts'
import { keyLogin } from '../../src/facts/fresh-login.ts'
import { sshSession } from '../../src/facts/ssh-session.ts'
import { check } from '../../src/model/check.ts'
import { outputOf, Unreadable, whyNot } from '../../src/model/command.ts'
import { sh } from '../../src/model/script.ts'
import { fail, notApplicable, pass, warn } from '../../src/model/verdict.ts'
import { deployUser } from '../parameters.ts'

const params = z.object({ deployUser })

export const deployLogin = check({
  id: 'accounts/deploy-login',
  title: 'You can log in as the deploy user',
  why: 'A real login over a new connection proves what settings only promise. It has to work before any other way in is closed.',
  params,
  after: ['accounts/deploy-exists', 'accounts/deploy-keys'],
  async probe(context) {
    const name = context.params.deployUser
    if ((await context.read(sshSession)).server === null)
      return notApplicable('this server is reached without SSH, so there is no login to try')
    const user = await context.read(account, name)
    // Not tried: a login that is bound to fail counts against this address all the same.
    if (user === null) return fail(`there is no user ${name} to log in as`)
    const first = await context.read(keyLogin, name)
    if (first.outcome === 'unreachable')
      throw new Unreadable(`a fresh login as ${name} could not be tried: ${first.reason}`)
    const expected = 'accepted with your key'
    if (first.outcome === 'refused')
      return fail(`a fresh login as ${name} is refused: ${first.reason}`, {
        measured: 'refused',
        expected,
        advice: `See why on the server: \`journalctl -u ssh -n 20\`. If your key is not among those authorised for ${name}, give it as deployKey.`,
      })
    const login = await context.login({
      user: name,
      with: 'key-only',
      script: sh`id -un; id -Gn`,
    })
    if (login.outcome !== 'accepted' || login.result === undefined)
      throw new Unreadable(`a second login as ${name} failed: ${login.reason}`)
    const { result } = login
    const [who = '', groups = ''] = result.stdout.split('\n')
    // A forced command or an expired password accepts the key, and then runs something else or nothing.
    if (result.ending === 'exited' && result.exitCode !== 0)
      return fail(`the login as ${name} is accepted, but commands do not run: ${whyNot(result)}`, {
        measured: `accepted, exit status ${result.exitCode}`,
        expected,
      })
    outputOf(result, `the login as ${name}`)
    if (who !== name) return fail(`the login as ${name} ended as ${who}`, { measured: who, expected: name })
    const seen = groups.split(' ')
    const unseen = user.groups.filter(group => !seen.includes(group))
    if (unseen.length > 0)
      return warn(`a fresh login does not see the groups ${unseen.join(', ')}`, {
        measured: groups,
        expected: user.groups.join(' '),
      })
    return pass(`a fresh login as ${name} works`, { measured: `accepted, groups ${groups}`, expected })
  },
})
