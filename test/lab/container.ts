import { docker, LABEL } from './docker.ts'
import type { Lab } from './session.ts'
import { copySnapshotVolume } from './snapshot.ts'

/**
 * A container that boots systemd, with an address of its own and a volume for the Docker that runs inside it
 * (overlay file systems cannot lie on each other).
 *
 * Not --privileged: a server that can load modules or set the clock would do so to this machine; and on machines
 * whose own capabilities are bounded, --privileged does not start at all.
 */
export type ServerIdentity = {
  name: string
  /** Decides on its addresses. */
  number: number
  memory: string
  sshPort: number
  sshUser: string
}

export function containerName(lab: Lab, name: string): string {
  return `${lab.network.name}-${name}`
}

export function dockerVolume(container: string): string {
  return `${container}-docker`
}

/** From an image, or from a snapshot: then the volume is a copy of the snapshot's. */
export async function createContainer(
  lab: Lab,
  identity: ServerIdentity,
  image: string,
  snapshot?: string,
): Promise<void> {
  const container = containerName(lab, identity.name)
  const words = createArguments(lab, identity, image)
  const volume = dockerVolume(container)
  await docker('volume', 'create', '--label', `${LABEL}=1`, '--label', `${LABEL}.run=${lab.runId}`, volume)
  if (snapshot) await copySnapshotVolume(lab.runId, snapshot, volume)
  await docker('create', ...words)
  try {
    await docker('start', container)
  } catch (error) {
    await removeContainer(container)
    throw error
  }
}

export async function removeContainer(container: string): Promise<void> {
  await docker('rm', '--force', container)
  await docker('volume', 'rm', '--force', dockerVolume(container))
}

const droppedCapabilities = ['SYS_RESOURCE', 'SYS_TIME', 'SYS_MODULE', 'SYS_RAWIO']

function createArguments(lab: Lab, identity: ServerIdentity, image: string): string[] {
  const { name, number, memory, sshPort, sshUser } = identity
  const address = lab.network.address(number)
  const container = containerName(lab, name)
  const labels = {
    '': '1',
    '.run': lab.runId,
    '.server': name,
    '.number': number,
    '.memory': memory,
    '.ssh': `${sshUser}:${sshPort}`,
  }
  return [
    ...['--name', container, '--hostname', name],
    ...Object.entries(labels).flatMap(([suffix, value]) => ['--label', `${LABEL}${suffix}=${value}`]),
    ...['--network', lab.network.name, '--ip', address.ipv4, '--ip6', address.ipv6],
    ...['--cap-add', 'ALL', ...droppedCapabilities.flatMap(capability => ['--cap-drop', capability])],
    ...['--security-opt', 'seccomp=unconfined', '--security-opt', 'systempaths=unconfined'],
    ...['--security-opt', 'apparmor=unconfined'],
    ...['--device-cgroup-rule', 'a *:* rwm', '--cgroupns', 'private'],
    ...['--tmpfs', '/run:exec,mode=755', '--tmpfs', '/run/lock'],
    ...['--stop-signal', 'SIGRTMIN+3', '--restart', 'always', '--memory', memory],
    ...['--volume', `${dockerVolume(container)}:/var/lib/docker`],
    image,
    ...['/usr/lib/lab/boot', name, lab.network.gateway.ipv4],
  ]
}
