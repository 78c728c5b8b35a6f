import { z } from 'zod'
import { isPublic } from '../../src/facts/address.ts'
import { type Listener, listeners } from '../../src/facts/listeners.ts'
import { sshPorts } from '../../src/facts/ssh-ports.ts'
import { check, type ReadContext } from '../../src/model/check.ts'
import { fail, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { webPorts } from '../parameters.ts'
import { isClosed } from './closed.ts'

/** Services that give away or take over everything, and whose makers say never to expose them (TCP). */
const STORES: Readonly<Record<number, string>> = {
  2375: 'Docker’s API',
  2379: 'etcd',
  3306: 'MySQL',
  5432: 'PostgreSQL',
  5672: 'RabbitMQ',
  6379: 'Redis',
  9200: 'Elasticsearch',
  11211: 'memcached',
  27017: 'MongoDB',
}

/** The server's own way to get an address: DHCP clients (RFC 2131, RFC 8415). */
const DHCP_CLIENT = [68, 546]

export const unexpectedListeners = check({
  id: 'firewall/unexpected-listeners',
  title: 'Nothing listens to the world but SSH and the web',
  why: 'A socket on 0.0.0.0 is one mistake in the firewall away from everybody. What listens on 127.0.0.1 needs no firewall.',
  params: z.object({ webPorts }),
  async probe(context) {
    const { read, params } = context
    const ssh = (await read(sshPorts)).map(({ port }) => port)
    const strangers = (await read(listeners)).filter(
      socket => isPublic(socket.address) && !isExpected(socket, [...ssh, ...params.webPorts]),
    )
    const open: Listener[] = []
    for (const socket of strangers) if (!(await closedOnAll(context, socket))) open.push(socket)
    const exposed = open.find(isStore)
    if (exposed) return verdict(fail, `${nameOf(exposed)} is open to the world`, exposed)
    const behind = strangers.find(isStore)
    if (behind) {
      return verdict(
        warn,
        `${nameOf(behind)} listens to the world, and only the firewall stands before it`,
        behind,
      )
    }
    const [first] = open
    if (first) return verdict(warn, `open to the world: ${open.map(nameOf).join(', ')}`, first)
    const kept = strangers.length > 0 ? `; kept out by the firewall: ${strangers.map(nameOf).join(', ')}` : ''
    return pass(`reachable are only ${[...new Set([...ssh, ...params.webPorts])].join(', ')}${kept}`, {
      measured: 'none',
      expected: 'none',
    })
  },
})

function verdict(kind: typeof fail | typeof warn, summary: string, socket: Listener): Verdict {
  const program = socket.programs[0] ?? 'the program'
  return kind(summary, {
    measured: nameOf(socket),
    expected: 'none',
    telling: socket.line,
    advice: `Let ${program} listen on 127.0.0.1 in its own configuration, or stop it if nobody needs it; until then keep its port closed in the firewall.`,
  })
}

/** Docker's ports are judged by firewall/published-ports, since ufw does not decide them. */
function isExpected({ protocol, port, programs }: Listener, tcp: readonly number[]): boolean {
  if (programs.includes('docker-proxy')) return true
  return protocol === 'tcp' ? tcp.includes(port) : DHCP_CLIENT.includes(port)
}

async function closedOnAll(context: ReadContext, { families, port, protocol }: Listener): Promise<boolean> {
  const closed = await Promise.all(families.map(family => isClosed(context, family, port, protocol)))
  return closed.every(Boolean)
}

const isStore = ({ protocol, port }: Listener): boolean => protocol === 'tcp' && port in STORES

function nameOf({ protocol, port, programs }: Listener): string {
  const store = protocol === 'tcp' ? STORES[port] : undefined
  return `${programs.join(', ') || store || 'something'} on ${port}/${protocol}`
}
