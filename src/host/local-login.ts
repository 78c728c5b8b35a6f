/** A login over SSH from this machine to itself: what a newcomer at its door would see. */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LoginOutcome, LoginRequest } from '../model/machine.ts'
import { resolveClientConfig } from './client-config.ts'
import { loadKeyring } from './identities.ts'
import { fingerprint } from './known-hosts.ts'
import { tryLogin } from './login.ts'
import type { Prompter } from './prompter.ts'
import { SshSession } from './ssh-session.ts'

const OWN_HOST_KEYS = '/etc/ssh'
const ADDRESS = '127.0.0.1'

/** The server's key is known for certain: it lies on this machine. */
export async function loginToSelf(
  request: LoginRequest,
  user: string,
  prompter: Prompter,
): Promise<LoginOutcome> {
  const only = await ownHostKey()
  if (only === undefined) {
    const reason = `this machine has no SSH host keys in ${OWN_HOST_KEYS}: sshd is not installed`
    return { outcome: 'unreachable', methods: [], reason }
  }
  const config = await resolveClientConfig({ host: ADDRESS, user: request.user ?? user })
  const { identityFiles: files, agent, identitiesOnly } = config
  const keyring = await loadKeyring({ explicit: undefined, files, agent, identitiesOnly }, prompter)
  const session = new SshSession([{ config, keyring, knownHostsFiles: [], only }], prompter)
  return tryLogin(session, request, { user: config.user, host: ADDRESS })
}

/** Any one of them will do: the connection asks for each type until it finds the key that is expected. */
async function ownHostKey(): Promise<string | undefined> {
  const names = await readdir(OWN_HOST_KEYS).catch(() => [])
  const files = names.filter(name => /^ssh_host_(ed25519|ecdsa|rsa)_key\.pub$/.test(name)).sort()
  const preferred = files.find(name => name.includes('ed25519')) ?? files[0]
  if (preferred === undefined) return undefined
  const key = (await readFile(join(OWN_HOST_KEYS, preferred), 'utf8')).split(' ')[1]
  return key === undefined ? undefined : fingerprint(Buffer.from(key, 'base64'))
}
