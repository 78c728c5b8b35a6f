import { describe, expect, test } from 'vitest'
import { createDeploy, deployExists, repairDeploy } from '../../../checks/accounts/deploy-exists.ts'
import { deployLogin } from '../../../checks/accounts/deploy-login.ts'
import { deploySudo, grantSudo } from '../../../checks/accounts/deploy-sudo.ts'
import type { LoginOutcome } from '../../../src/model/machine.ts'
import { ended, given } from '../docker/given.ts'

const ids = (remedies: readonly { id: string }[] | undefined) => (remedies ?? []).map(({ id }) => id)
const params = { deployUser: 'deploy', deployKey: '', sudo: 'passwordless' as const }
const user = {
  name: 'deploy',
  uid: 1000,
  group: 'deploy',
  home: '/home/deploy',
  shell: '/bin/bash',
  shellRuns: true,
  groups: ['deploy', 'sudo'],
  password: 'locked',
  expired: false,
  passwordExpired: false,
}
const folder = (path: string, mode = 0o700, owner = 'deploy') => ({ path, kind: 'folder', mode, owner })
const home = folder('/home/deploy', 0o755)

describe('the deploy user', () => {
  const facts = (account: object | null, homeState: object = home) => ({ account, 'home-state': homeState })
  const probe = (...state: Parameters<typeof facts>) =>
    deployExists.probe(given(params, { facts: facts(...state) }))

  test('that exists with shell and home passes', async () => {
    expect(await probe(user)).toMatchObject({ status: 'pass' })
    expect(await probe({ ...user, uid: 0 })).toMatchObject({ status: 'warn' })
  })

  test('that is missing is created, that cannot log in is repaired', async () => {
    expect(ids((await probe(null)).remedies)).toEqual(['accounts/create-deploy'])
    for (const state of [
      [{ ...user, expired: true }],
      [{ ...user, passwordExpired: true }],
      [{ ...user, shell: '/usr/sbin/nologin' }],
      [{ ...user, shell: '/bin/zsh', shellRuns: false }],
      [user, { ...home, kind: 'missing' }],
      [user, { ...home, owner: 'nobody' }],
    ] as Parameters<typeof facts>[]) {
      const verdict = await probe(...state)
      expect(verdict.status).toBe('fail')
      expect(ids(verdict.remedies)).toEqual(['accounts/repair-deploy'])
    }
  })

  const titles = async (groupExists: boolean, homeState: object) => {
    const facts = { account: null, 'group-exists': groupExists, 'home-state': homeState }
    const { actions } = await createDeploy.plan(given(params, { facts }))
    return actions.map(action => (action.type === 'run' ? action.script.split('; ').at(-1) : action.type))
  }

  test('is created without a password; a group and a folder of its name are taken over', async () => {
    expect(await titles(false, { ...home, kind: 'missing' })).toEqual([
      "adduser --disabled-password --gecos '' deploy",
    ])
    expect(await titles(true, { ...home, owner: '1001' })).toEqual([
      "adduser --disabled-password --gecos '' --ingroup deploy deploy",
      'chown -- deploy: /home/deploy',
    ])
  })

  test('is repaired in exactly what is wrong', async () => {
    const repair = (...state: Parameters<typeof facts>) =>
      repairDeploy.plan(given(params, { facts: facts(...state) }))
    expect((await repair({ ...user, expired: true })).actions.map(({ title }) => title)).toEqual([
      'Take the account’s end date away',
    ])
    await expect(repair(user)).rejects.toThrow('nothing to repair')
    await expect(repair(user, { ...home, kind: 'link' })).rejects.toThrow('no folder')
  })
})

describe('sudo', () => {
  const facts = (without: string | null, account: object = user, version: string | null = '1.9') => ({
    account,
    'package-version': version,
    'sudo-without-password': without,
  })
  const probe = (sudo: 'passwordless' | 'password', ...state: Parameters<typeof facts>) =>
    deploySudo.probe(given({ ...params, sudo }, { facts: facts(...state) }))
  const refusal = 'sudo: a password is required'

  test('without a password is proven by doing it', async () => {
    expect(await probe('passwordless', null)).toMatchObject({ status: 'pass' })
    expect(await probe('passwordless', refusal)).toMatchObject({ status: 'fail', telling: refusal })
    expect(await probe('passwordless', null, { ...user, groups: ['deploy'] })).toMatchObject({
      status: 'fail',
    })
    expect(await probe('passwordless', null, user, null)).toMatchObject({ status: 'fail' })
  })

  test('with a password needs a password, and no rule that makes it needless', async () => {
    expect(await probe('password', refusal, { ...user, password: 'usable' })).toMatchObject({
      status: 'pass',
    })
    expect(await probe('password', refusal)).toMatchObject({ status: 'fail' })
    expect(await probe('password', null)).toMatchObject({ status: 'warn' })
  })

  test('is granted by a file of its own that visudo has accepted', async () => {
    const { actions } = await grantSudo.plan(given(params, { facts: facts(refusal) }))
    expect(actions).toMatchObject([
      {
        type: 'write-file',
        path: '/etc/sudoers.d/90-kneeboard-deploy',
        content: 'deploy ALL=(ALL:ALL) NOPASSWD: ALL\n',
        mode: '0440',
        validate: expect.stringContaining('visudo -cf "$candidate"'),
      },
    ])
  })

  test('with a password asks a person for it, and never makes one', async () => {
    const context = given({ ...params, sudo: 'password' as const }, { facts: facts(refusal) })
    expect((await grantSudo.plan(context)).actions).toMatchObject([{ type: 'ask' }])
  })
})

describe('a login as the deploy user', () => {
  const accepted = (stdout: string, exitCode = 0, stderr = ''): LoginOutcome => ({
    outcome: 'accepted',
    methods: [],
    reason: '',
    result: ended({ stdout, exitCode, stderr }),
  })
  const probe = (first: LoginOutcome, second: LoginOutcome = first, over: object = {}) =>
    deployLogin.probe(
      given(params, {
        facts: {
          account: user,
          'ssh/session': { user: 'root', client: null, server: { address: '192.0.2.7', port: 22 } },
          'login/key-only': first,
          ...over,
        },
        login: second,
      }),
    )

  test('works when it is that user, with its groups', async () => {
    expect(await probe(accepted('deploy\ndeploy sudo\n'))).toMatchObject({ status: 'pass' })
    expect(await probe(accepted('deploy\ndeploy\n'))).toMatchObject({ status: 'warn' })
    expect(await probe(accepted('debian\ndebian\n'))).toMatchObject({ status: 'fail' })
  })

  test('that is accepted and then runs nothing has failed', async () => {
    const forced = accepted('', 1, 'Password change required but no TTY available.\n')
    expect(await probe(forced)).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('Password change required'),
    })
  })

  test('that is refused fails; one that could not be tried proves nothing', async () => {
    const refused = { outcome: 'refused', methods: ['publickey'], reason: 'no key fits' } as const
    expect(await probe(refused)).toMatchObject({ status: 'fail' })
    await expect(probe({ ...refused, outcome: 'unreachable' })).rejects.toThrow('could not be tried')
  })

  test('is not tried without SSH, and not for a user that is not there', async () => {
    const local = { 'ssh/session': { user: 'root', client: null, server: null } }
    const never = { outcome: 'unreachable', methods: [], reason: 'tried' } as const
    expect(await probe(never, never, local)).toMatchObject({ status: 'not-applicable' })
    expect(await probe(never, never, { account: null })).toMatchObject({ status: 'fail' })
  })
})
