/** The worker and the scheduler: alive while the broker lets them in. */

import { addLog } from '../docker/log-stream.ts'
import type { Container } from '../docker/types.ts'
import type { World } from '../world.ts'
import { RedisRole } from './redis.ts'
import { environmentIn, type Role, roleBeside } from './roles.ts'

class BrokerClient {
  protected readonly world: World
  protected readonly container: Container

  constructor(world: World, container: Container) {
    this.world = world
    this.container = container
  }

  /** Why the broker does not let it in; undefined when it does. */
  refusal(): string | undefined {
    const given = environmentIn(this.container)
    const url = given.get('CELERY_BROKER_URL') || `redis://:${given.get('REDIS_PASSWORD') ?? ''}@redis:6379/0`
    const [, password = '', host = 'redis'] = /^redis:\/\/:([^@]*)@([^:/]+)/.exec(url) ?? []
    const server = roleBeside(this.world, this.container, host, RedisRole)
    if (!given.has('SECRET_KEY')) return "KeyError: 'SECRET_KEY'"
    return server
      ? server.refuses(password)
      : `Error -3 connecting to ${host}:6379. Temporary failure in name resolution.`
  }

  protected say(text: string): void {
    addLog(this.container, this.world.machine.now(), text, 'stderr')
  }
}

export class WorkerRole extends BrokerClient implements Role {
  start(): number | undefined {
    const why = this.refusal()
    if (why !== undefined) {
      this.say(`[ERROR/MainProcess] consumer: Cannot connect to redis://redis:6379/0: ${why}`)
      return why.startsWith('KeyError') ? 1 : undefined
    }
    this.say(`[INFO/MainProcess] celery@${this.container.id.slice(0, 12)} ready.`)
    return undefined
  }

  /** It answers `inspect ping`. */
  works(): boolean {
    return this.refusal() === undefined
  }
}

export class BeatRole extends BrokerClient implements Role {
  start(): number | undefined {
    const why = this.refusal()
    this.say(
      why === undefined
        ? '[INFO/MainProcess] beat: Starting...'
        : `[ERROR/MainProcess] beat: Connection error: ${why}.`,
    )
    if (why?.startsWith('KeyError')) return 1
    this.container.files.write('/tmp/celerybeat.pid', `${this.container.main?.pid ?? 1}\n`)
    return undefined
  }
}
