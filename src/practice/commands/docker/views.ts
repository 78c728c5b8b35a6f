/** What Docker shows of its objects as JSON: the shapes of its API. */

import type { Call } from '../../system/call.ts'
import type { Container, Image, Network, Volume } from '../../world/docker/types.ts'

const NEVER = '0001-01-01T00:00:00Z'
export const iso = (at: number): string =>
  at === 0 ? NEVER : new Date(at).toISOString().replace('Z', '000000Z')

/** `docker inspect` of a container. */
export function inspectContainer(call: Call, container: Container): Record<string, unknown> {
  const { plan, health } = container
  const { docker } = call.world
  const [program = '', ...rest] = docker.wordsOf(plan)
  const networks = Object.fromEntries(
    Object.entries(plan.networks).map(([name, aliases]) => [
      name,
      {
        Aliases: [...aliases, container.id.slice(0, 12)],
        NetworkID: docker.networks.get(name)?.id ?? '',
        EndpointID: container.status === 'running' ? container.id.slice(0, 64) : '',
        Gateway: '172.18.0.1',
        IPAddress: container.addresses.get(name) ?? '',
        IPPrefixLen: 16,
        GlobalIPv6Address: '',
        MacAddress: '',
        DNSNames: [...aliases, container.name, container.id.slice(0, 12)],
      },
    ]),
  )
  const bindings: Record<string, { HostIp: string; HostPort: string }[] | null> = {}
  for (const { inside, protocol, address, published } of plan.ports) {
    const key = `${inside}/${protocol}`
    const bound = address === '' ? ['0.0.0.0', '::'] : [address]
    bindings[key] = [
      ...(bindings[key] ?? []),
      ...bound.map(HostIp => ({ HostIp, HostPort: String(published) })),
    ]
  }
  return {
    Id: container.id,
    Created: iso(container.created),
    Path: program,
    Args: rest,
    State: {
      Status: container.status,
      Running: container.status === 'running',
      Paused: container.status === 'paused',
      Restarting: container.status === 'restarting',
      OOMKilled: container.oomKilled,
      Dead: false,
      Pid: container.main?.pid ?? 0,
      ExitCode: container.exitCode,
      Error: container.error,
      StartedAt: iso(container.startedAt),
      FinishedAt: iso(container.finishedAt),
      ...(health
        ? {
            Health: {
              Status: health.status,
              FailingStreak: health.streak,
              Log: health.log.map(({ start, end, exitCode, output }) => ({
                Start: iso(start),
                End: iso(end),
                ExitCode: exitCode,
                Output: output,
              })),
            },
          }
        : {}),
    },
    Image: plan.image.id,
    ResolvConfPath: `/var/lib/docker/containers/${container.id}/resolv.conf`,
    LogPath:
      plan.logDriver === 'json-file'
        ? `/var/lib/docker/containers/${container.id}/${container.id}-json.log`
        : '',
    Name: `/${container.name}`,
    RestartCount: container.restarts,
    Driver: 'overlay2',
    Platform: 'linux',
    HostConfig: {
      Binds: plan.mounts
        .filter(({ type }) => type === 'bind')
        .map(({ source, target, writable }) => `${source}:${target}:${writable ? 'rw' : 'ro'}`),
      LogConfig: { Type: plan.logDriver, Config: plan.logOptions },
      NetworkMode: Object.keys(plan.networks)[0] ?? 'bridge',
      PortBindings: Object.fromEntries(
        plan.ports.map(({ inside, protocol, address, published }) => [
          `${inside}/${protocol}`,
          [{ HostIp: address, HostPort: String(published) }],
        ]),
      ),
      RestartPolicy: {
        Name: plan.restart.split(':')[0],
        MaximumRetryCount: Number(plan.restart.split(':')[1] ?? 0),
      },
      AutoRemove: plan.autoRemove,
      Privileged: plan.privileged,
      ReadonlyRootfs: plan.readOnly,
      CapDrop: plan.capDrop.length > 0 ? plan.capDrop : null,
      Memory: container.memoryLimit,
      MemorySwap: container.memoryLimit * 2,
      NanoCpus: 0,
      ShmSize: plan.shmSize || 67_108_864,
      Init: plan.init,
    },
    Mounts: plan.mounts.map(({ type, name, source, target, writable }) => ({
      Type: type,
      ...(type === 'volume' ? { Name: name, Driver: 'local' } : {}),
      Source: source,
      Destination: target,
      Mode: writable ? 'rw' : 'ro',
      RW: writable,
      Propagation: '',
    })),
    Config: {
      Hostname: plan.hostname || container.id.slice(0, 12),
      User: plan.user || plan.image.config.User,
      Env: [
        ...new Map(
          [...plan.image.config.Env, ...plan.environment].map(pair => [pair.split('=')[0], pair]),
        ).values(),
      ],
      Cmd: plan.command.length > 0 ? plan.command : plan.image.config.Cmd,
      Image: plan.imageName,
      WorkingDir: plan.workingDirectory || plan.image.config.WorkingDir,
      Entrypoint:
        plan.entrypoint ?? (plan.image.config.Entrypoint.length > 0 ? plan.image.config.Entrypoint : null),
      Labels: plan.labels,
      ...(plan.healthcheck
        ? {
            Healthcheck: {
              Test: plan.healthcheck.test,
              Interval: plan.healthcheck.intervalMs * 1e6,
              Timeout: plan.healthcheck.timeoutMs * 1e6,
              Retries: plan.healthcheck.retries,
            },
          }
        : {}),
    },
    NetworkSettings: {
      Ports: container.status === 'running' ? bindings : {},
      Networks: networks,
      IPAddress: container.addresses.get('bridge') ?? '',
    },
  }
}

export function inspectImage(image: Image): Record<string, unknown> {
  return {
    Id: image.id,
    RepoTags: image.tags,
    RepoDigests: image.tags.slice(0, 1).map(tag => `${tag.replace(/:[^:/]+$/, '')}@${image.digest}`),
    Created: iso(image.created),
    Size: image.size,
    Architecture: 'amd64',
    Os: 'linux',
    Config: {
      ...image.config,
      Entrypoint: image.config.Entrypoint.length > 0 ? image.config.Entrypoint : null,
      Cmd: image.config.Cmd.length > 0 ? image.config.Cmd : null,
      Volumes: Object.fromEntries(image.config.Volumes.map(path => [path, {}])),
    },
    RootFS: { Type: 'layers', Layers: [image.id] },
  }
}

export function inspectNetwork(call: Call, network: Network): Record<string, unknown> {
  const inside = [...call.world.docker.containers.values()].filter(({ addresses }) =>
    addresses.has(network.name),
  )
  return {
    Name: network.name,
    Id: network.id,
    Driver: network.name === 'host' || network.name === 'none' ? network.name : 'bridge',
    EnableIPv6: false,
    IPAM: {
      Driver: 'default',
      Config:
        network.subnet === ''
          ? []
          : [{ Subnet: network.subnet, Gateway: network.subnet.replace('0.0/16', '0.1') }],
    },
    Containers: Object.fromEntries(
      inside.map(({ id, name, addresses }) => [
        id,
        { Name: name, IPv4Address: `${addresses.get(network.name)}/16`, IPv6Address: '' },
      ]),
    ),
    Labels: network.labels,
  }
}

export const inspectVolume = (volume: Volume): Record<string, unknown> => ({
  CreatedAt: iso(volume.created),
  Driver: 'local',
  Labels: volume.labels,
  Mountpoint: volume.mountpoint,
  Name: volume.name,
  Options: null,
  Scope: 'local',
})

const AGES = [
  [60, 'second', 1],
  [3600, 'minute', 60],
  [86_400, 'hour', 3600],
  [Number.POSITIVE_INFINITY, 'day', 86_400],
] as const

export function age(milliseconds: number): string {
  const seconds = Math.max(1, Math.floor(milliseconds / 1000))
  const [, unit, size] = AGES.find(([most]) => seconds < most) ?? AGES[3]
  const count = Math.floor(seconds / size)
  if (count === 1)
    return unit === 'second'
      ? 'Less than a second'
      : unit === 'hour'
        ? 'About an hour'
        : unit === 'minute'
          ? 'About a minute'
          : '1 day'
  return `${count} ${unit}s`
}

/** One row of `docker ps`. */
export function row(call: Call, container: Container): Record<string, unknown> {
  const { plan } = container
  const now = call.machine.now()
  const status =
    container.status === 'running'
      ? `Up ${age(now - container.startedAt)}${container.health ? ` (${container.health.status === 'starting' ? 'health: starting' : container.health.status})` : ''}`
      : container.status === 'restarting'
        ? `Restarting (${container.exitCode}) ${age(now - container.finishedAt)} ago`
        : container.status === 'created'
          ? 'Created'
          : container.status === 'paused'
            ? `Up ${age(now - container.startedAt)} (Paused)`
            : `Exited (${container.exitCode}) ${age(now - container.finishedAt)} ago`
  const ports =
    container.status === 'running'
      ? plan.ports.flatMap(({ address, published, inside, protocol }) =>
          (address === '' ? ['0.0.0.0', '[::]'] : [address]).map(
            bound => `${bound}:${published}->${inside}/${protocol}`,
          ),
        )
      : []
  return {
    ID: container.id,
    Names: container.name,
    Name: container.name,
    Image: plan.imageName,
    Command: JSON.stringify(call.world.docker.wordsOf(plan).join(' ').slice(0, 20)),
    CreatedAt: iso(container.created),
    RunningFor: `${age(now - container.created)} ago`,
    Ports: ports.join(', '),
    State: container.status,
    Status: status,
    Health: container.status === 'running' ? (container.health?.status ?? '') : '',
    ExitCode: container.exitCode,
    Project: plan.labels['com.docker.compose.project'] ?? '',
    Service: plan.labels['com.docker.compose.service'] ?? '',
    Networks: Object.keys(plan.networks).join(','),
    Mounts: plan.mounts.map(({ name, source }) => name || source).join(','),
    Labels: Object.entries(plan.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Label: (key: unknown) => plan.labels[String(key)] ?? '',
    LocalVolumes: String(plan.mounts.filter(({ type }) => type === 'volume').length),
    Size: '0B',
    Publishers: plan.ports.map(({ address, published, inside, protocol }) => ({
      URL: address || '0.0.0.0',
      TargetPort: inside,
      PublishedPort: published,
      Protocol: protocol,
    })),
  }
}
