import { z } from 'zod'
import { fail2ban } from '../../src/facts/fail2ban.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { setUp } from './set-up.ts'

export const fail2banRunning = check({
  id: 'fail2ban/running',
  title: 'fail2ban runs and answers',
  why: 'It shuts the door on addresses that keep trying. Where keys are the only way in it is not the lock, but it keeps the logs readable and the guessers away.',
  params: z.object({}),
  remedies: [setUp],
  async probe({ read }) {
    const state = await read(fail2ban)
    const expected = 'active, enabled, answering'
    const remedies = [setUp]
    if (!state.installed) return fail('fail2ban is not installed', { measured: 'absent', expected, remedies })
    const measured = `${state.state}, ${state.enabled ? 'enabled' : 'not enabled'}, ${state.answers ? 'answering' : 'silent'}`
    if (!state.answers) {
      const why = state.complaint ? `: ${state.complaint}` : ''
      return fail(`fail2ban is ${state.state || 'not running'} and does not answer${why}`, {
        measured,
        expected,
        remedies,
      })
    }
    if (state.state !== 'active' || !state.enabled) {
      return fail('fail2ban answers now, but would not be there after a reboot', {
        measured,
        expected,
        remedies,
      })
    }
    return pass('fail2ban answers, and starts with the server', {
      measured,
      expected,
      telling: 'state=active',
    })
  },
})
