/** A real login with a real password, by OpenSSH's own client, over a connection of its own. */

import { execFile } from 'node:child_process'
import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LabServer } from './server.ts'

export type Answer = 'let in' | 'refused' | 'unreachable'

/** Offers one password once, by one method, and says how the server took it. */
export async function logInWithPassword(
  server: LabServer,
  {
    user,
    password,
    method = 'password',
    address = server.ipv4,
  }: {
    user: string
    password: string
    method?: 'password' | 'keyboard-interactive'
    address?: string
  },
): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), 'kneeboard-askpass-'))
  const askpass = join(folder, 'askpass')
  await writeFile(askpass, '#!/bin/sh\nprintf "%s\\n" "$LAB_PASSWORD"\n')
  await chmod(askpass, 0o700)
  const options = [
    `PreferredAuthentications=${method}`,
    'PubkeyAuthentication=no',
    'NumberOfPasswordPrompts=1',
    `UserKnownHostsFile=${server.knownHostsFile}`,
    'ControlPath=none',
    'ConnectTimeout=5',
  ].flatMap(option => ['-o', option])
  const words = ['-F', '/dev/null', ...options, '-p', String(server.sshPort), `${user}@${address}`, 'id -un']
  const env = { ...process.env, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force', LAB_PASSWORD: password }
  return new Promise((resolve, reject) => {
    const child = execFile('ssh', words, { env, timeout: 30_000 }, (error, stdout, stderr) => {
      if (!error && stdout.trim() === user) return resolve('let in')
      if (/Permission denied/.test(stderr)) return resolve('refused')
      if (/timed out|refused|Connection (closed|reset)/.test(stderr)) return resolve('unreachable')
      reject(new Error(`ssh said neither yes nor no: ${stderr}${stdout}`))
    })
    child.stdin?.end()
  })
}
