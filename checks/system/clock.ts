import { z } from 'zod'
import { clockOffset, timeService } from '../../src/facts/clock.ts'
import { containerKind } from '../../src/facts/operating-system.ts'
import { packageVersion } from '../../src/facts/packages.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, notApplicable, pass, unknown, warn } from '../../src/model/verdict.ts'
import { aptInstall } from '../packages/install.ts'

const params = z.object({})
const HOST_CLOCK = (kind: string) =>
  `this is a container (${kind}): its clock is the one of the machine it runs on, and is set there`

/** Time services: one is enough, and each package would remove the others. */
const SERVICES = ['systemd-timesyncd', 'chrony', 'ntpsec', 'openntpd'] as const

export const synchroniseTime = remedy({
  id: 'system/synchronise-time',
  title: 'Switch time synchronisation on',
  why: 'A time service keeps the clock right by itself: a quartz clock drifts by seconds a day, and a paused virtual machine by minutes.',
  risk: 'The clock may step once, so log times can jump. A service that is installed already (chrony) is used, not replaced.',
  grade: 'reversible',
  params,
  async plan({ read, policy }) {
    const container = await read(containerKind)
    if (container !== null) throw new Unreadable(HOST_CLOCK(container))
    const versions = await Promise.all(SERVICES.map(name => read(packageVersion, name)))
    const installed = SERVICES.find((_, index) => versions[index] !== null)
    const missing = installed === undefined ? ['systemd-timesyncd'] : []
    return {
      actions: [
        ...aptInstall('Install systemd-timesyncd', missing, policy),
        runAction('Switch synchronisation on', sh`timedatectl set-ntp true`),
        {
          type: 'wait',
          title: 'Wait until the clock is synchronised',
          script: sh`[ "$(timedatectl show -p NTPSynchronized --value)" = yes ]`.text,
          as: 'root',
          everySeconds: 2,
          timeoutSeconds: policy.timeSyncWaitSeconds,
        },
      ],
      touches: [`the time service (${installed ?? 'systemd-timesyncd, newly installed'})`, 'the clock'],
      undo: 'timedatectl set-ntp false',
      expectedSeconds: missing.length > 0 ? 20 : 5,
    }
  },
})

export const timeSynchronised = check({
  id: 'system/time-synchronised',
  title: 'The clock is kept right by a time service',
  why: 'Certificates, S3 signatures and one-time codes are refused when the clock is wrong, and a clock that nobody keeps will be.',
  params,
  explains: ['system/clock-right'],
  remedies: [synchroniseTime],
  async probe({ read }) {
    const container = await read(containerKind)
    if (container !== null) return notApplicable(HOST_CLOCK(container))
    const service = await read(timeService)
    const details = {
      measured: `service ${service.enabled ? 'on' : 'off'}, clock ${service.synchronised ? 'synchronised' : 'not synchronised'}`,
      expected: 'service on, clock synchronised',
    }
    if (service.synchronised) return pass('the clock is synchronised', details)
    if (service.enabled)
      return fail('a time service runs, but has not reached a time server', {
        ...details,
        remedies: [synchroniseTime],
        advice:
          'It needs UDP port 123 outwards: look at the provider’s firewall, and at `timedatectl timesync-status` or `chronyc sources`.',
      })
    return fail('no time service is switched on', { ...details, remedies: [synchroniseTime] })
  },
})

export const clockRight = check({
  id: 'system/clock-right',
  title: 'The server’s clock agrees with yours',
  why: 'Let’s Encrypt, S3 and one-time codes compare clocks. S3 refuses from 15 minutes on, a one-time code from half a minute.',
  params,
  remedies: [synchroniseTime],
  async probe({ read, policy }) {
    const { seconds, uncertainty } = await read(clockOffset)
    const off = Math.abs(seconds)
    const details = {
      measured: `${describe(seconds)}, give or take ${inSeconds(uncertainty)}`,
      expected: `within ${policy.clockOffsetWarnSeconds} s`,
    }
    const help = {
      ...details,
      remedies: (await read(containerKind)) === null ? [synchroniseTime] : [],
      advice:
        'If the server says that it is synchronised, look at the clock of your own machine: one of the two is wrong.',
    }
    if (off - uncertainty > policy.clockOffsetFailSeconds)
      return fail(`the server’s clock is ${describe(seconds)}`, help)
    if (off - uncertainty > policy.clockOffsetWarnSeconds)
      return warn(`the server’s clock is ${describe(seconds)}`, help)
    if (off + uncertainty <= policy.clockOffsetWarnSeconds)
      return pass(`the two clocks agree within ${inSeconds(off + uncertainty)}`, details)
    return unknown(
      `the answer took ${(uncertainty * 2).toFixed(1)} s to come, too slow to tell the clocks apart`,
      details,
    )
  },
})

/** `3.20 s ahead of yours`. */
function describe(seconds: number): string {
  return `${inSeconds(Math.abs(seconds))} ${seconds >= 0 ? 'ahead of' : 'behind'} yours`
}

/** `4 ms` below a tenth of a second, else `3.20 s`. */
function inSeconds(seconds: number): string {
  return seconds < 0.1 ? `${Math.ceil(seconds * 1000)} ms` : `${seconds.toFixed(2)} s`
}
