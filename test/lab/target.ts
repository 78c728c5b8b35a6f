import type { LabServer } from './server.ts'

/** What Kneeboard has to be told to reach a lab server. */
export function targetArguments(server: LabServer): string[] {
  const port = server.sshPort === 22 ? '' : `:${server.sshPort}`
  const target = `${server.sshUser}@${server.ipv4}${port}`
  return ['-t', target, '--identity', server.identityFile, '--known-hosts', server.knownHostsFile]
}
