/** Makes the world of a scenario. */

import { programs } from './commands/index.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { layBareServer } from './world/bare.ts'
import { layShop } from './world/shop/lay-shop.ts'
import { World } from './world/world.ts'

export async function openWorld(scenario: Scenario, operatorKey: string): Promise<World> {
  const world = new World(programs)
  await layBareServer(world, { hostname: scenario.base === 'bare' ? 'vps-1' : 'shop', operatorKey })
  if (scenario.base === 'shop') await layShop(world)
  await scenario.inject?.(world)
  return world
}
