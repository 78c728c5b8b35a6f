import { z } from 'zod'
import { ufwSettings, ufwStatus } from '../../src/facts/ufw.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { raise } from './raise.ts'

export const firewallActive = check({
  id: 'firewall/active',
  title: 'The firewall is on, and comes up with the server',
  why: 'Rules in a file stop nobody. And a firewall that was switched on by hand is off after the next reboot, when nobody is looking.',
  params: z.object({}),
  after: ['firewall/ufw-installed'],
  remedies: [raise],
  async probe({ read }) {
    const status = await read(ufwStatus)
    const { enabled, unit } = await read(ufwSettings)
    const expected = 'active, at boot too'
    if (!status.active) {
      return fail('ufw is inactive', {
        measured: 'inactive',
        expected,
        telling: status.line,
        remedies: [raise],
      })
    }
    if (!enabled || (unit !== '' && !unit.startsWith('enabled'))) {
      return fail(
        `ufw is active now, but would be off after a reboot (${enabled ? `ufw.service is ${unit}` : 'ENABLED=no'})`,
        {
          measured: 'active until the next reboot',
          expected,
          remedies: [raise],
        },
      )
    }
    return pass('ufw is active and starts with the server', { measured: 'active', expected })
  },
})
