import { afterEach, describe, expect, it } from 'vitest'
import { connectTo } from '../../../src/host/connect.ts'
import { refusingPrompter } from '../../../src/host/prompter.ts'
import { EXIT } from '../../../src/model/failure.ts'
import { sh } from '../../../src/model/script.ts'
import { type Sshd, sshdInstalled, startSshd } from '../sshd.ts'

/** Without the one by which the fixture saw that the server answers. */
const connections = (sshd: Sshd): number => count(sshd.log(), /Connection from/g) - 1
const count = (log: string, words: RegExp): number => log.match(words)?.length ?? 0

/** Threat 20: our own logins get the operator’s address banned (fail2ban, PerSourcePenalties). */
describe.skipIf(!sshdInstalled)(
  'threat 20, denial by our own traffic (left out without openssh-server)',
  () => {
    let sshd: Sshd
    afterEach(() => sshd?.stop())

    function request(identity: string) {
      const { host, port, user, clientConfig: sshConfigFile } = sshd
      return { host, port, user, identity, sshConfigFile }
    }

    it('a refused login is one connection with one attempt, and is not tried again', async () => {
      sshd = await startSshd()
      await expect(connectTo(request(sshd.strangerIdentity), refusingPrompter)).rejects.toMatchObject({
        exitCode: EXIT.refused,
      })
      expect(connections(sshd)).toBe(1)
      expect(count(sshd.log(), /Failed publickey/g)).toBeLessThanOrEqual(1)
    })

    it('sixty commands are one connection', async () => {
      sshd = await startSshd()
      const machine = await connectTo(request(sshd.identity), refusingPrompter)
      await Promise.all(Array.from({ length: 60 }, () => machine.run(sh`true`)))
      await machine.close()
      expect(connections(sshd)).toBe(1)
    })

    it('reading the methods, which checks do, counts as no failed attempt', async () => {
      sshd = await startSshd()
      const machine = await connectTo(request(sshd.identity), refusingPrompter)
      for (let n = 0; n < 5; n += 1) await machine.login({ with: 'methods' })
      await machine.close()
      expect(count(sshd.log(), /Failed \w+ for/g)).toBe(0)
    })

    it('coming back to a server that refuses the login ends after a few attempts', async () => {
      sshd = await startSshd()
      const machine = await connectTo(request(sshd.identity), refusingPrompter)
      const { writeFileSync } = await import('node:fs')
      writeFileSync(sshd.authorizedKeys, '')
      const before = connections(sshd)
      await expect(machine.reconnect(60)).rejects.toMatchObject({ exitCode: EXIT.refused })
      expect(connections(sshd) - before).toBeLessThanOrEqual(4)
      await machine.close()
    }, 90_000)
  },
)
