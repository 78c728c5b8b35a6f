/** How a host is reached, according to the operator's OpenSSH client configuration. */

import { execFile } from 'node:child_process'
import { homedir, hostname as ownHostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { EXIT, Failure } from '../model/failure.ts'
import { ownEnvironment } from './own-path.ts'

export interface ConfigRequest {
  /** A name of the configuration, a host name or an address. */
  readonly host: string
  readonly user?: string | undefined
  readonly port?: number | undefined
  /** Instead of the operator's own file. */
  readonly configFile?: string | undefined
}

export interface ClientConfig {
  /** As the operator typed it. */
  readonly alias: string
  readonly hostname: string
  readonly user: string
  readonly port: number
  /** Private key files in the order in which they are offered; those that do not exist included. */
  readonly identityFiles: readonly string[]
  /** Only these keys, even where the agent holds more. */
  readonly identitiesOnly: boolean
  /** Socket of the agent; null for none. */
  readonly agent: string | null
  readonly userKnownHostsFiles: readonly string[]
  readonly globalKnownHostsFiles: readonly string[]
  readonly hostKeyAlias: string | undefined
  /** Hops, nearest first: `user@host:port`. */
  readonly proxyJump: readonly string[]
  readonly proxyCommand: string | undefined
  readonly certificateFiles: readonly string[]
  /** Seconds for connecting; undefined: ours. */
  readonly connectTimeout: number | undefined
}

/** Keyword, in lower case, to its values in the order of the file. */
export type Settings = ReadonlyMap<string, readonly string[]>

/**
 * The configuration for a host: resolved by `ssh -G` where OpenSSH is installed (it alone knows every rule), by
 * our own reading of the files where it is not.
 *
 * @throws Failure (configuration) when the configuration is broken, or asks for what Kneeboard cannot do.
 */
export async function resolveClientConfig(request: ConfigRequest): Promise<ClientConfig> {
  requireHost(request.host)
  const settings = (await settingsByOpenSsh(request)) ?? (await settingsByLibrary(request))
  return clientConfig(request, settings)
}

/** Names that ssh might take for an option, or expand into a command, are refused (CVE-2023-51385). */
export function requireHost(host: string): void {
  if (/^[A-Za-z0-9_:[][A-Za-z0-9._:@%\]-]{0,254}$/.test(host)) return
  throw new Failure(
    EXIT.usage,
    `“${host.slice(0, 80)}” is not a host name or an address.`,
    'Check what was given with -t.',
  )
}

/**
 * The names in the operator's client configuration that stand for one host, for lists and for `targets import`.
 *
 * @param configFile instead of the operator's own, which may be missing; this one may not.
 * @throws Failure (configuration) when a file cannot be read.
 */
export async function listHosts(configFile?: string): Promise<string[]> {
  const { hostsInFile } = await import('./client-config-files.ts')
  return hostsInFile(configFile ?? join(homedir(), '.ssh', 'config'), configFile !== undefined)
}

async function settingsByLibrary(request: ConfigRequest): Promise<Settings> {
  const { settingsFromFiles } = await import('./client-config-files.ts')
  return settingsFromFiles(request)
}

/** Undefined when there is no `ssh` on the path. */
async function settingsByOpenSsh(request: ConfigRequest): Promise<Settings | undefined> {
  const { host, user, port, configFile } = request
  const options = [
    ...(configFile === undefined ? [] : ['-F', configFile]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
  ]
  const { error, stdout, stderr } = await runSsh(['-G', ...options, '--', host])
  if (error === null) return parseSettings(stdout)
  if (error.code === 'ENOENT') return undefined
  const said = stderr.split('\n').find(line => line.trim() !== '' && !line.includes('terminating')) ?? ''
  throw new Failure(
    EXIT.configuration,
    `OpenSSH cannot read its configuration for ${host}: ${said.trim() || error.message}`,
    `Mend the line it names; \`ssh -G ${host}\` shows the same.`,
  )
}

function runSsh(
  words: readonly string[],
): Promise<{ error: (Error & { code?: unknown }) | null; stdout: string; stderr: string }> {
  return new Promise(resolve => {
    const options = { timeout: 20_000, maxBuffer: 4_000_000, env: ownEnvironment() }
    execFile('ssh', words, options, (error, stdout, stderr) => resolve({ error, stdout, stderr }))
  })
}

/** `keyword value` lines, as `ssh -G` prints them. */
export function parseSettings(text: string): Settings {
  const settings = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const match = /^(\S+)[ \t]+(.*)$/.exec(line.trim())
    if (!match) continue
    const [, keyword = '', value = ''] = match
    const known = settings.get(keyword.toLowerCase())
    if (known) known.push(value)
    else settings.set(keyword.toLowerCase(), [value])
  }
  return settings
}

/** Makes the typed configuration out of settings, expanding `~` and the tokens of ssh_config(5). */
export function clientConfig(request: ConfigRequest, settings: Settings): ClientConfig {
  const first = (keyword: string): string | undefined => settings.get(keyword)?.[0]
  const some = (keyword: string): string | undefined => {
    const value = first(keyword)
    return value === undefined || value.toLowerCase() === 'none' ? undefined : value
  }
  const hostname = first('hostname') ?? request.host
  const user = request.user ?? first('user') ?? userInfo().username
  const port = request.port ?? Number(first('port') ?? 22)
  const expand = (path: string): string => expandPath(path, { alias: request.host, hostname, user, port })
  const files = (keyword: string): string[] =>
    (first(keyword) ?? '')
      .split(/\s+/)
      .filter(path => path !== '' && path.toLowerCase() !== 'none')
      .map(expand)
  const timeout = Number(first('connecttimeout'))
  return {
    alias: request.host,
    hostname,
    user,
    port,
    identityFiles: (settings.get('identityfile') ?? [])
      .filter(file => file.toLowerCase() !== 'none')
      .map(expand),
    identitiesOnly: first('identitiesonly') === 'yes',
    agent: agentSocket(first('identityagent'), expand),
    userKnownHostsFiles: files('userknownhostsfile'),
    globalKnownHostsFiles: files('globalknownhostsfile'),
    hostKeyAlias: some('hostkeyalias'),
    proxyJump:
      some('proxyjump')
        ?.split(',')
        .map(hop => hop.trim()) ?? [],
    proxyCommand: some('proxycommand'),
    certificateFiles: (settings.get('certificatefile') ?? []).map(expand),
    connectTimeout: timeout > 0 ? timeout : undefined,
  }
}

function agentSocket(value: string | undefined, expand: (path: string) => string): string | null {
  if (value?.toLowerCase() === 'none') return null
  if (value === undefined || value === 'SSH_AUTH_SOCK') return process.env.SSH_AUTH_SOCK || null
  if (value.startsWith('$')) return process.env[value.replace(/^\$\{?|\}$/g, '')] || null
  return expand(value)
}

interface TokenValues {
  readonly alias: string
  readonly hostname: string
  readonly user: string
  readonly port: number
}

/** `~`, `${NAME}` and the `%` tokens that ssh_config(5) allows in file names. */
export function expandPath(path: string, values: TokenValues): string {
  const local = ownHostname()
  const tokens: Record<string, string> = {
    '%': '%',
    d: homedir(),
    h: values.hostname,
    i: String(userInfo().uid),
    k: values.alias,
    L: local.split('.')[0] ?? local,
    l: local,
    n: values.alias,
    p: String(values.port),
    r: values.user,
    u: userInfo().username,
  }
  return path
    .replace(/^"(.*)"$/, '$1')
    .replace(/^~(?=\/|$)/, homedir())
    .replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => process.env[name] ?? '')
    .replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole)
}
