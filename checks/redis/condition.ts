/** How Redis is doing, one idea a check, all from one question. */

import { z } from 'zod'
import { runningContainer } from '../../src/facts/containers.ts'
import { type RedisCondition, redisBytes, redisCondition } from '../../src/facts/redis-condition.ts'
import { runAction } from '../../src/model/action.ts'
import { type Check, check, type ProbeContext, type ReadContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { type AnyRemedy, remedy } from '../../src/model/remedy.ts'
import { type Script, sh } from '../../src/model/script.ts'
import { fail, notApplicable, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { restartService } from '../services/remedies.ts'
import { roleOf, symptomsOf, symptomsWhileUp } from '../services/roles.ts'
import { settle } from '../services/settle.ts'
import { stackShape } from '../stack-parameters.ts'
import { insideRedis } from './inside.ts'

export const brokerQueue = z
  .string()
  .regex(/^[A-Za-z0-9._-]+$/, 'the name of a queue')
  .default('celery')
  .describe('The queue that Celery’s tasks wait in')

export const brokerDatabase = z.coerce
  .number()
  .int()
  .min(0)
  .max(15)
  .default(0)
  .describe('The number of the Redis database that is Celery’s broker')

export const redisParams = z.object({ ...stackShape, brokerQueue, brokerDatabase })
export type RedisParams = z.infer<typeof redisParams>

export const redisOf = ({
  read,
  params,
}: {
  readonly read: ReadContext['read']
  readonly params: RedisParams
}): Promise<RedisCondition> =>
  read(redisCondition, params.composeFile, params.redisService, params.brokerQueue, params.brokerDatabase)

const restart = restartService(roleOf('redis'))
const FELT = symptomsWhileUp('redis')
  .concat(symptomsOf('worker'))
  .filter(id => id !== 'redis/answers')

export const redisAnswers = check({
  id: 'redis/answers',
  title: 'Redis answers',
  why: 'Running is not answering: it may be loading its data, or refuse the password that it was started with.',
  params: redisParams,
  after: ['services/redis-steady'],
  explains: [...FELT, 'backend/cache'],
  remedies: [restart],
  async probe(context) {
    const { ping } = await redisOf(context)
    const details = { measured: ping.slice(0, 120), expected: 'PONG' }
    if (ping === 'PONG') return pass('Redis answers PONG', details)
    return fail(`Redis answers “${ping.slice(0, 120)}”`, {
      ...details,
      telling: ping.slice(0, 120),
      remedies: [restart],
    })
  },
})

interface Question {
  readonly id: string
  readonly title: string
  readonly why: string
  readonly explains?: readonly string[]
  readonly remedies?: readonly AnyRemedy[]
  readonly judge: (condition: RedisCondition, context: ProbeContext<RedisParams>) => Verdict
}

function redisCheck({ judge, ...rest }: Question): Check<RedisParams> {
  return check({
    ...rest,
    params: redisParams,
    after: ['redis/answers'],
    async probe(context) {
      return judge(await redisOf(context), context)
    },
  })
}

/** `CONFIG SET` in the container. */
const setScript = (container: { readonly id: string }, name: string, value: string): Script =>
  insideRedis(
    container,
    sh`
      answer=$(redis-cli CONFIG SET ${name} ${value})
      echo "$answer"
      [ "$answer" = OK ]
    `,
  )

function settingRemedy(words: {
  readonly id: string
  readonly title: string
  readonly why: string
  readonly risk: string
  readonly setting: string
  readonly value: (condition: RedisCondition) => string
}) {
  return remedy({
    id: words.id,
    title: words.title,
    why: words.why,
    risk: words.risk,
    grade: 'reversible',
    params: redisParams,
    async plan(context) {
      const { params, policy, read } = context
      const condition = await redisOf(context)
      const value = words.value(condition)
      const container = await read(runningContainer, params.composeFile, params.redisService)
      return {
        actions: [
          runAction(`CONFIG SET ${words.setting} ${value}`, setScript(container, words.setting, value)),
          settle(params.composeFile, policy.recreateWaitSeconds),
        ],
        touches: [`Redis’ ${words.setting}, until its next start`],
        undo: `redis-cli CONFIG SET ${words.setting} ${condition.settings[words.setting] ?? ''}`,
        expectedSeconds: 5,
      }
    },
  })
}

const limitStarted = ({ started }: RedisCondition): number => redisBytes(started.maxmemory ?? '')

export const restoreLimit = settingRemedy({
  id: 'redis/restore-memory-limit',
  title: 'Give Redis the memory limit back that it was started with',
  why: 'Somebody has set another one while it ran. The Compose file’s is what a restart would bring anyway.',
  risk: 'Redis may take more memory, up to what the Compose file allows.',
  setting: 'maxmemory',
  value(condition) {
    const bytes = limitStarted(condition)
    if (Number.isNaN(bytes)) throw new Unreadable('Redis was started without a memory limit of its own')
    return String(bytes)
  },
})

export const limitAsStarted = redisCheck({
  id: 'redis/limit-as-started',
  title: 'Redis has the memory limit that the Compose file gives it',
  why: 'A limit that was set by hand is gone at the next restart; until then it refuses writes, or takes memory from the others.',
  explains: ['redis/memory-left', ...FELT, 'backend/cache'],
  remedies: [restoreLimit],
  judge(condition) {
    const started = limitStarted(condition)
    const now = Number(condition.settings.maxmemory ?? Number.NaN)
    if (Number.isNaN(started))
      return notApplicable('Redis was started without a memory limit on its command line')
    const details = { measured: megabytes(now), expected: megabytes(started) }
    if (now === started) return pass(`its limit is ${megabytes(now)}`, details)
    return fail(`Redis’ memory limit is ${megabytes(now)}, and it was started with ${megabytes(started)}`, {
      ...details,
      telling: String(now),
      remedies: [restoreLimit],
    })
  },
})

const megabytes = (bytes: number): string => (bytes === 0 ? 'no limit' : `${(bytes / 2 ** 20).toFixed(0)} MB`)

export const memoryLeft = redisCheck({
  id: 'redis/memory-left',
  title: 'Redis has memory left',
  why: 'At its limit a broker without eviction refuses every write: “OOM command not allowed”, and no order is handed on.',
  explains: [...FELT, 'backend/cache'],
  judge({ info, settings }, { policy }) {
    const limit = Number(settings.maxmemory ?? 0)
    const used = Number(info.used_memory ?? Number.NaN)
    if (Number.isNaN(used)) throw new Unreadable('Redis does not say how much memory it uses')
    if (limit === 0) return pass(`Redis uses ${megabytes(used)}, and has no limit of its own`)
    const percent = Math.round((used / limit) * 100)
    const details = {
      measured: `${megabytes(used)} of ${megabytes(limit)}`,
      expected: `below ${policy.redisMemoryWarnPercent} %`,
      advice: 'See what fills it: `redis-cli --bigkeys`; a queue that nobody empties is the first suspect',
    }
    const words = `Redis uses ${percent} % of its memory`
    if (percent >= policy.redisMemoryFailPercent) return fail(words, details)
    if (percent >= policy.redisMemoryWarnPercent) return warn(words, details)
    return pass(words, { measured: details.measured, expected: details.expected })
  },
})

export const forbidEviction = settingRemedy({
  id: 'redis/forbid-eviction',
  title: 'Set Redis’ eviction policy to noeviction',
  why: 'A broker may never throw a queued task away. The cache beside it has times to live of its own.',
  risk: 'When memory runs out, writes are refused instead of old keys being thrown away: then somebody notices.',
  setting: 'maxmemory-policy',
  value: () => 'noeviction',
})

export const noEviction = redisCheck({
  id: 'redis/no-eviction',
  title: 'Redis throws no queued task away',
  why: 'With an eviction policy for caches, a full Redis drops whatever is old: also tasks. Once in a while an e-mail is never sent.',
  remedies: [forbidEviction],
  judge({ settings }) {
    const found = settings['maxmemory-policy'] ?? ''
    if (found === '') throw new Unreadable('Redis does not say what it evicts')
    const details = { measured: found, expected: 'noeviction' }
    if (found === 'noeviction') return pass('nothing is evicted', details)
    return fail(`Redis may evict queued tasks: its policy is ${found}`, {
      ...details,
      telling: found,
      remedies: [forbidEviction],
      advice: 'If the Compose file says so, change it there as well',
    })
  },
})

export const savesData = redisCheck({
  id: 'redis/saves',
  title: 'Redis saves what it holds',
  why: 'When it cannot write its files, it refuses every write (MISCONF), or loses the queue at the next restart.',
  explains: [...FELT, 'backend/cache'],
  judge({ info }) {
    const bad = ['rdb_last_bgsave_status', 'aof_last_write_status', 'aof_last_bgrewrite_status'].filter(
      name => info[name] !== undefined && info[name] !== 'ok',
    )
    if (bad.length === 0) return pass('its last saves went well')
    return fail(`${bad.join(', ')}: ${bad.map(name => info[name]).join(', ')}`, {
      telling: bad[0] ?? '',
      advice: 'Look at the space and the owner of its volume',
    })
  },
})

export const keepsLog = redisCheck({
  id: 'redis/append-only',
  title: 'Redis writes down what it is given',
  why: 'Without its append-only file, the tasks of the last minutes are gone after a crash.',
  judge({ settings }) {
    const found = settings.appendonly ?? ''
    if (found === 'yes') return pass('appendonly is on')
    return warn('appendonly is off', {
      measured: found,
      expected: 'yes',
      advice: 'Add --appendonly yes to its command in the Compose file',
    })
  },
})

export const loaded = redisCheck({
  id: 'redis/loaded',
  title: 'Redis has loaded its data',
  why: 'While it loads, every command is answered with LOADING.',
  explains: [...FELT, 'backend/cache'],
  judge: ({ info }) =>
    info.loading === '1'
      ? fail('Redis is still loading its data', {
          measured: 'loading',
          expected: 'loaded',
          advice: 'Wait: it says in its log how far it is',
        })
      : pass('Redis has loaded its data'),
})

export const isMaster = redisCheck({
  id: 'redis/takes-writes',
  title: 'Redis takes writes',
  why: 'A replica answers reads and refuses every write: the cache seems to work, and no task is queued.',
  explains: [...FELT, 'backend/cache'],
  judge: ({ info }) =>
    info.role === 'master'
      ? pass('it is the master')
      : fail(`Redis is a ${info.role ?? 'server of unknown role'}`, {
          measured: info.role ?? '',
          expected: 'master',
          telling: 'role',
        }),
})

export const nobodyRefused = redisCheck({
  id: 'redis/clients-let-in',
  title: 'Redis has room for clients',
  why: 'At its limit of clients the next worker is turned away at the door.',
  judge({ info }, { policy }) {
    const clients = Number(info.connected_clients ?? Number.NaN)
    const most = Number(info.maxclients ?? Number.NaN)
    if (Number.isNaN(clients) || Number.isNaN(most))
      return notApplicable('this Redis does not count its clients')
    const details = { measured: `${clients} of ${most}`, expected: `below ${policy.tableUsedWarnPercent} %` }
    if ((clients / most) * 100 < policy.tableUsedWarnPercent)
      return pass(`${clients} clients are connected`, details)
    return warn(`${clients} of ${most} clients are connected`, details)
  },
})
