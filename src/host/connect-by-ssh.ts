/** The way to a server over SSH: its keys and host keys, and the jump hosts that are passed. */

import { homedir } from 'node:os'
import { EXIT, Failure } from '../model/failure.ts'
import { type ClientConfig, resolveClientConfig } from './client-config.ts'
import type { ConnectRequest } from './connect-request.ts'
import { type KeyFiles, loadKeyring } from './identities.ts'
import type { Prompter } from './prompter.ts'
import { SshMachine } from './ssh-machine.ts'
import { type Hop, SshSession } from './ssh-session.ts'

/** Jump hosts at most; more is a loop in the configuration. */
const MAX_HOPS = 8

/**
 * @param config of the host that is to be reached
 * @throws Failure as `connectTo` does
 */
export async function connectBySsh(
  config: ClientConfig,
  request: ConnectRequest,
  prompter: Prompter,
  signal?: AbortSignal,
): Promise<SshMachine> {
  const jumps = await jumpConfigs(config, request.sshConfigFile)
  const read: KeyFiles = new Map()
  const hops: Hop[] = []
  for (const jump of jumps) hops.push(await hopOf(jump, request, prompter, read))
  const last = await hopOf(config, request, prompter, read, request.identity)
  hops.push({ ...last, only: request.hostKey })
  return SshMachine.connect(new SshSession(hops, prompter), config, prompter, signal)
}

async function hopOf(
  config: ClientConfig,
  request: ConnectRequest,
  prompter: Prompter,
  read: KeyFiles,
  identity?: string,
): Promise<Hop> {
  refuseUnsupported(config)
  const { identityFiles: files, agent, identitiesOnly } = config
  const explicit = identity?.replace(/^~(?=\/)/, homedir())
  const keyring = await loadKeyring({ explicit, files, agent, identitiesOnly }, prompter, read)
  for (const certificate of config.certificateFiles) {
    keyring.remarks.push(
      `The certificate ${certificate} was not offered: Kneeboard does not speak SSH certificates yet.`,
    )
  }
  const configured = [...config.userKnownHostsFiles, ...config.globalKnownHostsFiles]
  const knownHostsFiles = request.knownHostsFiles ?? configured
  return { config, keyring, knownHostsFiles, accept: request.acceptHostKey }
}

function refuseUnsupported({ alias, proxyCommand }: ClientConfig): void {
  if (proxyCommand === undefined) return
  throw new Failure(
    EXIT.configuration,
    `${alias} is reached through a ProxyCommand, which Kneeboard does not run.`,
    'Use ProxyJump for it, or name a way around with --ssh-config FILE.',
  )
}

/** The jump hosts in the order in which they are passed, each with its own configuration and its own jumps. */
async function jumpConfigs(config: ClientConfig, configFile: string | undefined): Promise<ClientConfig[]> {
  const hops: ClientConfig[] = []
  const visit = async (jump: string, depth: number): Promise<void> => {
    const hop = await resolveClientConfig({ ...parseJump(jump), configFile })
    if (depth >= MAX_HOPS) {
      throw new Failure(
        EXIT.configuration,
        `The ProxyJump of ${config.alias} never ends: ${jump} comes up again and again.`,
        'Mend the client configuration.',
      )
    }
    // As with ssh, only the first hop of a list follows a ProxyJump of its own.
    if (hops.length === 0) for (const inner of hop.proxyJump) await visit(inner, depth + 1)
    hops.push(hop)
  }
  for (const jump of config.proxyJump) await visit(jump, 1)
  return hops
}

/** `[ssh://][user@]host[:port]`, an IPv6 address in brackets. */
export function parseJump(jump: string): { host: string; user?: string; port?: number } {
  const match = /^(?:ssh:\/\/)?(?:([^@]+)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?\/?$/.exec(jump)
  const [, user, host, port] = match ?? []
  if (!host) {
    throw new Failure(
      EXIT.configuration,
      `“${jump}” in ProxyJump is not user@host:port.`,
      'Mend the client configuration.',
    )
  }
  return {
    host: host.replace(/^\[|\]$/g, ''),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  }
}
