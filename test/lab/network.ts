import { letServersTalk } from './bridge-rules.ts'
import type { NameServer } from './dns-zones.ts'
import { docker, isOwnDaemon, LABEL, tryDocker } from './docker.ts'
import { attempt, lines, run } from './shell.ts'

/**
 * A bridge of a run's own, with IPv4 and IPv6. This machine is its first address; the name servers have addresses
 * of their own on the same interface, because clients ask name servers on port 53 only.
 */
export type LabNetwork = {
  name: string
  bridge: string
  subnet4: string
  subnet6: string
  gateway: Address
  nameServers: Record<NameServer, Address>
  /** The address of the server with a number (10 to 99). */
  address(number: number): Address
}
export type Address = { ipv4: string; ipv6: string }

const nameServerNumbers: Record<NameServer, number> = { ns1: 2, ns2: 3, ns3: 4 }

export async function createNetwork(runId: string): Promise<LabNetwork> {
  const taken = await takenSubnets()
  for (let number = 1; number < 255; number += 1) {
    if (taken.has(number)) continue
    const network = describe(runId, number)
    const created = await tryDocker([
      'network',
      'create',
      ...[
        '--label',
        `${LABEL}=1`,
        '--label',
        `${LABEL}.run=${runId}`,
        '--label',
        `${LABEL}.subnet=${number}`,
      ],
      ...['--opt', `com.docker.network.bridge.name=${network.bridge}`],
      ...[
        '--subnet',
        network.subnet4,
        '--gateway',
        network.gateway.ipv4,
        '--ip-range',
        rangeForOthers(number),
      ],
      ...['--ipv6', '--subnet', network.subnet6, '--gateway', network.gateway.ipv6],
      network.name,
    ])
    if (created.exitCode === 0) {
      await addNameServerAddresses(network)
      // A machine's own Docker lets them by itself, with rules that go with the network.
      if (isOwnDaemon()) await letServersTalk(network.bridge)
      return network
    }
    if (!/overlap|conflict|already|in use|exists/i.test(created.stderr)) throw new Error(created.stderr)
  }
  throw new Error(
    'All 254 subnets of the lab are in use: `npm run lab -- down` removes what earlier runs left.',
  )
}

/** The network of a run that goes on after its process, such as the one that `up` starts. */
export async function findNetwork(runId: string): Promise<LabNetwork | undefined> {
  const format = `{{index .Labels "${LABEL}.subnet"}}`
  const found = await tryDocker(['network', 'inspect', '--format', format, networkName(runId)])
  return found.exitCode === 0 ? describe(runId, Number(found.stdout.trim())) : undefined
}

export async function removeNetwork(name: string): Promise<void> {
  await tryDocker(['network', 'rm', name])
}

function networkName(runId: string): string {
  return `kneeboard-lab-${runId}`
}

function describe(runId: string, subnet: number): LabNetwork {
  const address = (number: number): Address => ({
    ipv4: `10.213.${subnet}.${number}`,
    ipv6: `fd4b:6e65:6562:${subnet.toString(16)}::${number.toString(16)}`,
  })
  return {
    name: networkName(runId),
    bridge: `kblab${subnet}`,
    subnet4: `10.213.${subnet}.0/24`,
    subnet6: `fd4b:6e65:6562:${subnet.toString(16)}::/64`,
    gateway: address(1),
    nameServers: {
      ns1: address(nameServerNumbers.ns1),
      ns2: address(nameServerNumbers.ns2),
      ns3: address(nameServerNumbers.ns3),
    },
    address,
  }
}

/** Containers without an address of their choice get one from the upper half, away from the servers'. */
function rangeForOthers(subnet: number): string {
  return `10.213.${subnet}.128/25`
}

async function takenSubnets(): Promise<Set<number>> {
  const addresses = await attempt`ip -oneline -4 address show`
  const numbers = lines(addresses.stdout).flatMap(line => {
    const [, number] = /inet 10\.213\.(\d+)\./.exec(line) ?? []
    return number === undefined ? [] : [Number(number)]
  })
  return new Set(numbers)
}

async function addNameServerAddresses(network: LabNetwork): Promise<void> {
  // A bridge nobody is plugged into cannot finish duplicate address detection: its addresses would stay unusable.
  await run`ip address delete ${network.gateway.ipv6}/64 dev ${network.bridge}`
  await run`ip address add ${network.gateway.ipv6}/64 dev ${network.bridge} nodad`
  for (const { ipv4, ipv6 } of Object.values(network.nameServers)) {
    await run`ip address add ${ipv4}/32 dev ${network.bridge}`
    await run`ip address add ${ipv6}/128 dev ${network.bridge} nodad`
  }
}

/** IPs of the containers in a network, to see which numbers are free. */
export async function usedNumbers(network: LabNetwork): Promise<Set<number>> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAMConfig}}{{end}}'
  const ids = lines((await docker('ps', '--all', '--quiet', '--filter', `network=${network.name}`)).stdout)
  if (ids.length === 0) return new Set()
  const configured = await docker('inspect', '--format', format, ...ids)
  const numbers = [...configured.stdout.matchAll(/10\.213\.\d+\.(\d+)/g)].map(match => Number(match[1]))
  return new Set(numbers)
}
