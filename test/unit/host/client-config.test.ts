import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  clientConfig,
  expandPath,
  listHosts,
  parseSettings,
  resolveClientConfig,
} from '../../../src/host/client-config.ts'
import { settingsFromFiles } from '../../../src/host/client-config-files.ts'
import { parseJump } from '../../../src/host/connect-by-ssh.ts'

const folder = mkdtempSync(join(tmpdir(), 'kneeboard-config-'))
afterAll(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, 'conf.d'))

const path = join(folder, 'config')
writeFileSync(
  path,
  `# the operator's own
Include ${folder}/conf.d/*.conf

Host shop shop-*.example !shop-old.example
  HostName %h.internal
  User deploy
  Port 2222
  IdentityFile ~/.ssh/id_shop
  IdentityFile "~/.ssh/with space"
  ProxyJump gate

Host=gate
  Hostname=203.0.113.9
  User = jump

Match originalhost matched user ops
  Port 2200

Match host 192.0.2.*,!192.0.2.7
  Port 2201
  HostKeyAlias alias

Match host other.example
  IdentitiesOnly yes

Host *
  User fallback
  Port 2299
  IdentityFile ~/.ssh/id_every
  ConnectTimeout 7
  UserKnownHostsFile ~/.ssh/known_hosts_%r ${folder}/known
  GlobalKnownHostsFile none
`,
)
writeFileSync(
  join(folder, 'conf.d', '10-included.conf'),
  `Host included\n  HostName 198.51.100.4\n  User from-include\n  Include ${folder}/conf.d/deeper\n`,
)
writeFileSync(join(folder, 'conf.d', 'deeper'), 'Port 2345\nHost never\n  User never\n')
writeFileSync(join(folder, 'conf.d', '20-late.conf'), 'Host included\n  User too-late\n')
writeFileSync(join(folder, 'conf.d', 'ignored.txt'), 'Host included\n  Port 1\n')

const HOSTS: readonly (readonly [string, string | undefined])[] = [
  ['shop', undefined],
  ['shop-new.example', undefined],
  ['shop-old.example', undefined],
  ['gate', undefined],
  ['included', undefined],
  ['matched', 'ops'],
  ['matched', undefined],
  ['192.0.2.1', undefined],
  ['192.0.2.7', undefined],
  ['other.example', undefined],
  ['unheard-of', undefined],
  ['shop', 'given'],
]

const sshInstalled = (() => {
  try {
    execFileSync('ssh', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

describe('the client configuration', () => {
  it.runIf(sshInstalled).each(HOSTS)(
    'of %s (user %s) reads the same without OpenSSH as with it',
    async (host, user) => {
      const request = { host, user, configFile: path }
      const withSsh = await resolveClientConfig(request)
      const without = clientConfig(request, settingsFromFiles(request))
      expect(without).toEqual(withSsh)
    },
  )

  it('is what the file says', async () => {
    const config = await resolveClientConfig({ host: 'shop', configFile: path })
    expect(config).toMatchObject({
      alias: 'shop',
      hostname: 'shop.internal',
      user: 'deploy',
      port: 2222,
      proxyJump: ['gate'],
      connectTimeout: 7,
      globalKnownHostsFiles: [],
      userKnownHostsFiles: [join(homedir(), '.ssh/known_hosts_deploy'), join(folder, 'known')],
    })
    expect(config.identityFiles).toEqual([
      join(homedir(), '.ssh/id_shop'),
      join(homedir(), '.ssh/with space'),
      join(homedir(), '.ssh/id_every'),
    ])
  })

  it('gives way to what was typed', async () => {
    const config = await resolveClientConfig({ host: 'shop', user: 'me', port: 99, configFile: path })
    expect(config).toMatchObject({ user: 'me', port: 99 })
  })

  it.each(['exec "true"', 'canonical', 'final', 'tagged x'])(
    'is refused without OpenSSH for “Match %s”',
    criterion => {
      const odd = join(folder, 'odd')
      writeFileSync(odd, `Match ${criterion}\n  Port 1\n`)
      expect(() => settingsFromFiles({ host: 'x', configFile: odd })).toThrow(
        `${odd} uses “Match ${criterion.split(' ')[0]}”, which only OpenSSH itself can decide`,
      )
    },
  )

  it('does not follow a file that includes itself for ever', () => {
    const loop = join(folder, 'loop')
    writeFileSync(loop, `Include ${loop}\n`)
    expect(() => settingsFromFiles({ host: 'x', configFile: loop })).toThrow(
      'includes itself again and again',
    )
  })

  it('says which line is broken', async () => {
    const broken = join(folder, 'broken')
    writeFileSync(broken, 'Host x\n  Prot 22\n')
    await expect(resolveClientConfig({ host: 'x', configFile: broken })).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringMatching(/broken(:|.*) line 2: Bad configuration option: prot$/),
    })
  })

  it('says which file is missing', () => {
    expect(() => settingsFromFiles({ host: 'x', configFile: join(folder, 'missing') })).toThrow(
      `The client configuration ${join(folder, 'missing')} cannot be read: ENOENT.`,
    )
  })

  it('lists the names that stand for one host', async () => {
    expect(await listHosts(path)).toEqual(['included', 'never', 'shop', 'gate'])
  })

  it('expands what file names may hold', () => {
    const values = { alias: 'shop', hostname: 'shop.internal', user: 'deploy', port: 2222 }
    expect(expandPath('~/x', values)).toBe(join(homedir(), 'x'))
    expect(expandPath('%d/%h-%n-%p-%r-%u-%%', values)).toBe(
      `${homedir()}/shop.internal-shop-2222-deploy-${userInfo().username}-%`,
    )
    expect(expandPath('${HOME}/k', values)).toBe(`${process.env.HOME}/k`)
  })

  it('takes the agent that the configuration names, or none', () => {
    const agent = (text: string): string | null => clientConfig({ host: 'x' }, parseSettings(text)).agent
    expect(agent('identityagent none')).toBeNull()
    expect(agent('identityagent ~/agent.sock')).toBe(join(homedir(), 'agent.sock'))
    process.env.KNEEBOARD_TEST_AGENT = '/run/x'
    expect(agent('identityagent $KNEEBOARD_TEST_AGENT')).toBe('/run/x')
  })

  it('reads jump hosts in every notation', () => {
    expect(parseJump('gate')).toEqual({ host: 'gate' })
    expect(parseJump('me@gate:22')).toEqual({ host: 'gate', user: 'me', port: 22 })
    expect(parseJump('ssh://me@[2001:db8::1]:22')).toEqual({ host: '2001:db8::1', user: 'me', port: 22 })
    expect(() => parseJump('a b:c:d')).toThrow('is not user@host:port')
  })
})
