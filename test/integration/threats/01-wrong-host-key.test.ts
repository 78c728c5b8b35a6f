import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { connectTo } from '../../../src/host/connect.ts'
import { EXIT } from '../../../src/model/failure.ts'
import { asking } from '../asking.ts'
import { type HostileServer, hostileSsh } from '../hostile-server.ts'
import { makeKey } from '../sshd.ts'

/** Threat 1: somebody in between shows a key of their own, or one that they have only seen. */
describe('threat 1, a wrong host key', () => {
  let server: HostileServer | undefined
  afterEach(() => server?.stop())

  it('a server that shows the right key and cannot sign with it is refused', async () => {
    const folder = (await hostileSsh().then(async other => ({ other, path: other.knownHosts }))).other
    const right = readFileSync(folder.knownHosts, 'utf8').trim().split(' ').slice(1).join(' ')
    await folder.stop()
    server = await hostileSsh({ stolenPublicKey: right })
    const prompter = asking({ hostKey: true, password: ['hunter2hunter2'] })
    await expect(connectTo(server.request, prompter)).rejects.toMatchObject({ exitCode: EXIT.unreachable })
    expect(prompter.asked).toEqual([])
  })

  it('its key is not written down on first contact either: what is learnt has been proven', async () => {
    const key = makeKey(join('/tmp', `kneeboard-seen-${process.pid}`))
    const seen = readFileSync(`${key}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
    server = await hostileSsh({ stolenPublicKey: seen })
    rmSync(server.knownHosts)
    const prompter = asking({ hostKey: true })
    await expect(connectTo(server.request, prompter)).rejects.toThrow()
    expect(prompter.asked).toHaveLength(1)
    expect(existsSync(server.knownHosts)).toBe(false)
    rmSync(key)
    rmSync(`${key}.pub`)
  })

  it('a key other than the known one is refused, and nobody is asked', async () => {
    server = await hostileSsh()
    const stranger = makeKey(join('/tmp', `kneeboard-other-${process.pid}`))
    const [type, blob] = readFileSync(`${stranger}.pub`, 'utf8').split(' ')
    writeFileSync(server.knownHosts, `[127.0.0.1]:${server.request.port} ${type} ${blob}\n`)
    const prompter = asking({ hostKey: true, password: ['hunter2hunter2'] })
    await expect(connectTo(server.request, prompter)).rejects.toMatchObject({ exitCode: EXIT.refused })
    expect(prompter.asked).toEqual([])
    rmSync(stranger)
    rmSync(`${stranger}.pub`)
  })

  it('a pinned key beats a known_hosts file that says otherwise', async () => {
    server = await hostileSsh()
    const pinned = { ...server.request, hostKey: `SHA256:${'A'.repeat(43)}` }
    await expect(connectTo(pinned, asking({ hostKey: true }))).rejects.toMatchObject({
      exitCode: EXIT.refused,
    })
  })
})
