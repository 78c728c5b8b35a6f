/** Sessions that the shop's own services keep open: whoever works with the database has one in it. */

import { BackendRole } from '../../world/shop/backend.ts'
import { environmentIn, neighbour } from '../../world/shop/roles.ts'
import type { Session } from './connection.ts'

export interface ServiceSession {
  readonly address: string
  readonly application: string
  readonly user: string
  readonly database: string
}

export function serviceSessions({ call, role }: Session): ServiceSession[] {
  const { world } = call
  return [...world.docker.containers.values()].flatMap(container => {
    const given = environmentIn(container)
    if (container.status !== 'running' || !given.has('SHOP_VERSION') || !given.has('DB_NAME')) return []
    if (neighbour(world, container, given.get('DB_HOST') ?? 'db') !== role.container) return []
    if (new BackendRole(world, container).database().status !== 'healthy') return []
    return [
      {
        address: [...container.addresses.values()][0] ?? '',
        application: '',
        user: given.get('DB_USER') ?? '',
        database: given.get('DB_NAME') ?? '',
      },
    ]
  })
}
