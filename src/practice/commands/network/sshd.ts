/** sshd -t and -T, ssh-keygen -l. */

import { createHash } from 'node:crypto'
import type { Call } from '../../system/call.ts'

export function sshd(call: Call): number {
  const options = call.options('fCo')
  const { sshd: model } = call.world
  if (!call.process.maybe('/run/sshd')) {
    call.err('Missing privilege separation directory: /run/sshd\r\n')
    return 255
  }
  const reading = model.read(options.value('f') ?? '/etc/ssh/sshd_config')
  if (reading.error !== undefined) {
    call.err(
      reading.error
        .split('\n')
        .map(line => `${line}\r\n`)
        .join(''),
    )
    return 255
  }
  if (options.has('V')) {
    call.err('OpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1 1 Jul 2025\n')
    return 0
  }
  if (!options.has('T')) return 0
  const spec = options.value('C')
  const value = (key: string): string => new RegExp(`(?:^|,)${key}=([^,]*)`).exec(spec ?? '')?.[1] ?? ''
  const connection = spec === undefined ? undefined : { user: value('user'), address: value('addr') }
  for (const [keyword, values] of model.effective(reading, connection))
    for (const each of values) call.line(`${keyword} ${each}`)
  return 0
}

export async function sshKeygen(call: Call): Promise<number> {
  const options = call.options('ftCNE')
  if (!options.has('l')) return call.fail('only -l is known here')
  const path = options.value('f') ?? ''
  const lines = (await call.text(path))
    .split('\n')
    .filter(line => line.trim() !== '' && !line.startsWith('#'))
  let count = 0
  for (const line of lines) {
    const [, type = '', blob = '', comment = ''] =
      /(ssh-\S+|ecdsa-\S+|sk-\S+) ([A-Za-z0-9+/=]+) ?(.*)$/.exec(line) ?? []
    if (blob === '') continue
    count += 1
    const sum = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')
    call.line(`256 SHA256:${sum} ${comment || 'no comment'} (${type.replace('ssh-', '').toUpperCase()})`)
  }
  if (count > 0) return 0
  call.err(`${path} is not a public key file.\n`)
  return 255
}
