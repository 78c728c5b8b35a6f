/** Who is connected to a container, counted by the kernel: it works when the program in it lets nobody in. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

/** Established connections between a container and one other address. Listening sockets are none. */
export interface Peer {
  /** The container's own port. */
  readonly port: number
  /** IPv4: `172.18.0.5`. */
  readonly address: string
  readonly connections: number
}

/**
 * Read of one container, and only where somebody asks: the kernel goes through every connection of the server for it,
 * whoever they belong to.
 *
 * @param processId of the container's first process, on the host
 * @throws Unreadable when it does not run any more
 */
export const containerPeers = fact(
  'docker/container-peers',
  async (context, processId: number): Promise<readonly Peer[]> => {
    const result = await context.run(
      sh`
        cd /proc/${processId}/net || exit 1
        # State 01 is an established connection; addresses are in the byte order of the machine.
        cat tcp tcp6 2>/dev/null | awk '
          $4 == "01" { split($2, own, ":"); sub(/:.*/, "", $3); count[$3 " " own[2]]++ }
          END { for (key in count) if (peers++ < 200) print "peer", key, count[key] }'
      `,
      { as: 'root' },
    )
    return parsePeers(outputOf(result, 'who is connected to the container'))
  },
)

/** Reads `peer ADDRESS PORT CONNECTIONS`, a line each; lines that begin otherwise are passed over. */
export const parsePeers = (text: string): Peer[] => text.split('\n').flatMap(peerOf)

/** `peer 030012AC 1538 4`: the other’s address, the own port, both hexadecimal, and how many. Of IPv6 only what is IPv4 in its clothes. */
function peerOf(line: string): Peer[] {
  const [, remote, port, count] = /^peer ([0-9A-F]+) ([0-9A-F]{4}) (\d+)$/.exec(line) ?? []
  if (port === undefined || remote === undefined) return []
  if (remote.length === 32 && !remote.startsWith('0000000000000000FFFF0000')) return []
  const bytes = remote.slice(-8).match(/../g) ?? []
  const address = bytes
    .reverse()
    .map(byte => Number.parseInt(byte, 16))
    .join('.')
  return [{ port: Number.parseInt(port, 16), address, connections: Number(count) }]
}
