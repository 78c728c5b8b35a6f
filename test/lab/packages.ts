import { attempt, lines, run } from './shell.ts'

/**
 * What the lab needs on this machine besides Docker and has from Debian. Each is asked for by the command or file
 * that it brings, so that a machine that has it from elsewhere is left as it is.
 */
const tools = {
  ip: 'iproute2',
  iptables: 'iptables',
  'ssh-keygen': 'openssh-client',
  openssl: 'openssl',
  mmdebstrap: 'mmdebstrap',
  gpg: 'gpg',
  perl: 'perl',
}

let installed: Promise<void> | undefined

export function installTools(): Promise<void> {
  installed ??= installMissing(tools)
  return installed
}

/** Installs the packages of commands that are missing; apt is asked only when there are any. */
export async function installMissing(packageOfCommand: Record<string, string>): Promise<void> {
  const commands = Object.keys(packageOfCommand)
  const found =
    await attempt`for name in ${commands}; do command -v "$name" > /dev/null || echo "$name"; done`
  const missing = lines(found.stdout).map(command => packageOfCommand[command] ?? command)
  if (missing.length === 0) return
  await run`apt-get update`
  await run`apt-get install -y --no-install-recommends ${missing}`
}
