/** What the server is called, and whether it can find itself by that name. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface HostIdentity {
  /** As hostname(1) says it; may be a full name. */
  readonly name: string
  /** Addresses that the name resolves to on the server itself; empty when it does not resolve. */
  readonly addresses: readonly string[]
  /** All addresses of the server's own interfaces, loopback left out. */
  readonly ownAddresses: readonly string[]
}

export const hostIdentity = fact('host-identity', async (context): Promise<HostIdentity> => {
  const named = await context.run(sh`uname -n; hostname -I`)
  const [name = '', own = ''] = outputOf(named, 'the server’s name').split('\n')
  // A name server that does not answer must not hold the check up; getent ends with 2 for "no such name".
  const resolved = await context.run(sh`timeout 10 getent ahosts -- ${name}`)
  if (resolved.ending !== 'exited' || ![0, 2, 124].includes(resolved.exitCode ?? -1))
    throw new Unreadable(outputOf(resolved, `what ${name} resolves to`))
  return {
    name,
    addresses: parseAhosts(resolved.stdout),
    ownAddresses: own.split(/\s+/).filter(Boolean),
  }
})

/** The addresses of `getent ahosts`, each once. */
export function parseAhosts(text: string): string[] {
  const addresses = text.split('\n').map(line => line.split(/\s+/, 1)[0] ?? '')
  return [...new Set(addresses.filter(Boolean))]
}
