/** The process of the practice server: makes the world, serves it, and ends with whoever started it. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWorld } from './open-world.ts'
import { scenarios } from './scenarios/index.ts'
import { taskOf } from './scenarios/scenario.ts'
import { makeKeyPair } from './server/keys.ts'
import { type Door, openDoors } from './server/outside.ts'
import { serve } from './server/ssh-server.ts'
import type { Task } from './training/exercise.ts'
import { DOMAIN } from './world/shop/lay-shop.ts'

/** What the child tells once it answers. */
export interface Ready {
  readonly port: number
  readonly hostKey: string
  /** A file with the private key that lets the operator in. It goes with this process. */
  readonly identity: string
  readonly doors: readonly Door[]
  /** Parameters that fit this world. */
  readonly stack: Readonly<Record<string, string>>
  readonly task: Task
}

const name = process.argv[2] ?? 'bare'
const scenario = scenarios.find(each => each.name === name)
if (!scenario) throw new Error(`there is no practice scenario ${name}`)

const host = makeKeyPair('practice server')
const operator = makeKeyPair('practice')
const world = await openWorld(scenario, operator.publicKey)
const server = await serve(world, host.privateKey)
const doors = await openDoors(world)
const stack = { resolvers: '203.0.113.53', ...(scenario.base === 'shop' ? { domains: DOMAIN } : {}) }

const folder = mkdtempSync(join(tmpdir(), 'kneeboard-practice-'))
const identity = join(folder, 'key')
writeFileSync(identity, operator.privateKey, { mode: 0o600 })
// For OpenSSH's own client, so that it asks nothing and writes nothing into the operator's file.
writeFileSync(join(folder, 'known_hosts'), `[127.0.0.1]:${server.port} ${host.publicKey}\n`)
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))
process.on('SIGINT', () => {})
/** Whoever asked may be gone by now. */
function tell(message: object): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

process.on('message', (message: { readonly ask?: string; readonly id?: number }) => {
  if (message.ask === 'lacking') tell({ id: message.id, answer: [...world.machine.lacking] })
  if (message.ask === 'memory') tell({ id: message.id, answer: process.memoryUsage.rss() })
  if (message.ask === 'healthy')
    void Promise.resolve(scenario.healthy?.(world) ?? true).then(answer => tell({ id: message.id, answer }))
})
process.send?.({
  port: server.port,
  hostKey: host.publicKey,
  identity,
  doors,
  stack,
  task: taskOf(scenario),
} satisfies Ready)
