/** docker run and docker create. */

import { randomInt } from 'node:crypto'
import type { Call } from '../../system/call.ts'
import { newId } from '../../world/docker/engine.ts'
import type { ContainerPlan, Mount, PortBinding } from '../../world/docker/types.ts'
import { bytesOf } from '../files/change.ts'
import { attach } from './containers.ts'
import { pullImage } from './objects.ts'

/** Options that have a value. */
const VALUED = new Set([
  '-e',
  '--env',
  '-v',
  '--volume',
  '--name',
  '--network',
  '--net',
  '--entrypoint',
  '-u',
  '--user',
  '-w',
  '--workdir',
  '-p',
  '--publish',
  '--dns',
  '--dns-option',
  '--log-driver',
  '--log-opt',
  '--cap-drop',
  '--cap-add',
  '--security-opt',
  '--pull',
  '-m',
  '--memory',
  '--label',
  '-l',
  '--mount',
  '--tmpfs',
  '--env-file',
  '--network-alias',
  '-h',
  '--hostname',
  '--restart',
  '--shm-size',
  '--add-host',
  '--platform',
  '--volumes-from',
  '--cpus',
  '--stop-signal',
  '--pids-limit',
  '--ulimit',
  '--memory-swap',
  '--health-cmd',
  '--health-interval',
  '--ip',
  '--cidfile',
  '--group-add',
  '--log-opt',
  '--label-file',
  '--device',
  '--init-path',
  '--stop-timeout',
  '--userns',
  '--ipc',
  '--pid',
])

interface Words {
  readonly flags: ReadonlySet<string>
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly image: string
  readonly command: readonly string[]
}

/** Options up to the image; the rest is the command. */
export function readWords(words: readonly string[]): Words {
  const flags = new Set<string>()
  const values = new Map<string, string[]>()
  const add = (name: string, value: string): void => {
    values.set(name, [...(values.get(name) ?? []), value])
  }
  let index = 0
  for (; index < words.length; index++) {
    const word = words[index] ?? ''
    if (!word.startsWith('-')) break
    const [name = '', value] = word.startsWith('--') ? word.split(/=(.*)/s) : [word]
    if (value !== undefined) add(name, value)
    else if (VALUED.has(name)) add(name, words[++index] ?? '')
    else if (/^-[a-z]{2,}$/.test(name) && !VALUED.has(name.slice(0, 2)))
      for (const letter of name.slice(1)) flags.add(`-${letter}`)
    else if (/^-[a-z]./.test(name) && VALUED.has(name.slice(0, 2))) add(name.slice(0, 2), name.slice(2))
    else flags.add(name)
  }
  return { flags, values, image: words[index] ?? '', command: words.slice(index + 1) }
}

export async function run(call: Call, words: readonly string[], onlyCreate = false): Promise<number> {
  const given = readWords(words)
  const { docker } = call.world
  const pull = given.values.get('--pull')?.[0] ?? 'missing'
  if (!docker.image(given.image)) {
    if (pull !== 'never') call.err(`Unable to find image '${given.image}' locally\n`)
    if (pull === 'never' || !(await pullImage(call, given.image, true))) {
      call.err(
        `docker: Error response from daemon: No such image: ${given.image}.\nSee 'docker run --help'.\n`,
      )
      return 125
    }
  }
  const plan = planOf(call, given)
  const container = docker.create(plan)
  if (onlyCreate) {
    call.line(container.id)
    return 0
  }
  if (given.flags.has('-d') || given.flags.has('--detach')) {
    await docker.startContainer(container)
    call.line(container.id)
    return 0
  }
  return attach(call, container, given.flags.has('-i') || given.flags.has('--interactive'))
}

const NAMES = ['quiet', 'eager', 'brave', 'kind', 'calm', 'witty']

export function planOf(call: Call, { values, flags, image: imageName, command }: Words): ContainerPlan {
  const { docker } = call.world
  const image = docker.image(imageName)
  if (!image) throw new Error(`the image ${imageName} is gone`)
  const all = (...names: string[]): readonly string[] => names.flatMap(name => values.get(name) ?? [])
  const one = (...names: string[]): string => all(...names).at(-1) ?? ''
  const id = newId()
  const network = one('--network', '--net') || 'bridge'
  const name = one('--name') || `${NAMES[randomInt(NAMES.length)]}_${id.slice(0, 6)}`
  const environment = all('-e', '--env').map(pair =>
    pair.includes('=') ? pair : `${pair}=${call.process.environment.get(pair) ?? ''}`,
  )
  for (const path of all('--env-file'))
    environment.unshift(
      ...call.process.files
        .text(absolute(call, path))
        .split('\n')
        .filter(line => /^[A-Za-z_]\w*=/.test(line)),
    )
  const [dns] = all('--dns')
  if (dns !== undefined) environment.push(`KNEEBOARD_PRACTICE_DNS=${dns}`)
  const entrypoint = values.has('--entrypoint') ? [one('--entrypoint')].filter(Boolean) : undefined
  const mounts = [
    ...all('-v', '--volume').map(text => mountOf(call, text)),
    ...all('--mount').map(text => namedMount(call, text)),
    ...all('--tmpfs').map(
      (text): Mount => ({
        type: 'tmpfs',
        name: '',
        source: '',
        target: text.split(':')[0] ?? '',
        writable: true,
      }),
    ),
  ]
  const anonymous = image.config.Volumes.filter(path => !mounts.some(mount => mount.target === path)).map(
    (target): Mount => {
      const made = docker.volume(newId())
      return { type: 'volume', name: made.name, source: made.mountpoint, target, writable: true }
    },
  )
  return {
    name,
    image,
    imageName,
    command,
    entrypoint,
    environment,
    labels: {
      ...image.config.Labels,
      ...Object.fromEntries(
        all('-l', '--label').map(text => text.split(/=(.*)/s).slice(0, 2) as [string, string]),
      ),
    },
    workingDirectory: one('-w', '--workdir') || image.config.WorkingDir,
    user: one('-u', '--user') || image.config.User,
    hostname: one('-h', '--hostname'),
    restart: one('--restart') || 'no',
    memory: bytesOf(one('-m', '--memory') || '0'),
    shmSize: bytesOf(one('--shm-size') || '0'),
    init: flags.has('--init'),
    privileged: flags.has('--privileged'),
    readOnly: flags.has('--read-only'),
    capDrop: all('--cap-drop'),
    logDriver: one('--log-driver') || docker.logDriver,
    logOptions: values.has('--log-driver') ? {} : docker.logOptions,
    mounts: [...mounts, ...anonymous],
    ports: all('-p', '--publish').map(portOf),
    networks: {
      [docker.network(network)?.name ?? network]: [
        ...all('--network-alias'),
        ...(network === 'bridge' ? [] : [name]),
      ],
    },
    healthcheck: undefined,
    autoRemove: flags.has('--rm'),
    extraHosts: all('--add-host'),
  }
}

const absolute = (call: Call, path: string): string =>
  path.startsWith('/') ? path : `${call.process.cwd}/${path}`

function mountOf(call: Call, text: string): Mount {
  const parts = text.split(':')
  const [source = '', target = source, mode = ''] = parts.length === 1 ? [newId(), text] : parts
  const writable = !mode.split(',').includes('ro')
  if (source.startsWith('/') || source.startsWith('.'))
    return { type: 'bind', name: '', source: absolute(call, source), target, writable }
  return {
    type: 'volume',
    name: source,
    source: call.world.docker.volume(source).mountpoint,
    target,
    writable,
  }
}

function namedMount(call: Call, text: string): Mount {
  const fields = new Map(text.split(',').map(part => part.split(/=(.*)/s).slice(0, 2) as [string, string]))
  const source = fields.get('source') ?? fields.get('src') ?? ''
  const target = fields.get('target') ?? fields.get('dst') ?? fields.get('destination') ?? ''
  const writable = !(fields.has('readonly') || fields.has('ro'))
  if (fields.get('type') === 'bind') return { type: 'bind', name: '', source, target, writable }
  if (fields.get('type') === 'tmpfs') return { type: 'tmpfs', name: '', source: '', target, writable }
  return {
    type: 'volume',
    name: source,
    source: call.world.docker.volume(source).mountpoint,
    target,
    writable,
  }
}

function portOf(text: string): PortBinding {
  const [, address = '', published = '', inside = '', protocol = 'tcp'] =
    /^(?:(\[?[\d.:a-f]+\]?):)?(\d+)?:?(\d+)(?:\/(tcp|udp))?$/.exec(text) ?? []
  return {
    address,
    published: Number(published || inside),
    inside: Number(inside),
    protocol: protocol as 'tcp' | 'udp',
  }
}
