/** Makes the world of a scenario. */

import { programs } from './commands/index.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { layBareServer } from './world/bare.ts'
import { layShop } from './world/shop/lay-shop.ts'
import { World } from './world/world.ts'

export async function openWorld(scenario: Scenario, operatorKey: string): Promise<World> {
  const world = new World(programs)
  await layBareServer(world, { hostname: scenario.base === 'bare' ? 'vps-1' : 'shop', operatorKey })
  await withoutWaiting(world, async () => {
    if (scenario.base === 'shop') await layShop(world)
    await scenario.inject?.(world)
    if (scenario.inject) await world.docker.lookAfterAWhile()
  })
  return world
}

/** Milliseconds between two looks at what is not healthy yet. */
const HURRY = 10

/** Nobody watches a server that is only being laid out: its containers are looked at at once, not when their time comes. */
async function withoutWaiting(world: World, work: () => Promise<void>): Promise<void> {
  const looking = new Set<object>()
  const timer = setInterval(() => {
    for (const container of world.docker.containers.values()) {
      if (looking.has(container) || container.health?.status !== 'starting') continue
      looking.add(container)
      void world.docker.checkHealth(container).finally(() => looking.delete(container))
    }
  }, HURRY)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
}
