import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { headlessOperator } from '../../../src/engine/headless.ts'
import { connectTo } from '../../../src/host/connect.ts'
import { refusingPrompter } from '../../../src/host/prompter.ts'
import { EXIT } from '../../../src/model/failure.ts'
import { asking } from '../asking.ts'
import { type Sshd, sshdInstalled, startSshd } from '../sshd.ts'

/** Threat 13: the right command on the wrong server. */
describe.skipIf(!sshdInstalled)('threat 13, the wrong target (left out without openssh-server)', () => {
  let right: Sshd
  let wrong: Sshd
  beforeAll(async () => {
    right = await startSshd()
    wrong = await startSshd()
  })
  afterAll(async () => {
    await right?.stop()
    await wrong?.stop()
  })

  it('a name that leads to another server is refused, although that one’s key is known and trusted', async () => {
    const { host, port, user, identity, clientConfig: sshConfigFile } = wrong
    const request = { host, port, user, identity, sshConfigFile }
    await (await connectTo(request, refusingPrompter)).close()
    const pinned = { ...request, hostKey: right.fingerprint }
    await expect(connectTo(pinned, asking({ hostKey: true }))).rejects.toMatchObject({
      exitCode: EXIT.refused,
    })
  })

  it('a server that comes back with another key after a lost connection is not gone on with', async () => {
    const { host, port, user, identity } = wrong
    const machine = await connectTo(
      {
        host,
        port,
        user,
        identity,
        sshConfigFile: '/dev/null',
        acceptHostKey: wrong.fingerprint,
        knownHostsFiles: [`${wrong.folder}/kh`],
      },
      refusingPrompter,
    )
    await wrong.changeHostKeys()
    // Known by now and trusted, as that of a server which took over the address: yet not the one of this run.
    const [type, blob] = readFileSync(join(wrong.folder, 'host_ed25519.pub'), 'utf8').split(' ')
    writeFileSync(`${wrong.folder}/kh`, `[${host}]:${port} ${type} ${blob}\n`)
    await expect(machine.reconnect(5)).rejects.toMatchObject({ exitCode: EXIT.refused })
    await machine.close()
  })

  it.each<[string | undefined, string]>([
    [undefined, 'nothing was confirmed'],
    ['web-2', 'another name was confirmed'],
    ['WEB-1', 'the name was confirmed in other letters'],
    ['web-1 ', 'the name was confirmed with a space'],
  ])('a destructive change without a terminal is not made when %s was given (%s)', async confirm => {
    const operator = headlessOperator({
      consent: 'disruptive',
      ...(confirm === undefined ? {} : { confirm }),
    })
    const plan = { grade: 'destructive', actions: [] } as never
    const request = { plan, verdict: {} as never, target: {} as never, attempt: 1, confirmation: 'web-1' }
    expect(await operator.consent(request)).toMatchObject({ answer: 'no' })
  })
})
