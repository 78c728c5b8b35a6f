import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectTo } from '../../src/host/connect.ts'
import type { Prompter } from '../../src/host/prompter.ts'
import { refusingPrompter } from '../../src/host/prompter.ts'
import type { Machine } from '../../src/model/machine.ts'
import { sh } from '../../src/model/script.ts'
import { asking } from './asking.ts'
import { type Decide, type FactorServer, startFactorServer } from './factor-server.ts'
import { makeKey, sshdInstalled, startSshd } from './sshd.ts'

describe.skipIf(!sshdInstalled)('logging in without a key (left out when openssh is not installed)', () => {
  let folder: string
  let server: FactorServer | undefined
  const open: Machine[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kneeboard-factors-'))
    makeKey(join(folder, 'host'))
    makeKey(join(folder, 'id'))
  })
  afterEach(async () => {
    for (const machine of open.splice(0)) await machine.close()
    await server?.stop()
    rmSync(folder, { recursive: true })
  })

  async function connect(decide: Decide, prompter: Prompter, identity?: string): Promise<Machine> {
    server = await startFactorServer(join(folder, 'host'), decide)
    const known = join(folder, 'known_hosts')
    const [type, key] = readFileSync(join(folder, 'host.pub'), 'utf8').split(' ')
    writeFileSync(known, `[127.0.0.1]:${server.port} ${type} ${key}\n`)
    const config = join(folder, 'config')
    writeFileSync(
      config,
      `Host *\n IdentityFile none\n IdentityAgent none\n UserKnownHostsFile ${known}\n GlobalKnownHostsFile none\n`,
    )
    const { port } = server
    const machine = await connectTo(
      { host: '127.0.0.1', port, user: 'ops', identity, sshConfigFile: config },
      prompter,
    )
    open.push(machine)
    return machine
  }

  const byPassword: Decide = async context =>
    context.method === 'password' && context.password === 'right' ? true : { methods: ['password'] }

  it('asks for a password, says that one was wrong, and keeps the right one for the session', async () => {
    const prompter = asking({ password: ['wrong', 'right'] })
    const machine = await connect(byPassword, prompter)
    expect(prompter.asked.map(({ question }) => question)).toEqual([
      { user: 'ops', host: '127.0.0.1', attempt: 1 },
      { user: 'ops', host: '127.0.0.1', attempt: 2 },
    ])
    expect(machine.connection.authenticatedBy).toBe('password')
    expect((await machine.run(sh`echo in`)).stdout).toBe('in\n')
    expect(await machine.login({ with: 'credentials' })).toMatchObject({ outcome: 'accepted' })
    await machine.reconnect(5)
    expect(prompter.asked).toHaveLength(2)
  })

  it('never gives a password to a login that is for keys only', async () => {
    const machine = await connect(byPassword, asking({ password: ['right'] }))
    const tried = server?.tried.length ?? 0
    expect(await machine.login({ with: 'key-only' })).toMatchObject({
      outcome: 'refused',
      methods: ['password'],
    })
    expect(server?.tried.slice(tried)).toEqual(['none'])
  })

  it('gives up after three wrong passwords', async () => {
    const prompter = asking({ password: ['a', 'b', 'c', 'd'] })
    await expect(connect(byPassword, prompter)).rejects.toMatchObject({
      exitCode: 77,
      message:
        '127.0.0.1 refuses the login of ops: no key was at hand, the password was refused; it accepts password.',
    })
    expect(server?.tried).toEqual(['none', 'password a', 'password b', 'password c'])
  })

  it('tries no password when nobody is there to type one, and says so', async () => {
    await expect(connect(byPassword, refusingPrompter)).rejects.toMatchObject({
      exitCode: 77,
      next: expect.stringContaining('Its password can only be typed at a terminal.'),
    })
    expect(server?.tried).toEqual(['none'])
  })

  it('stops when the operator declines', async () => {
    await expect(connect(byPassword, asking({ password: [null] }))).rejects.toMatchObject({
      exitCode: 77,
      message: expect.stringContaining('no password was given'),
    })
    expect(server?.tried).toEqual(['none'])
  })

  /** First a key, then a code: AuthenticationMethods publickey,keyboard-interactive. */
  function twoFactors(): Decide {
    let keyAccepted = false
    return async context => {
      if (context.method === 'publickey') {
        const own = readFileSync(join(folder, 'id.pub'), 'utf8').split(' ')[1]
        if (context.key.data.toString('base64') !== own) return { methods: ['publickey'] }
        if (!context.signature) return true
        keyAccepted = true
        return { methods: ['keyboard-interactive'], partial: true }
      }
      if (!keyAccepted) return { methods: ['publickey'] }
      if (context.method !== 'keyboard-interactive') return { methods: ['keyboard-interactive'] }
      const answers = await new Promise<readonly string[]>(resolve => {
        context.prompt([{ prompt: 'Code: ', echo: false }], 'Second factor', 'Open your app', given =>
          resolve(given ?? []),
        )
      })
      return answers[0] === '123456' ? true : { methods: ['keyboard-interactive'] }
    }
  }

  it('asks for the code that a server wants after the key, and offers no further key', async () => {
    makeKey(join(folder, 'id2'))
    const prompter = asking({ keyboardInteractive: [['000000'], ['123456']] })
    const machine = await connect(twoFactors(), prompter, join(folder, 'id'))
    expect(prompter.asked[0]).toEqual({
      kind: 'keyboardInteractive',
      question: {
        user: 'ops',
        host: '127.0.0.1',
        name: 'Second factor',
        instructions: 'Open your app',
        prompts: [{ prompt: 'Code: ', echo: false }],
      },
    })
    expect(prompter.asked).toHaveLength(2)
    expect(machine.connection.authenticatedBy).toBe('keyboard-interactive')
    expect(server?.tried).toEqual([
      'publickey',
      'publickey',
      'none',
      'keyboard-interactive',
      'keyboard-interactive',
    ])
  })

  it('does not let its time limit run while a person is looking for the code', async () => {
    const slow: Prompter = {
      ...refusingPrompter,
      interactive: true,
      keyboardInteractive: async () => {
        await new Promise(resolve => setTimeout(resolve, 1500))
        return ['123456']
      },
    }
    const machine = await connect(twoFactors(), slow, join(folder, 'id'))
    expect(await machine.login({ with: 'credentials', timeoutSeconds: 1 })).toMatchObject({
      outcome: 'accepted',
    })
  })

  it('ends politely when the question is declined', async () => {
    await expect(connect(twoFactors(), asking(), join(folder, 'id'))).rejects.toMatchObject({
      exitCode: 77,
      message: expect.stringContaining('the server’s question was not answered'),
    })
  })

  it('is refused by a real sshd that wants a right password', async () => {
    const sshd = await startSshd({ config: ['PasswordAuthentication yes'] })
    try {
      const { host, port, user, clientConfig: sshConfigFile } = sshd
      const prompter = asking({ password: ['wrong', 'also wrong', 'still wrong'] })
      await expect(connectTo({ host, port, user, sshConfigFile }, prompter)).rejects.toMatchObject({
        exitCode: 77,
        message: `127.0.0.1 refuses the login of ${user}: no key was at hand, the password was refused; it accepts publickey, password.`,
      })
      expect(prompter.asked).toHaveLength(3)
    } finally {
      await sshd.stop()
    }
  })

  it('goes on to the second factor of a real sshd', async () => {
    const sshd = await startSshd({
      config: ['PasswordAuthentication yes', 'AuthenticationMethods publickey,password'],
    })
    try {
      const { host, port, user, identity, clientConfig: sshConfigFile } = sshd
      const prompter = asking({ password: ['wrong', null] })
      await expect(connectTo({ host, port, user, identity, sshConfigFile }, prompter)).rejects.toMatchObject({
        exitCode: 77,
        message: expect.stringContaining('it accepts password.'),
      })
      expect(prompter.asked.map(({ kind }) => kind)).toEqual(['password', 'password'])
      expect(sshd.log()).toContain('Partial publickey')
    } finally {
      await sshd.stop()
    }
  })

  it('says that more keys were offered than a server allows', async () => {
    const sshd = await startSshd({ config: ['MaxAuthTries 2'] })
    try {
      const config = join(sshd.folder, 'many_keys')
      const names = ['a', 'b', 'c', 'd'].map(name => makeKey(join(sshd.folder, `id_${name}`)))
      writeFileSync(
        config,
        `Host *\n IdentityAgent none\n UserKnownHostsFile ${sshd.knownHosts}\n${names.map(name => ` IdentityFile ${name}\n`).join('')}`,
      )
      const { host, port, user } = sshd
      await expect(
        connectTo({ host, port, user, sshConfigFile: config }, refusingPrompter),
      ).rejects.toMatchObject({
        exitCode: 77,
        message: expect.stringContaining('more attempts than it allows'),
      })
    } finally {
      await sshd.stop()
    }
  })
})
