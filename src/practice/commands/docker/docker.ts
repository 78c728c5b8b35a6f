/** docker(1): what stands before the subcommand, and the subcommands by name. */

import type { Call } from '../../system/call.ts'
import { findGroup } from '../../world/accounts.ts'
import { DockerError } from '../../world/docker/engine.ts'
import { compose } from './compose.ts'
import * as containers from './containers.ts'
import * as objects from './objects.ts'
import { run } from './run.ts'

type Subcommand = (call: Call, words: readonly string[]) => Promise<number> | number

const COMMANDS: Readonly<Record<string, Subcommand>> = {
  info: objects.info,
  version: objects.version,
  ps: containers.list,
  inspect: objects.inspect,
  images: objects.images,
  image: objects.image,
  pull: objects.pull,
  tag: objects.tag,
  rmi: objects.removeImages,
  import: objects.importImage,
  network: objects.network,
  volume: objects.volume,
  system: objects.system,
  builder: objects.builder,
  container: (call, words) =>
    words[0] === 'prune'
      ? objects.pruneContainers(call)
      : words[0] === 'inspect'
        ? objects.inspect(call, words.slice(1))
        : containers.list(call, words.slice(1)),
  run,
  create: (call, words) => run(call, words, true),
  exec: containers.exec,
  logs: containers.logs,
  start: containers.start,
  stop: containers.stop,
  restart: containers.restart,
  kill: containers.kill,
  rm: containers.remove,
  cp: containers.copy,
  update: containers.update,
  pause: containers.pause,
  unpause: containers.pause,
  stats: containers.stats,
  top: containers.top,
  port: containers.port,
  wait: containers.wait,
  rename: containers.rename,
}

export async function docker(call: Call): Promise<number> {
  const words = [...call.words]
  while (/^-/.test(words[0] ?? '') && words[0] !== '--version' && words[0] !== '-v') {
    const option = words.shift() ?? ''
    if (['-H', '--host', '--context', '-c', '--config', '-l', '--log-level'].includes(option)) words.shift()
  }
  const [name = '', ...rest] = words
  if (name === '--version' || name === '-v') {
    call.line('Docker version 26.1.5+dfsg1, build a72d7cd')
    return 0
  }
  if (name === 'compose') {
    if (
      !call.process.files.exists('/usr/libexec/docker/cli-plugins/docker-compose') &&
      !call.world.packages.has('docker-compose-plugin')
    ) {
      call.err(
        rest.length > 0 && rest[0]?.startsWith('-')
          ? `unknown flag: ${rest[0]}\n`
          : `docker: 'compose' is not a docker command.\nSee 'docker --help'\n`,
      )
      return 1
    }
    return guarded(call, rest[0] !== 'version', () => compose(call, rest))
  }
  const command = COMMANDS[name]
  if (!command) {
    call.err(`docker: '${name}' is not a docker command.\nSee 'docker --help'\n`)
    return 1
  }
  return guarded(call, !['info', 'version'].includes(name), () => command(call, rest))
}

async function guarded(
  call: Call,
  needsDaemon: boolean,
  run: () => Promise<number> | number,
): Promise<number> {
  const refusal = needsDaemon ? whyNoDaemon(call) : undefined
  if (refusal !== undefined) {
    call.err(`${refusal}\n`)
    return 1
  }
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof DockerError)) throw error
    call.err(`Error response from daemon: ${error.message}\n`)
    return 1
  }
}

/** Why the daemon cannot be asked; undefined when it can. */
export function whyNoDaemon(call: Call): string | undefined {
  const { credentials, files } = call.process
  const group = findGroup(files, 'docker')?.gid
  const allowed =
    credentials.uid === 0 ||
    (group !== undefined && (credentials.groups.includes(group) || credentials.gid === group))
  const host = call.process.environment.get('DOCKER_HOST')
  if (call.process.container !== undefined || !call.world.docker.running || host?.includes('nonexistent'))
    return 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'
  if (!allowed)
    return 'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.45/containers/json": dial unix /var/run/docker.sock: connect: permission denied'
  return undefined
}

export function dockerd(call: Call): number {
  if (call.words.includes('--help')) {
    call.line(
      '\nUsage:\tdockerd [OPTIONS]\n\nOptions:\n      --config-file string   Daemon configuration file\n      --validate             Validate daemon configuration and exit',
    )
    return 0
  }
  const at = call.words.indexOf('--config-file')
  const path = at === -1 ? '/etc/docker/daemon.json' : (call.words[at + 1] ?? '')
  if (!call.process.files.exists(path)) {
    call.err(
      `unable to configure the Docker daemon with file ${path}: open ${path}: no such file or directory\n`,
    )
    return 1
  }
  const error = call.world.docker.validate(call.process.files.text(path))
  if (error !== undefined) {
    call.err(`unable to configure the Docker daemon with file ${path}: ${error}\n`)
    return 1
  }
  call.line('configuration OK')
  return 0
}
