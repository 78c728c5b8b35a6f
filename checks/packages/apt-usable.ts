import { z } from 'zod'
import { type AptLock, aptLocks, dpkgAudit, LOCKS } from '../../src/facts/apt.ts'
import { unmetDependencies } from '../../src/facts/packages.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { aptEnvironment } from './install.ts'

const params = z.object({})

export const waitForApt = remedy({
  id: 'packages/wait-for-apt',
  title: 'Wait until the other package run has finished',
  why: 'Debian and Ubuntu install security updates by themselves, often in the first minutes of a new server. Two package runs cannot work at once, and one that is stopped half way leaves packages broken.',
  risk: 'None: this only waits and looks. It never ends the other run.',
  grade: 'reversible',
  params,
  async plan({ read, policy }) {
    const locks = await read(aptLocks)
    return {
      actions: [
        {
          type: 'wait',
          title: `Wait for ${[...new Set(locks.map(({ command }) => command))].join(' and ') || 'the lock'}`,
          script: sh`
            inodes=$(stat -c ':%i' ${LOCKS} 2>/dev/null)
            for inode in $inodes; do
              if grep -q "$inode " /proc/locks; then exit 1; fi
            done
          `.text,
          as: 'root',
          everySeconds: 2,
          timeoutSeconds: policy.aptLockWaitSeconds,
        },
      ],
      touches: ['nothing'],
      undo: 'Nothing to undo: nothing is changed.',
      expectedSeconds: 60,
    }
  },
})

export const finishPackages = remedy({
  id: 'packages/finish-packages',
  title: 'Finish what dpkg was interrupted in',
  why: 'A package run that was cut off leaves packages unpacked but not set up. Until that is finished, nothing else can be installed.',
  risk: 'Services of those packages may restart. Changed configuration files are kept as they are. Broken dependencies are mended by installing what is missing, never by removing.',
  grade: 'disruptive',
  params,
  async plan({ read, policy }) {
    const audit = await read(dpkgAudit)
    return {
      actions: [
        lastingAction(
          'Set up what is half installed',
          sh`
            set -eu
            ${aptEnvironment(policy)}
            dpkg --force-confdef --force-confold --configure -a || echo 'some packages need others first'
            apt_get -y --no-remove --fix-broken install
          `,
        ),
      ],
      touches: [brokenPackages(audit).join(', ') || 'packages with missing dependencies'],
      interrupts: 'Services that belong to those packages may restart, for some seconds each.',
      undo: 'There is no way back to a half-installed package, and no use for one.',
      expectedSeconds: 30,
    }
  },
})

export const aptUsable = check({
  id: 'packages/apt-usable',
  title: 'Packages can be installed',
  why: 'Every remedy that installs something needs apt’s lock, and a dpkg that is in one piece.',
  params,
  timeoutSeconds: 120,
  remedies: [waitForApt, finishPackages],
  async probe({ read }) {
    const locks = await read(aptLocks)
    const [lock] = locks
    if (lock !== undefined)
      return fail(`${lock.command} holds ${lock.path}, for ${age(lock)}`, {
        measured: `locked by process ${lock.pid}`,
        expected: 'no lock held',
        telling: lock.command,
        remedies: [waitForApt],
        advice: `Do not end it while it works. See what it does: \`ps -fp ${lock.pid}\` and /var/log/apt/term.log.`,
      })
    const audit = await read(dpkgAudit)
    if (audit !== '')
      return fail(`dpkg has not finished with ${namesIn(audit)}`, {
        measured: `${brokenPackages(audit).length} half installed`,
        expected: '0 half installed',
        remedies: [finishPackages],
        advice: 'See what stopped it: /var/log/dpkg.log and /var/log/apt/term.log.',
      })
    const unmet = await read(unmetDependencies)
    if (unmet !== '')
      return fail('installed packages miss what they depend on', {
        telling: unmet.split('\n').find(line => /Depends:/.test(line)) ?? '',
        remedies: [finishPackages],
      })
    return pass('apt’s lock is free, and dpkg is in one piece')
  },
})

/** The packages that `dpkg --audit` lists: indented by one space, name first. */
export function brokenPackages(audit: string): string[] {
  const names = [...audit.matchAll(/^ (\S+)/gm)].map(([, name = '']) => name)
  return [...new Set(names)]
}

function namesIn(audit: string): string {
  const names = brokenPackages(audit)
  if (names.length === 0) return 'some packages'
  return names.length > 4 ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more` : names.join(', ')
}

function age({ ageSeconds }: AptLock): string {
  return ageSeconds < 120 ? `${ageSeconds} s` : `${Math.round(ageSeconds / 60)} minutes`
}
