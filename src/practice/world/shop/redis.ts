/** Redis: as its command line started it, with what it holds. */

import { bytes } from '../docker/compose-file.ts'
import { addLog } from '../docker/log-stream.ts'
import type { Container } from '../docker/types.ts'
import type { World } from '../world.ts'
import type { Role } from './roles.ts'

export class RedisRole implements Role {
  readonly container: Container
  readonly #world: World
  /** Settings as CONFIG GET names them. */
  readonly settings = new Map<string, string>([
    ['maxmemory', '0'],
    ['maxmemory-policy', 'noeviction'],
    ['appendonly', 'no'],
    ['save', '3600 1 300 100 60 10000'],
    ['requirepass', ''],
    ['maxclients', '10000'],
  ])
  usedMemory = 1_900_000
  readonly startedAt: number
  /** By database: 0 the broker's, 1 the cache's. */
  readonly databases = [new Map<string, string[]>(), new Map<string, string[]>()]

  constructor(world: World, container: Container, words: readonly string[]) {
    this.#world = world
    this.container = container
    this.startedAt = world.machine.now()
    words.forEach((word, index) => {
      const [, name] = /^--(.+)$/.exec(word) ?? []
      const value = words[index + 1]
      if (name !== undefined && value !== undefined && !value.startsWith('--'))
        this.settings.set(name, name === 'maxmemory' ? String(bytes(value)) : value)
    })
  }

  start(): undefined {
    addLog(this.container, this.#world.machine.now(), '1:M * Ready to accept connections')
    return undefined
  }

  /** Why a client with this password is turned away; undefined when it is let in (and may write). */
  refuses(password: string, writes = false): string | undefined {
    const wanted = this.settings.get('requirepass') ?? ''
    if (wanted !== '' && password === '') return 'NOAUTH Authentication required.'
    if (wanted !== '' && password !== wanted)
      return 'WRONGPASS invalid username-password pair or user is disabled.'
    if (wanted === '' && password !== '')
      return 'AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?'
    const limit = Number(this.settings.get('maxmemory'))
    if (
      writes &&
      limit > 0 &&
      this.usedMemory > limit &&
      this.settings.get('maxmemory-policy') === 'noeviction'
    )
      return "OOM command not allowed when used memory > 'maxmemory'."
    return undefined
  }
}
