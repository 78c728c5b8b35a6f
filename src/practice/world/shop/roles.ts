/** What the main process of a container is in this world: nginx, the backend, PostgreSQL, … */

import type { Container } from '../docker/types.ts'
import type { World } from '../world.ts'
import { BackendRole } from './backend.ts'
import { BeatRole, WorkerRole } from './celery.ts'
import { FrontendRole } from './frontend.ts'
import type { Listener } from './http.ts'
import { NginxRole } from './nginx.ts'
import { PostgresRole } from './postgres-role.ts'
import { RedisRole } from './redis.ts'

/** A main process that this world acts out instead of running. */
export interface Role {
  /** Begins. @returns an exit status when it fails at once, with its reason in the container's log. */
  start(): number | undefined
  /** What answers on a port inside the container. */
  listener?(port: number): Listener | undefined
}

const roles = new WeakMap<Container, Role>()

export function roleOf(world: World, container: Container, words: readonly string[]): Role | undefined {
  const names = words.map(word => word.split('/').at(-1) ?? '')
  const role = names.includes('nginx')
    ? new NginxRole(world, container)
    : names.includes('gunicorn')
      ? new BackendRole(world, container)
      : names.includes('celery') && names.includes('beat')
        ? new BeatRole(world, container)
        : names.includes('celery') && names.includes('worker')
          ? new WorkerRole(world, container)
          : names.includes('postgres')
            ? new PostgresRole(world, container, words)
            : names.includes('redis-server')
              ? new RedisRole(world, container, words)
              : names.includes('server.py')
                ? new FrontendRole(world, container)
                : undefined
  if (role) roles.set(container, role)
  else roles.delete(container)
  return role
}

export function roleAt<T extends Role>(
  container: Container | undefined,
  kind: new (...given: never[]) => T,
): T | undefined {
  const role = container?.status === 'running' ? roles.get(container) : undefined
  return role instanceof kind ? role : undefined
}

export function listenerOf(_world: World, container: Container, port: number): Listener | undefined {
  return container.status === 'running' ? roles.get(container)?.listener?.(port) : undefined
}

/** The environment that the container was made with. */
export function environmentIn({ plan }: Container): Map<string, string> {
  return new Map(
    [...plan.image.config.Env, ...plan.environment].map(
      pair => pair.split(/=(.*)/s).slice(0, 2) as [string, string],
    ),
  )
}

/** A running container that a name leads to, as another one sees it. */
export function neighbour(world: World, container: Container, name: string): Container | undefined {
  const [address] = addressesOf(world, container, name)
  return address === undefined ? undefined : world.docker.byAddress(address)
}

/** Containers with whom it has one network stack (`--network container:…`), itself first. */
export function companions(world: World, container: Container): Container[] {
  const joined = /^container:(.*)/.exec(Object.keys(container.plan.networks)[0] ?? '')?.[1]
  const host = joined === undefined ? container : world.docker.find(joined)
  if (!host) return [container]
  const joins = ({ plan }: Container): boolean =>
    Object.keys(plan.networks).some(mode => [`container:${host.name}`, `container:${host.id}`].includes(mode))
  return [host, ...world.docker.containers.values()].filter(
    (other, index) => index === 0 || (other !== host && joins(other)),
  )
}

/** What answers under a name as a container sees it: on its own network stack, or elsewhere. */
export function roleBeside<T extends Role>(
  world: World,
  container: Container,
  name: string,
  kind: new (...given: never[]) => T,
): T | undefined {
  if (!leadsToItself(world, container, name)) return roleAt(neighbour(world, container, name), kind)
  return companions(world, container)
    .map(each => roleAt(each, kind))
    .find(role => role !== undefined)
}

export function leadsToItself(world: World, container: Container, name: string): boolean {
  const [address = ''] = addressesOf(world, container, name)
  return /^127\./.test(address)
}

const addressesOf = (world: World, container: Container, name: string): string[] =>
  world.names.resolve(
    {
      container: container.id,
      files: container.files,
      environment: environmentIn(container),
    } as Parameters<typeof world.names.resolve>[0],
    name,
  )
