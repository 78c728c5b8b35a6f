import { describe, expect, test } from 'vitest'
import { authoriseKeys, withKeys } from '../../../checks/accounts/authorise-keys.ts'
import { deployKeys } from '../../../checks/accounts/deploy-keys.ts'
import { repairKeyModes } from '../../../checks/accounts/repair-key-modes.ts'
import { parseAuthorizedKeys } from '../../../src/facts/authorized-keys.ts'
import { given } from '../docker/given.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINHbcq+mfWFfukL5jpPb16sFRE01Uga3mTPIY83IsLlO'
const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOtherOtherOtherOtherOtherOtherOtherOther000'
const LOCK_IN = `command="echo 'Please login as the user \\"debian\\".'" ${KEY}`
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

describe('keys', () => {
  const login = (text: string, over: object = {}) => ({
    file: '/home/deploy/.ssh/authorized_keys',
    chain: [
      home,
      folder('/home/deploy/.ssh'),
      { path: '/home/deploy/.ssh/authorized_keys', kind: 'file', mode: 0o600, owner: 'deploy' },
    ],
    strictModes: true,
    text,
    keys: parseAuthorizedKeys(text, new Date('2026-11-21')),
    ...over,
  })
  const probe = (text: string, over: object = {}, deployKey = '') =>
    deployKeys.probe(
      given({ ...params, deployKey }, { facts: { account: user, 'login-keys': login(text, over) } }),
    )
  const chain = (index: number, change: object) =>
    login('').chain.map((state, at) => (at === index ? { ...state, ...change } : state))

  test('that let in pass', async () => {
    expect(await probe(`${KEY} me\n`)).toMatchObject({ status: 'pass', summary: '1 key lets deploy in' })
  })

  test('that are none, or locked in, are authorised', async () => {
    for (const text of ['', '# nothing\n', `${LOCK_IN}\n`]) {
      const verdict = await probe(text)
      expect(verdict.status).toBe('fail')
      expect(ids(verdict.remedies)).toEqual(['accounts/authorise-keys'])
    }
    expect(await probe(`${KEY}\n`, {}, OTHER)).toMatchObject({ status: 'fail' })
    expect(await probe(`${KEY}\n${OTHER} me\n`, {}, OTHER)).toMatchObject({ status: 'pass' })
  })

  test('that sshd would refuse for their modes or owners fail, loose ones warn', async () => {
    for (const [index, change] of [
      [0, { mode: 0o777 }],
      [0, { mode: 0o775 }],
      [1, { owner: 'nobody' }],
      [2, { mode: 0o620 }],
    ] as const) {
      const verdict = await probe(KEY, { chain: chain(index, change) })
      expect(verdict.status).toBe('fail')
      expect(ids(verdict.remedies)).toEqual(['accounts/repair-key-modes'])
    }
    expect(await probe(KEY, { chain: chain(2, { mode: 0o644 }) })).toMatchObject({ status: 'warn' })
    expect(await probe(KEY, { chain: chain(0, { mode: 0o777 }), strictModes: false })).toMatchObject({
      status: 'warn',
    })
  })

  test('behind a link are left alone', async () => {
    const linked = { chain: chain(1, { kind: 'link' }) }
    expect(await probe(KEY, linked)).toMatchObject({ status: 'warn' })
    const facts = { account: user, 'login-keys': login(KEY, linked) }
    await expect(repairKeyModes.plan(given(params, { facts }))).rejects.toThrow('link')
    await expect(authoriseKeys.plan(given(params, { facts }))).rejects.toThrow('link')
  })

  test('keep a broken line in sight', async () => {
    expect(await probe(`${KEY}\nhello\n`)).toMatchObject({
      status: 'warn',
      summary: expect.stringContaining('line 2'),
    })
  })

  test('are made the user’s own, folder by folder', async () => {
    const facts = { account: user, 'login-keys': login(KEY, { chain: chain(2, { owner: 'root' }) }) }
    const { actions } = await repairKeyModes.plan(given(params, { facts }))
    expect(actions).toMatchObject([{ type: 'run' }])
    const [action] = actions
    expect(action?.type === 'run' ? action.script.split('\n') : []).toEqual([
      'set -eu',
      'chown -h deploy:deploy /home/deploy',
      'chmod go-w /home/deploy',
      'chown -h deploy:deploy /home/deploy/.ssh',
      'chmod 0700 /home/deploy/.ssh',
      'chown -h deploy:deploy /home/deploy/.ssh/authorized_keys',
      'chmod 0600 /home/deploy/.ssh/authorized_keys',
    ])
  })
})

describe('authorising', () => {
  const keys = (text: string) => parseAuthorizedKeys(text, new Date(0)).keys

  test('adds what is missing and keeps the rest', () => {
    expect(withKeys('', keys(`${KEY} me`))).toBe(`${KEY} me\n`)
    expect(withKeys(`# team\n${OTHER} you`, keys(`${KEY} me`))).toBe(`# team\n${OTHER} you\n${KEY} me\n`)
    expect(withKeys(`${KEY} old name\n`, keys(`${KEY} me`))).toBe(`${KEY} old name\n`)
  })

  test('opens a locked line of the same key where it stands, and mends line ends', () => {
    expect(withKeys(`${LOCK_IN}\r\n${OTHER}\r\n`, keys(`${KEY} me`))).toBe(`${KEY} me\n${OTHER}\n`)
  })

  const plan = (rootKeys: string) => {
    const chain = [home, folder('/home/deploy/.ssh')]
    const state = (file: string, text: string) => ({
      file,
      chain,
      strictModes: true,
      text,
      keys: parseAuthorizedKeys(text, new Date('2026-11-21')),
    })
    const facts = {
      account: user,
      'ssh/session': { user: 'root', client: null, server: null },
      'login-keys(deploy)': state('/home/deploy/.ssh/authorized_keys', ''),
      'login-keys(root)': state('/root/.ssh/authorized_keys', rootKeys),
    }
    return authoriseKeys.plan(given(params, { facts }))
  }

  test('copies the keys of the login, opening a cloud image’s lock-in and no other command', async () => {
    const { actions } = await plan(`${LOCK_IN} me\ncommand="borg serve" ${OTHER} backup\n`)
    expect(actions).toMatchObject([
      { type: 'run', script: 'install -d -m 0700 -o deploy -g deploy -- /home/deploy/.ssh' },
      { type: 'write-file', content: `${KEY} me\n`, mode: '0600', owner: 'deploy:deploy' },
    ])
  })

  test('says what to give when there is no key to copy', async () => {
    await expect(plan(`command="borg serve" ${OTHER} backup\n`)).rejects.toThrow('deployKey')
    await expect(plan('')).rejects.toThrow('deployKey')
  })
})
