/** The whole of `server-setup`, as an operator runs it on the first day, on real servers. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Lab, type LabServer, openLab, targetArguments } from './index.ts'
import { kneeboard, notGood } from './kneeboard.ts'

let lab: Lab
beforeAll(async () => {
  lab = await openLab()
})
afterAll(async () => {
  await lab?.close()
})

const STAGING = ['--environment', 'staging']

test.each(['bookworm', 'trixie'] as const)(
  'a bare %s server goes from a dozen failures to passed, stays so, and lets the operator in after a reboot',
  async release => {
    const server = await lab.startServer({ release })
    const on = kneeboard()

    const asDelivered = await stateOf(server)
    const before = await on.json(server, 'check', 'server-setup', ...STAGING)
    expect(await stateOf(server)).toEqual(asDelivered)
    expect(before.exitCode).toBe(2)
    expect(notGood(before.report).length).toBeGreaterThanOrEqual(12)
    expect(before.report.actions).toEqual([])

    const first = await on.json(server, 'run', 'server-setup', ...STAGING, '--consent', 'disruptive')
    expect(notGood(first.report)).toEqual([])
    expect([first.exitCode, first.report.status]).toEqual([0, 'passed'])
    expect(first.report.actions.map(action => action.outcome)).toEqual(
      first.report.actions.map(() => 'proven'),
    )

    const untouched = await stateOf(server)
    const second = await on.json(server, 'run', 'server-setup', ...STAGING, '--consent', 'disruptive')
    expect([second.exitCode, second.report.status, second.report.actions]).toEqual([0, 'passed', []])
    expect(await stateOf(server)).toEqual(untouched)

    await server.reboot()
    const after = await on.run('targets', 'test', ...targetArguments(server).slice(1))
    expect(after).toMatchObject({ exitCode: 0 })
    const settled = await on.json(server, 'check', 'server-setup', ...STAGING)
    expect(notGood(settled.report)).toEqual([])
  },
)

/** What a run that changes nothing must leave alone: files that matter, packages, users, rules, containers, images. */
async function stateOf(server: LabServer): Promise<string> {
  return server.must(`
    find /etc /home /root /opt /usr/local /var/spool/cron /var/lib/apt /var/lib/dpkg /var/cache/apt /var/lib/kneeboard /var/backups \
      -xdev -not -name resolv.conf -printf '%p %m %u %T@ %s\\n' 2>/dev/null | sort
    dpkg-query -W; getent passwd; getent group; systemctl list-unit-files --no-legend | sort
    command -v ufw >/dev/null && ufw status verbose
    command -v docker >/dev/null && { docker ps -aq; docker images -q; docker volume ls -q; docker network ls -q; } | sort
    true
  `)
}
