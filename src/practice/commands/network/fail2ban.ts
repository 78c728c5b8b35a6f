/** fail2ban-client(1). */

import type { Call } from '../../system/call.ts'
import { seconds } from '../../world/systemd.ts'

export function fail2banClient(call: Call): number {
  const words = call.words.filter(word => word !== '--quiet')
  const { fail2ban } = call.world
  if (words[0] === '-t' || words[0] === '--test') {
    call.line('OK: configuration test is successful')
    return 0
  }
  if (words[0] === '-V' || words[0] === '--version') {
    call.line('Fail2Ban v1.1.0')
    return 0
  }
  if (!fail2ban.running) {
    call.err('ERROR   Failed to access socket path: /var/run/fail2ban/fail2ban.sock. Is fail2ban running?\n')
    return 255
  }
  const { jail } = fail2ban
  const value = (key: string): string => jail?.get(key) ?? ''
  const [verb = '', name, ...rest] = words
  if (verb === 'ping') call.line('Server replied: pong')
  else if (verb === 'status' && name === undefined)
    call.line(`Status\n|- Number of jail:\t${jail ? 1 : 0}\n\`- Jail list:\t${jail ? 'sshd' : ''}`)
  else if (!jail || name !== 'sshd') {
    call.err(`Sorry but the jail '${name}' does not exist\n`)
    return 255
  } else if (verb === 'status') {
    call.line(
      `Status for the jail: sshd\n|- Filter\n|  |- Currently failed:\t0\n|  |- Total failed:\t0\n|  \`- Journal matches:\t${value('journalmatch')}`,
    )
    call.line('`- Actions\n   |- Currently banned:\t0\n   |- Total banned:\t0\n   `- Banned IP list:\t')
  } else if (verb === 'get') {
    const [key = '', action, property] = rest
    if (key === 'maxretry') call.line(value('maxretry'))
    else if (key === 'findtime' || key === 'bantime') call.line(String(seconds(value(key))))
    else if (key === 'actions') call.line('The jail sshd has the following actions:\nnftables')
    else if (key === 'action' && action === 'nftables' && property === 'port') call.line(value('port'))
    else return 255
  }
  return 0
}
