import { describe, expect, test } from 'vitest'
import { aptUsable, brokenPackages } from '../../../checks/packages/apt-usable.ts'
import { aptInstall } from '../../../checks/packages/install.ts'
import { noRebootPending } from '../../../checks/packages/no-reboot-pending.ts'
import { enableUnattendedUpgrades, unattendedUpgrades } from '../../../checks/packages/unattended-upgrades.ts'
import { listsFresh, upgradePackages, upToDate } from '../../../checks/packages/up-to-date.ts'
import { parseAptConfig } from '../../../src/facts/apt.ts'
import { parseSimulation } from '../../../src/facts/packages.ts'
import { given } from '../docker/given.ts'
import { fixture } from '../facts/fixture.ts'

const ids = (remedies: readonly { id: string }[] | undefined) => (remedies ?? []).map(({ id }) => id)

// As dpkg 1.21 of Debian 12 printed it.
const AUDIT = `The following packages have been unpacked but not yet configured.
They must be configured using dpkg --configure or the configure
menu option in dselect for them to work:
 knee-half            x`

describe('an install', () => {
  test('lasts, asks nothing, keeps configuration files, waits for the lock, and quotes names', () => {
    const [action, ...more] = aptInstall('Install', ['ufw', "a'b"])
    expect(more).toEqual([])
    expect(action).toMatchObject({ type: 'run', lasting: true, as: 'root' })
    const script = action?.type === 'run' ? action.script : ''
    for (const part of [
      'DEBIAN_FRONTEND=noninteractive',
      'NEEDRESTART_MODE=a',
      'DPkg::Lock::Timeout=300',
      'Dpkg::Options::=--force-confold',
      `apt_get -y install ufw 'a'\\''b'`,
    ])
      expect(script).toContain(part)
  })

  test('of nothing is no action', () => {
    expect(aptInstall('Install', [])).toEqual([])
  })
})

describe('apt', () => {
  const sound = { 'apt-locks': [], 'dpkg-audit': '', 'unmet-dependencies': '' }
  const probe = (over: object) => aptUsable.probe(given({}, { facts: { ...sound, ...over } }))

  test('is usable when nothing holds or breaks it', async () => {
    expect(await probe({})).toMatchObject({ status: 'pass' })
  })

  test('that is locked is waited for, never taken', async () => {
    const lock = { path: '/var/lib/dpkg/lock', pid: 7, command: 'unattended-upgrade', ageSeconds: 600 }
    const verdict = await probe({ 'apt-locks': [lock], 'dpkg-audit': AUDIT })
    expect(verdict).toMatchObject({
      status: 'fail',
      summary: 'unattended-upgrade holds /var/lib/dpkg/lock, for 10 minutes',
    })
    expect(ids(verdict.remedies)).toEqual(['packages/wait-for-apt'])
  })

  test('that was cut off is finished', async () => {
    expect(brokenPackages(AUDIT)).toEqual(['knee-half'])
    for (const broken of [{ 'dpkg-audit': AUDIT }, { 'unmet-dependencies': ' a : Depends: b' }]) {
      const verdict = await probe(broken)
      expect(verdict.status).toBe('fail')
      expect(ids(verdict.remedies)).toEqual(['packages/finish-packages'])
    }
  })
})

describe('updates', () => {
  const none = { waiting: [], keptBack: [], held: [] }
  const fresh = { ageHours: 5, missing: [] }
  const probe = (upgrades: object, lists: object = fresh) =>
    upToDate.probe(given({}, { facts: { upgrades: { ...none, ...upgrades }, 'package-lists': lists } }))
  const upgrade = { name: 'bash', from: '1', to: '2', security: false }

  test('for security fail, others warn, none pass', async () => {
    expect(await probe({ waiting: [upgrade, { ...upgrade, security: true }] })).toMatchObject({
      status: 'fail',
      measured: '2 waiting, 1 of them for security',
    })
    expect(await probe({ waiting: [upgrade] })).toMatchObject({ status: 'warn' })
    expect(await probe({})).toMatchObject({ status: 'pass' })
  })

  test('that old lists do not know of are not "none"', async () => {
    expect(await probe({}, { ageHours: 24 * 8, missing: [] })).toMatchObject({ status: 'unknown' })
    expect(await probe({}, { ageHours: null, missing: [] })).toMatchObject({ status: 'unknown' })
    expect(
      await probe({ waiting: [{ ...upgrade, security: true }] }, { ageHours: 999, missing: [] }),
    ).toMatchObject({ status: 'fail' })
  })

  test('that are held warn only when there is something to hold', async () => {
    expect(await probe({ held: ['perl-base'] })).toMatchObject({ status: 'pass' })
    const { keptBack } = parseSimulation(fixture('upgrade-held-bookworm.txt'))
    expect(await probe({ held: ['perl-base', 'liblzma5'], keptBack })).toMatchObject({
      status: 'warn',
      summary: expect.stringContaining('held on purpose: liblzma5, perl-base'),
    })
    expect(await probe({ keptBack: ['docker-ce'] })).toMatchObject({ status: 'warn' })
  })

  test('are installed with the new packages they need, and remove nothing', async () => {
    const facts = { upgrades: { ...none, waiting: [upgrade] } }
    const { actions } = await upgradePackages.plan(given({}, { facts }))
    expect(actions).toMatchObject([
      { lasting: true, script: expect.stringContaining('--with-new-pkgs upgrade') },
    ])
  })

  test('need lists of every source', async () => {
    const lists = (value: object) => listsFresh.probe(given({}, { facts: { 'package-lists': value } }))
    expect(await lists(fresh)).toMatchObject({ status: 'pass' })
    expect(await lists({ ageHours: null, missing: [] })).toMatchObject({ status: 'fail' })
    expect(await lists({ ageHours: 1, missing: ['a_InRelease'] })).toMatchObject({ status: 'fail' })
    expect(await lists({ ageHours: 200, missing: [] })).toMatchObject({ status: 'fail' })
  })
})

describe('a restart', () => {
  const state = {
    requestedBy: null,
    runningRelease: '6.1.0-9-amd64',
    runningBuild: '',
    installedReleases: ['6.1.0-9-amd64', '6.1.0-18-amd64'],
    packageVersion: '',
  }
  const probe = (over: object, container: string | null) =>
    noRebootPending.probe(
      given({}, { facts: { 'reboot-state': { ...state, ...over }, 'container-kind': container } }),
    )

  test('is due for a newer kernel, but not for one inside a container', async () => {
    expect(await probe({}, null)).toMatchObject({
      status: 'warn',
      summary: expect.stringContaining('6.1.0-18'),
    })
    expect(await probe({}, 'docker')).toMatchObject({ status: 'pass' })
    expect(await probe({ installedReleases: ['6.1.0-9-amd64'] }, null)).toMatchObject({ status: 'pass' })
  })

  test('is due when a package asks for it, anywhere', async () => {
    expect(await probe({ requestedBy: ['libc6'] }, 'lxc')).toMatchObject({
      status: 'warn',
      summary: 'a restart has been asked for by libc6',
    })
  })
})

describe('unattended upgrades', () => {
  const periodic = 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'
  const origins =
    'Unattended-Upgrade::Origins-Pattern:: "origin=Debian,codename=${distro_codename},label=Debian-Security";\n'
  const timer = (over = {}) => ({
    name: 'apt-daily-upgrade.timer',
    activeState: 'active',
    fileState: 'enabled',
    active: true,
    startsAtBoot: true,
    ...over,
  })
  const probe = (over: object) =>
    unattendedUpgrades.probe(
      given(
        {},
        {
          facts: {
            'package-version': '2.9.1',
            'apt-configuration(APT::Periodic)': parseAptConfig(periodic),
            'apt-configuration(Unattended-Upgrade)': parseAptConfig(origins),
            'timer-state': timer(),
            ...over,
          },
        },
      ),
    )

  test('are on when installed, configured and started by their timers', async () => {
    expect(await probe({})).toMatchObject({ status: 'pass' })
  })

  test('are off when any of these is missing', async () => {
    for (const over of [
      { 'package-version': null },
      { 'apt-configuration(APT::Periodic)': parseAptConfig(periodic.replace('"1"', '"0"')) },
      { 'apt-configuration(APT::Periodic)': parseAptConfig(`${periodic}APT::Periodic::Enable "0";\n`) },
      { 'apt-configuration(APT::Periodic)': new Map() },
      { 'timer-state(apt-daily-upgrade.timer)': timer({ active: false }) },
      { 'timer-state(apt-daily.timer)': timer({ startsAtBoot: false, fileState: 'disabled' }) },
    ]) {
      const verdict = await probe(over)
      expect(verdict.status).toBe('fail')
      expect(ids(verdict.remedies)).toEqual(['packages/enable-unattended-upgrades'])
    }
  })

  test('without a security archive are a warning', async () => {
    expect(await probe({ 'apt-configuration(Unattended-Upgrade)': new Map() })).toMatchObject({
      status: 'warn',
    })
  })

  const written = async (files: string, installed: string | null) => {
    const { actions } = await enableUnattendedUpgrades.plan(
      given({}, { facts: { 'package-version': installed }, run: { stdout: files } }),
    )
    return actions.map(action => (action.type === 'write-file' ? action.path : action.title))
  }

  test('are configured in the usual file, before the package that would make it', async () => {
    expect(await written('', null)).toEqual([
      '/etc/apt/apt.conf.d/20auto-upgrades',
      'Install unattended-upgrades',
      'Start its timers now and at every boot',
    ])
  })

  test('are configured behind a file that switches them off', async () => {
    expect(await written('20auto-upgrades\n99off\n', '2.9')).toEqual([
      '/etc/apt/apt.conf.d/zz-kneeboard-auto-upgrades',
      'Start its timers now and at every boot',
    ])
  })
})
