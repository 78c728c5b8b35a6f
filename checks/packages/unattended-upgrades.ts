import { z } from 'zod'
import { aptConfiguration } from '../../src/facts/apt.ts'
import { packageVersion } from '../../src/facts/packages.ts'
import { type TimerState, timerState } from '../../src/facts/timers.ts'
import { runAction, writeFile } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { outputOf } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { aptInstall } from './install.ts'

const params = z.object({})
const TIMERS = ['apt-daily.timer', 'apt-daily-upgrade.timer'] as const
const FOLDER = '/etc/apt/apt.conf.d'
/** Where dpkg-reconfigure writes the same two lines. */
const USUAL_FILE = '20auto-upgrades'
/** apt reads the folder in order and the last value wins, so this one stands behind whatever switches it off. */
const LAST_FILE = 'zz-kneeboard-auto-upgrades'

export const enableUnattendedUpgrades = remedy({
  id: 'packages/enable-unattended-upgrades',
  title: 'Install security updates by themselves',
  why: 'Security updates come at night and at weekends. This installs them within a day, without anybody being there.',
  risk: 'A service may restart in the night when its update comes. Only the security updates of the distribution are taken, and changed configuration files are kept. It does not restart the server by itself.',
  grade: 'reversible',
  params,
  async plan({ read, run, policy }) {
    const missing =
      (await read(packageVersion, 'unattended-upgrades')) === null ? ['unattended-upgrades'] : []
    const set = await run(sh`
      cd ${FOLDER} || exit 0
      grep -ls -e 'Periodic' -- * || true
    `)
    const others = outputOf(set, FOLDER).split('\n').filter(Boolean)
    const file = `${FOLDER}/${others.some(name => name > USUAL_FILE) ? LAST_FILE : USUAL_FILE}`
    return {
      actions: [
        // Before the package, which would make the same file itself and keeps one that is there.
        writeFile(
          file,
          [
            'APT::Periodic::Enable "1";',
            'APT::Periodic::Update-Package-Lists "1";',
            'APT::Periodic::Unattended-Upgrade "1";',
            '',
          ].join('\n'),
          { title: 'Switch the daily run on', validate: sh`apt-config -c "$candidate" dump > /dev/null` },
        ),
        ...aptInstall('Install unattended-upgrades', missing, policy),
        runAction(
          'Start its timers now and at every boot',
          sh`
            systemctl unmask ${[...TIMERS]}
            systemctl enable --now ${[...TIMERS]}
          `,
        ),
      ],
      touches: [...missing.map(name => `the package ${name}`), file, ...TIMERS],
      undo: `rm ${file} && systemctl disable --now ${TIMERS.join(' ')}`,
      expectedSeconds: missing.length > 0 ? 30 : 3,
    }
  },
})

export const unattendedUpgrades = check({
  id: 'packages/unattended-upgrades',
  title: 'Security updates install themselves',
  why: 'Nobody logs in every day to install updates. A hole that is published on a Friday evening is used on Saturday.',
  params,
  remedies: [enableUnattendedUpgrades],
  async probe({ read }) {
    const help = { remedies: [enableUnattendedUpgrades] }
    const version = await read(packageVersion, 'unattended-upgrades')
    if (version === null)
      return fail('unattended-upgrades is not installed', {
        ...help,
        measured: 'not installed',
        expected: 'installed and running daily',
      })
    const periodic = await read(aptConfiguration, 'APT::Periodic')
    const off = SWITCHES.find(({ name, absent }) => isOff(periodic.get(`APT::Periodic::${name}`) ?? absent))
    if (off !== undefined)
      return fail(`apt’s daily run does not ${off.does}: APT::Periodic::${off.name} is off`, {
        ...help,
        measured: `${off.name} ${quoted(periodic.get(`APT::Periodic::${off.name}`))}`,
        expected: `${off.name} "1"`,
      })
    const timers = await Promise.all(TIMERS.map(name => read(timerState, name)))
    const dead = timers.find(timer => !timer.active || !timer.startsAtBoot)
    if (dead !== undefined)
      return fail(`${dead.name} ${describe(dead)}, so nothing starts the daily run`, {
        ...help,
        measured: `${dead.name}: ${dead.activeState}, ${dead.fileState}`,
        expected: 'active, enabled',
      })
    const settings = await read(aptConfiguration, 'Unattended-Upgrade')
    if (!takesSecurity(settings))
      return warn('unattended-upgrades takes updates from no security archive', {
        measured: 'no security origin',
        expected: 'the distribution’s security archive',
        advice:
          'Look at Origins-Pattern or Allowed-Origins in /etc/apt/apt.conf.d/50unattended-upgrades; `unattended-upgrade --dry-run --debug` says what it would take.',
      })
    return pass('unattended-upgrades runs every day', {
      measured: `unattended-upgrades ${version}, both timers active`,
      expected: 'installed and running daily',
    })
  },
})

/** What apt’s daily script reads, and what it takes an absent value for (apt.systemd.daily). */
const SWITCHES = [
  { name: 'Enable', absent: '1', does: 'run at all' },
  { name: 'Update-Package-Lists', absent: '0', does: 'fetch the package lists' },
  { name: 'Unattended-Upgrade', absent: '0', does: 'install updates' },
] as const

const quoted = (value: string | undefined): string => (value === undefined ? 'not set' : `"${value}"`)

/** `0` and nothing are off; anything else is a number of days or an interval like `12h`, or `always`. */
const isOff = (value: string): boolean => value === '' || value === '0'

function takesSecurity(settings: ReadonlyMap<string, string>): boolean {
  const origins = [
    settings.get('Unattended-Upgrade::Origins-Pattern::') ?? '',
    settings.get('Unattended-Upgrade::Allowed-Origins::') ?? '',
  ]
  return origins.some(text => /security/i.test(text))
}

function describe(timer: TimerState): string {
  if (timer.fileState === 'masked') return 'is masked'
  if (!timer.active) return 'does not run'
  return 'is gone after the next boot'
}
