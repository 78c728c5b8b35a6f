/** How sshd is run on this server: which unit, whether systemd holds its socket. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

interface Unit {
  readonly id: string
  readonly loaded: boolean
  readonly active: boolean
  readonly listen: readonly number[]
}

export interface SshdService {
  /** `ssh.service` on Debian and Ubuntu, `sshd.service` elsewhere. */
  readonly unit: string
  /** Whether it runs now. A socket-activated one may not, and then starts with the next login. */
  readonly active: boolean
  /** Ports that systemd holds for sshd; empty where sshd opens them itself. */
  readonly socketPorts: readonly number[]
}

/** @throws Unreadable where there is no systemd, or it knows no SSH service. */
export const sshdService = fact('sshd/service', async context => {
  const result = await context.run(sh`
    systemctl show -p Id -p LoadState -p ActiveState -p Listen ssh.service sshd.service ssh.socket sshd.socket
  `)
  return parseSshdService(outputOf(result, 'the SSH service'))
})

/** Reads the blocks of `systemctl show`. @throws Unreadable when no SSH service is loaded. */
export function parseSshdService(text: string): SshdService {
  const units = text.split(/\n\s*\n/).map(parseUnit)
  const services = units.filter(unit => unit.id.endsWith('.service') && unit.loaded)
  const service = services.find(unit => unit.active) ?? services[0]
  if (!service)
    throw new Unreadable('the SSH service could not be read: systemd knows no ssh or sshd service')
  const sockets = units.filter(unit => unit.id.endsWith('.socket') && unit.active)
  const socketPorts = [...new Set(sockets.flatMap(unit => unit.listen))]
  return { unit: service.id, active: service.active, socketPorts }
}

function parseUnit(block: string): Unit {
  const values = (key: string) =>
    [...block.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(match => match[1] ?? '')
  return {
    id: values('Id')[0] ?? '',
    loaded: values('LoadState')[0] === 'loaded',
    active: values('ActiveState')[0] === 'active',
    // `Listen=[::]:22 (Stream)`, one a line, or one line for all in old versions.
    listen: values('Listen').flatMap(value =>
      [...value.matchAll(/(?:^|\s)(?:\S*:)?(\d+) \(Stream\)/g)].map(match => Number(match[1])),
    ),
  }
}
