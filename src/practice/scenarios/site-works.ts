/** Whether a visitor gets the shop. */

import { listenerAt } from '../world/shop/http.ts'
import { DOMAIN } from '../world/shop/lay-shop.ts'
import type { World } from '../world/world.ts'

export function siteWorks(world: World): boolean {
  return ['/', '/api/health/', '/api/products/'].every(path => {
    const listener = listenerAt(world, { container: undefined }, world.network.ipv4, 443)
    if (typeof listener === 'string') return false
    const answer = listener({
      method: 'GET',
      host: DOMAIN,
      path,
      secure: true,
      headers: new Map(),
      client: world.network.operator,
    })
    return answer !== 'silent' && answer.status === 200
  })
}
