import type { Algorithms } from 'ssh2'
import { afterEach, describe, expect, it } from 'vitest'
import { connectTo } from '../../../src/host/connect.ts'
import { EXIT } from '../../../src/model/failure.ts'
import { asking } from '../asking.ts'
import { type HostileServer, hostileSsh } from '../hostile-server.ts'

const MODERN = {
  kex: ['curve25519-sha256'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['aes128-gcm@openssh.com'],
  hmac: ['hmac-sha2-256'],
  compress: ['none'],
} as const

/** Threat 2: a server, or somebody in between, offers only what can be broken. */
describe('threat 2, downgrade', () => {
  let server: HostileServer | undefined
  afterEach(() => server?.stop())

  async function offering(different: object, hostKeyType: 'ed25519' | 'rsa' = 'ed25519') {
    const algorithms = { ...MODERN, ...different } as unknown as Algorithms
    server = await hostileSsh({ algorithms, hostKeyType, withoutStrictKeyExchange: true })
    const prompter = asking({ password: ['hunter2hunter2'] })
    return { connecting: connectTo(server.request, prompter), prompter }
  }

  it('modern algorithms are spoken, so what follows is refused for its algorithms', async () => {
    const { connecting } = await offering({})
    await (await connecting).close()
  })

  it('ChaCha20 is spoken with strict key exchange', async () => {
    server = await hostileSsh({
      algorithms: { ...MODERN, cipher: ['chacha20-poly1305@openssh.com'] } as unknown as Algorithms,
    })
    await (await connectTo(server.request, asking())).close()
  })

  it.each([
    ['a key exchange with SHA-1', { kex: ['diffie-hellman-group14-sha1'] }, 'ed25519'],
    ['a key exchange in a small group', { kex: ['diffie-hellman-group1-sha1'] }, 'ed25519'],
    ['host keys signed with SHA-1', { serverHostKey: ['ssh-rsa'] }, 'rsa'],
    ['CBC', { cipher: ['aes128-cbc', 'aes256-cbc', '3des-cbc'] }, 'ed25519'],
    ['SHA-1 checksums', { cipher: ['aes128-ctr'], hmac: ['hmac-sha1'] }, 'ed25519'],
    ['MD5 checksums', { cipher: ['aes128-ctr'], hmac: ['hmac-md5'] }, 'ed25519'],
    ['compression alone', { compress: ['zlib'] }, 'ed25519'],
    ['ChaCha20 without strict key exchange', { cipher: ['chacha20-poly1305@openssh.com'] }, 'ed25519'],
  ] as const)('%s is refused before anything secret is said', async (_, algorithms, type) => {
    const { connecting, prompter } = await offering(algorithms, type)
    await expect(connecting).rejects.toMatchObject({ exitCode: EXIT.unreachable })
    expect(prompter.asked).toEqual([])
  })
})
