import { z } from 'zod'
import { jailHearsSshd, type SshdJail, sshdJail } from '../../src/facts/fail2ban.ts'
import { sshPorts } from '../../src/facts/ssh-ports.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, unknown } from '../../src/model/verdict.ts'
import { closesPort } from './ports.ts'
import { setUp } from './set-up.ts'

export const fail2banSshdJail = check({
  id: 'fail2ban/sshd-jail',
  title: 'The sshd jail reads what sshd writes, and bans on the port it uses',
  why: 'A jail can be up and deaf: Debian 12 and later write no auth.log, and sshd changed the names it logs under. And a ban on port 22 stops nobody where sshd listens on 2222.',
  params: z.object({}),
  after: ['fail2ban/running'],
  remedies: [setUp],
  async probe({ read, policy }) {
    const jail = await read(sshdJail)
    const remedies = [setUp]
    const expected = `hearing, at most ${policy.fail2banMaxRetry} attempts, on sshd’s ports`
    if (jail === null)
      return fail('fail2ban runs without a jail for sshd', { measured: 'no jail', expected, remedies })
    const source = jail.journalMatch || jail.files.join(' ')
    if (source === '')
      return fail('the jail reads neither the journal nor a file', { measured: 'deaf', expected, remedies })
    if (jail.actions.length === 0)
      return fail('the jail bans nobody: it has no action', { measured: 'no action', expected, remedies })
    const ports = (await read(sshPorts)).map(({ port }) => port)
    const missed = ports.filter(port => !closesPort(jail.ports, port))
    if (missed.length > 0) {
      return fail(`a ban closes ${jail.ports.join(', ')}, but sshd listens on ${missed.join(', ')}`, {
        measured: jail.ports.join(', '),
        expected: ports.join(', '),
        telling: `port=${jail.ports.join(',')}`,
        remedies,
      })
    }
    if (jail.maxRetry > policy.fail2banMaxRetry) {
      return fail(`the jail lets ${jail.maxRetry} attempts pass before it bans`, {
        measured: `${jail.maxRetry}`,
        expected: `at most ${policy.fail2banMaxRetry}`,
        telling: `maxretry=${jail.maxRetry}`,
        remedies,
      })
    }
    const hears = await read(jailHearsSshd, jail.journalMatch, jail.files.join(' '))
    if (hears === null)
      return unknown('whether the jail hears sshd could not be tried: there is no SSH login to look for')
    if (hears === 'no') {
      return fail(`the jail is deaf: sshd’s line about your own login is not in what it reads (${source})`, {
        measured: source,
        expected: 'sshd’s own lines',
        remedies,
      })
    }
    return pass(
      `the jail heard your own login and bans after ${jail.maxRetry} failures in ${minutes(jail.findTime)}, ${lasting(jail)}`,
      {
        measured: `hearing, ${jail.maxRetry} attempts, on ${jail.ports.join(', ') || 'all ports'}`,
        expected,
      },
    )
  },
})

const minutes = (seconds: number): string => (seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`)

const lasting = ({ banTime }: SshdJail): string => (banTime < 0 ? 'for ever' : `for ${minutes(banTime)}`)
