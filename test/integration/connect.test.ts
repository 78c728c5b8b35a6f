import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { connectTo } from '../../src/host/connect.ts'
import type { ConnectRequest } from '../../src/host/connect-request.ts'
import { refusingPrompter } from '../../src/host/prompter.ts'
import type { Machine } from '../../src/model/machine.ts'
import { sh } from '../../src/model/script.ts'
import { asking } from './asking.ts'
import { makeKey, type Sshd, sshdInstalled, startSshd } from './sshd.ts'

describe.skipIf(!sshdInstalled)(
  'connecting to a real sshd (left out when openssh-server is not installed)',
  () => {
    let sshd: Sshd
    const open: Machine[] = []
    beforeAll(async () => {
      sshd = await startSshd({ hostKeyTypes: ['ed25519', 'rsa'] })
    })
    afterEach(async () => {
      for (const machine of open.splice(0)) await machine.close()
    })
    afterAll(() => sshd?.stop())

    function request(more: Partial<ConnectRequest> = {}): ConnectRequest {
      const { host, port, user, identity, clientConfig: sshConfigFile } = sshd
      return { host, port, user, identity, sshConfigFile, ...more }
    }

    async function connect(
      more: Partial<ConnectRequest> = {},
      prompter = refusingPrompter,
    ): Promise<Machine> {
      const machine = await connectTo(request(more), prompter)
      open.push(machine)
      return machine
    }

    function fresh(name: string): string {
      const path = join(sshd.folder, name)
      rmSync(path, { force: true })
      return path
    }

    it('logs in with a key and says what it knows of the connection', async () => {
      const machine = await connect()
      expect(machine.connection).toEqual({
        kind: 'ssh',
        host: '127.0.0.1',
        user: sshd.user,
        port: sshd.port,
        hostKey: sshd.fingerprint,
        authenticatedBy: 'ed25519 key',
      })
      const result = await machine.run(sh`id -un`)
      expect(result).toMatchObject({ ending: 'exited', exitCode: 0, stdout: `${sshd.user}\n`, as: 'login' })
      expect(result.where).toBe(`${sshd.user}@127.0.0.1`)
    })

    describe('keys', () => {
      const withKey = (name: string, type: string, passphrase: string, ...more: string[]): string => {
        const path = makeKey(fresh(name), type, passphrase, ...more)
        writeFileSync(sshd.authorizedKeys, readFileSync(`${path}.pub`), { flag: 'a' })
        return path
      }

      it('asks for the passphrase of an encrypted key, and only once for a whole session', async () => {
        const identity = withKey('id_encrypted', 'ed25519', 'open sesame')
        const prompter = asking({ passphrase: ['open sesame'] })
        const machine = await connect({ identity }, prompter)
        expect(prompter.asked).toEqual([{ kind: 'passphrase', question: { identity, attempt: 1 } }])
        expect(await machine.login({ with: 'key-only' })).toMatchObject({ outcome: 'accepted' })
        await machine.reconnect(10)
        expect(prompter.asked).toHaveLength(1)
      })

      it('says that a passphrase was wrong, and asks three times', async () => {
        const identity = withKey('id_thrice', 'ed25519', 'right')
        const second = asking({ passphrase: ['wrong', 'right'] })
        await connect({ identity }, second)
        expect(second.asked.map(({ question }) => question)).toEqual([
          { identity, attempt: 1 },
          { identity, attempt: 2 },
        ])
        const never = asking({ passphrase: ['a', 'b', 'c', 'd'] })
        await expect(connect({ identity }, never)).rejects.toMatchObject({
          exitCode: 77,
          message: expect.stringContaining(`The passphrase for the key ${identity} was wrong 3 times.`),
        })
        expect(never.asked).toHaveLength(3)
      })

      it('asks for no passphrase when the server does not want the key', async () => {
        const identity = makeKey(fresh('id_unwanted'), 'ed25519', 'secret')
        const prompter = asking({ passphrase: ['secret'] })
        await expect(connect({ identity }, prompter)).rejects.toMatchObject({ exitCode: 77 })
        expect(prompter.asked).toEqual([])
      })

      it.each([
        ['an RSA key', 'rsa', '', []],
        ['an ECDSA key', 'ecdsa', '', ['-b', '384']],
        ['an encrypted RSA key in the old PEM format', 'rsa', 'open sesame', ['-m', 'PEM']],
        ['an encrypted ECDSA key', 'ecdsa', 'open sesame', []],
      ] as const)('logs in with %s', async (name, type, passphrase, more) => {
        const identity = withKey(`id_${name.replaceAll(' ', '_')}`, type, passphrase, ...more)
        const machine = await connect({ identity }, asking({ passphrase: ['open sesame'] }))
        expect(machine.connection.authenticatedBy).toBe(`${type} key`)
      })

      it('uses the agent, asks nothing, and leaves the other keys of the agent aside with IdentitiesOnly', async () => {
        const identity = withKey('id_agent', 'ed25519', 'open')
        const socket = join(sshd.folder, 'agent')
        const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
        try {
          while (!existsSync(socket)) await new Promise(resolve => setTimeout(resolve, 10))
          const askpass = join(sshd.folder, 'askpass')
          writeFileSync(askpass, '#!/bin/sh\necho open\n', { mode: 0o700 })
          execFileSync('ssh-add', ['-q', identity], {
            env: {
              ...process.env,
              SSH_AUTH_SOCK: socket,
              SSH_ASKPASS: askpass,
              SSH_ASKPASS_REQUIRE: 'force',
            },
            stdio: ['ignore', 'ignore', 'inherit'],
          })
          const config = (more: string): string => {
            const path = fresh('agent_config')
            writeFileSync(
              path,
              `Host *\n IdentityAgent ${socket}\n ${more}\n UserKnownHostsFile ${sshd.knownHosts}\n GlobalKnownHostsFile none\n`,
            )
            return path
          }
          const plain = { identity: undefined, sshConfigFile: config('IdentityFile none') }
          expect((await connect(plain)).connection.authenticatedBy).toBe('ed25519 key')
          const only = {
            identity: undefined,
            sshConfigFile: config(`IdentitiesOnly yes\n IdentityFile ${sshd.strangerIdentity}`),
          }
          await expect(connect(only)).rejects.toMatchObject({ exitCode: 77 })
          // The agent signs for an encrypted file that it holds.
          await connect({ identity, sshConfigFile: config('IdentitiesOnly yes') })
        } finally {
          agent.kill()
        }
      })

      it('explains a key that the server does not know', async () => {
        await expect(connect({ identity: sshd.strangerIdentity })).rejects.toMatchObject({
          exitCode: 77,
          message: `127.0.0.1 refuses the login of ${sshd.user}: one key was offered; it accepts publickey.`,
          next: expect.stringContaining('--identity FILE'),
        })
      })

      it('explains a wrong user', async () => {
        await expect(connect({ user: 'nobody-of-that-name' })).rejects.toMatchObject({
          exitCode: 77,
          message: expect.stringContaining('refuses the login of nobody-of-that-name'),
          next: expect.stringContaining('Check the user name (nobody-of-that-name)'),
        })
      })

      it('explains a key file that is missing, public, or on a security key', async () => {
        const missing = join(sshd.folder, 'id_missing')
        await expect(connect({ identity: missing })).rejects.toMatchObject({
          exitCode: 77,
          message: `The key file ${missing} does not exist.`,
        })
        await expect(connect({ identity: `${sshd.identity}.pub` })).rejects.toMatchObject({
          exitCode: 77,
          message: expect.stringContaining('holds a public key'),
        })
        const token = fresh('id_token')
        writeFileSync(token, 'stub')
        writeFileSync(`${token}.pub`, 'sk-ssh-ed25519@openssh.com AAAA\n')
        await expect(connect({ identity: token })).rejects.toMatchObject({
          exitCode: 77,
          message: expect.stringContaining('security key (FIDO)'),
        })
      })
    })

    describe('host keys', () => {
      const unknown = (): Partial<ConnectRequest> => ({ knownHostsFiles: [fresh('empty_known_hosts')] })

      it('asks about an unknown key, writes it down, and does not ask again', async () => {
        const known = unknown()
        const prompter = asking({ hostKey: true })
        await connect(known, prompter)
        expect(prompter.asked).toEqual([
          {
            kind: 'hostKey',
            question: {
              host: '127.0.0.1',
              port: sshd.port,
              keyType: 'ssh-ed25519',
              fingerprint: sshd.fingerprint,
              knownHostsFile: known.knownHostsFiles?.[0],
              otherKnownTypes: [],
            },
          },
        ])
        await connect({ knownHostsFiles: known.knownHostsFiles })
        const found = execFileSync('ssh-keygen', [
          '-F',
          `[127.0.0.1]:${sshd.port}`,
          '-f',
          known.knownHostsFiles?.[0] ?? '',
        ])
        expect(found.toString()).toContain('ssh-ed25519')
      })

      it('writes nothing down when the answer is no', async () => {
        const known = unknown()
        await expect(connect(known, asking({ hostKey: false }))).rejects.toMatchObject({ exitCode: 77 })
        expect(existsSync(known.knownHostsFiles?.[0] ?? '')).toBe(false)
      })

      it('refuses an unknown key without a terminal, and says how to accept it', async () => {
        await expect(connect(unknown())).rejects.toMatchObject({
          exitCode: 77,
          message: `The host key of 127.0.0.1 is not known: it shows ${sshd.fingerprint} (ssh-ed25519).`,
          next: expect.stringContaining(`--accept-host-key ${sshd.fingerprint}`),
        })
      })

      it('accepts exactly the key named on the command line, of whatever type', async () => {
        const known = unknown()
        await connect({ ...known, acceptHostKey: sshd.fingerprint })
        expect(readFileSync(known.knownHostsFiles?.[0] ?? '', 'utf8')).toContain('ssh-ed25519')
        const rsa = execFileSync('ssh-keygen', ['-lf', join(sshd.folder, 'host_rsa.pub')], {
          encoding: 'utf8',
        }).split(' ')[1]
        await connect({ ...unknown(), acceptHostKey: rsa })
        expect((await connect({ ...unknown(), hostKey: rsa })).connection.hostKey).toBe(rsa)
        const wrong = `SHA256:${'A'.repeat(43)}`
        for (const more of [{ acceptHostKey: wrong }, { hostKey: wrong }]) {
          await expect(connect({ ...unknown(), ...more })).rejects.toMatchObject({
            exitCode: 77,
            message: expect.stringContaining(`not the expected ${wrong}`),
          })
        }
      })

      it('finds a known key of another type than the one it likes best', async () => {
        const path = fresh('rsa_known_hosts')
        const [type, key] = readFileSync(join(sshd.folder, 'host_rsa.pub'), 'utf8').split(' ')
        writeFileSync(path, `[127.0.0.1]:${sshd.port} ${type} ${key}\n`)
        await connect({ knownHostsFiles: [path] })
      })

      it('refuses a changed key, shows both fingerprints, and never asks', async () => {
        const path = fresh('changed_known_hosts')
        const stranger = readFileSync(`${sshd.strangerIdentity}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
        writeFileSync(path, `# comment\n[127.0.0.1]:${sshd.port} ${stranger}\n`)
        const before = execFileSync('ssh-keygen', ['-lf', `${sshd.strangerIdentity}.pub`], {
          encoding: 'utf8',
        }).split(' ')[1]
        const prompter = asking({ hostKey: true })
        const attempt = connect({ knownHostsFiles: [path], acceptHostKey: sshd.fingerprint }, prompter)
        await expect(attempt).rejects.toMatchObject({
          exitCode: 77,
          message: `The host key of 127.0.0.1 has changed: it shows ${sshd.fingerprint} (ssh-ed25519), but ${path} line 2 knows ${before} (ssh-ed25519). Either the server was set up anew, or someone stands between you and it.`,
          next: expect.stringContaining(`ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f ${path}`),
        })
        expect(prompter.asked).toEqual([])
      })

      it('refuses a revoked key', async () => {
        const path = fresh('revoked_known_hosts')
        const [type, key] = readFileSync(join(sshd.folder, 'host_ed25519.pub'), 'utf8').split(' ')
        writeFileSync(path, `@revoked * ${type} ${key}\n`)
        await expect(connect({ knownHostsFiles: [path], hostKey: sshd.fingerprint })).rejects.toMatchObject({
          exitCode: 77,
          message: expect.stringContaining('marked as revoked'),
        })
      })

      it('does not connect when known_hosts cannot be read', async () => {
        const path = join(sshd.folder, 'a_folder')
        mkdirSync(path, { recursive: true })
        await expect(connect({ knownHostsFiles: [path] })).rejects.toMatchObject({
          exitCode: 78,
          message: expect.stringContaining('cannot be read'),
        })
      })

      it('does not come back to a server whose key has changed meanwhile', async () => {
        const other = await startSshd()
        try {
          const { host, port, user, identity, clientConfig: sshConfigFile } = other
          const machine = await connectTo({ host, port, user, identity, sshConfigFile }, refusingPrompter)
          open.push(machine)
          await other.changeHostKeys()
          rmSync(other.knownHosts)
          await expect(machine.reconnect(5)).rejects.toMatchObject({ exitCode: 77 })
        } finally {
          await other.stop()
        }
      })
    })

    describe('what cannot be reached', () => {
      let silent: Server
      let silentPort = 0
      beforeAll(async () => {
        silent = createServer(() => {})
        silent.listen(0, '127.0.0.1')
        await once(silent, 'listening')
        const address = silent.address()
        silentPort = typeof address === 'object' && address !== null ? address.port : 0
      })
      afterAll(() => {
        silent.close()
      })

      it('a port that nothing listens on', async () => {
        const gone = createServer()
        gone.listen(0, '127.0.0.1')
        await once(gone, 'listening')
        const address = gone.address()
        const port = typeof address === 'object' && address !== null ? address.port : 0
        gone.close()
        await once(gone, 'close')
        await expect(connect({ port })).rejects.toMatchObject({
          exitCode: 69,
          message: `127.0.0.1 refuses connections on port ${port}.`,
        })
      })

      it('a name that does not exist', async () => {
        await expect(connect({ host: 'no-such-host.invalid' })).rejects.toMatchObject({
          exitCode: 69,
          message: expect.stringMatching(
            /^The name no-such-host\.invalid (is not known|could not be looked up)\.$/,
          ),
        })
      })

      it('a server that accepts and says nothing, within its time limit', async () => {
        const path = fresh('impatient_config')
        writeFileSync(path, `${readFileSync(sshd.clientConfig, 'utf8')}  ConnectTimeout 1\n`)
        const started = Date.now()
        await expect(connect({ port: silentPort, sshConfigFile: path })).rejects.toMatchObject({
          exitCode: 69,
          message: `127.0.0.1 does not answer on port ${silentPort}.`,
        })
        expect(Date.now() - started).toBeLessThan(3000)
      })

      it.each([
        ['a web server', (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
        [
          'garbage after the greeting',
          (socket: Socket) => socket.write(`SSH-2.0-x\r\n${'garbage'.repeat(10_000)}`),
        ],
        ['a greeting without end', (socket: Socket) => chatter(socket)],
        ['a line that closes at once', (socket: Socket) => socket.destroy()],
      ])('no SSH server but %s', async (_, answer) => {
        const odd = createServer(socket => {
          socket.on('error', () => {})
          answer(socket)
        })
        odd.listen(0, '127.0.0.1')
        await once(odd, 'listening')
        const address = odd.address()
        const port = typeof address === 'object' && address !== null ? address.port : 0
        const path = fresh('odd_server_config')
        writeFileSync(path, `${readFileSync(sshd.clientConfig, 'utf8')}  ConnectTimeout 2\n`)
        const started = Date.now()
        await expect(connect({ port, sshConfigFile: path })).rejects.toMatchObject({ exitCode: 69 })
        expect(Date.now() - started).toBeLessThan(4000)
        odd.close()
      })

      function chatter(socket: Socket): void {
        const timer = setInterval(() => socket.write('still talking\r\n'.repeat(100)), 10)
        socket.on('close', () => clearInterval(timer))
      }

      it('a server that only knows algorithms which Kneeboard lacks', async () => {
        const modern = await startSshd({ config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] })
        try {
          const { host, port, user, identity, clientConfig: sshConfigFile } = modern
          await expect(
            connectTo({ host, port, user, identity, sshConfigFile }, refusingPrompter),
          ).rejects.toMatchObject({
            exitCode: 69,
            message: '127.0.0.1 and Kneeboard share no key exchange algorithm.',
          })
        } finally {
          await modern.stop()
        }
      })

      it('stops at once when it is told to', async () => {
        const stop = new AbortController()
        const attempt = connectTo(request({ port: silentPort }), refusingPrompter, stop.signal)
        setTimeout(() => stop.abort(), 50)
        await expect(attempt).rejects.toMatchObject({ exitCode: 130 })
      })
    })

    describe('the client configuration', () => {
      it('gives host, port, user and key of a name', async () => {
        const path = fresh('named_config')
        writeFileSync(
          path,
          `Host shop\n HostName 127.0.0.1\n Port ${sshd.port}\n User ${sshd.user}\n IdentityFile ${sshd.identity}\nHost *\n IdentityAgent none\n UserKnownHostsFile ${sshd.knownHosts}\n GlobalKnownHostsFile none\n`,
        )
        const machine = await connectTo({ host: 'shop', sshConfigFile: path }, refusingPrompter)
        open.push(machine)
        expect(machine.connection).toMatchObject({ host: '127.0.0.1', port: sshd.port, user: sshd.user })
      })

      it('leads through a jump host, whose key is verified too', async () => {
        const target = await startSshd()
        try {
          const known = fresh('jump_known_hosts')
          writeFileSync(
            known,
            readFileSync(sshd.knownHosts, 'utf8') + readFileSync(target.knownHosts, 'utf8'),
          )
          const path = fresh('jump_config')
          writeFileSync(
            path,
            `Host gate\n HostName 127.0.0.1\n Port ${sshd.port}\n IdentityFile ${sshd.identity}\nHost inner\n HostName 127.0.0.1\n Port ${target.port}\n ProxyJump gate\n IdentityFile ${target.identity}\nHost *\n User ${sshd.user}\n IdentityAgent none\n UserKnownHostsFile ${known}\n GlobalKnownHostsFile none\n`,
          )
          const machine = await connectTo({ host: 'inner', sshConfigFile: path }, refusingPrompter)
          open.push(machine)
          const { stdout } = await machine.run(sh`echo "$SSH_CONNECTION"`)
          expect(stdout.trim().split(' ')[3]).toBe(String(target.port))
          expect(sshd.sessions().length).toBeGreaterThan(0)
          await machine.reconnect(10)
          expect((await machine.run(sh`echo back`)).stdout).toBe('back\n')

          writeFileSync(known, readFileSync(target.knownHosts, 'utf8'))
          await expect(
            connectTo({ host: 'inner', sshConfigFile: path }, refusingPrompter),
          ).rejects.toMatchObject({ exitCode: 77 })
        } finally {
          await target.stop()
        }
      })

      it.each([
        ['ProxyCommand nc %h %p', 'is reached through a ProxyCommand'],
        ['NoSuchKeyword yes', 'line 1: Bad configuration option: nosuchkeyword'],
      ])('is refused for %s, with exit code 78', async (line, message) => {
        const path = fresh('odd_config')
        writeFileSync(path, `${line}\n`)
        await expect(connectTo({ host: 'x', sshConfigFile: path }, refusingPrompter)).rejects.toMatchObject({
          exitCode: 78,
          message: expect.stringContaining(message),
        })
      })

      it.each(['-oProxyCommand=touch /tmp/x', '$(id)', 'a b', ''])(
        'is not asked about the host %j',
        async host => {
          await expect(connectTo({ host }, refusingPrompter)).rejects.toMatchObject({ exitCode: 64 })
        },
      )
    })
  },
)
