/** The password of Redis: usable in an address, and the same wherever it stands. */

import {
  composeEnvFile,
  type EnvValue,
  inForce,
  isFilled,
  type StackEnvironment,
  serviceEnvFile,
  stackEnvironment,
} from '../../src/facts/env-files.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { editAction, keptWhere } from './edit-env.ts'
import { type ConfigurationParams, configurationParams } from './parameters.ts'
import { changePlan, usersOf } from './recreate.ts'

const NAME = 'REDIS_PASSWORD'

/** The files that hold it: `.env` beside the Compose file first, since Redis is started with that one. */
const holders = (state: StackEnvironment): { path: string; value: EnvValue | undefined }[] =>
  [composeEnvFile(state), serviceEnvFile(state)].map(({ path, values }) => ({
    path,
    value: inForce(values, NAME),
  }))

export const generateRedisPassword = remedy({
  id: 'configuration/generate-redis-password',
  title: 'Generate a new password for Redis on the server',
  why: 'Letters and digits alone, made by the server’s own generator, and written into both env files at once. Nobody sees it.',
  risk: 'Redis, the application and its workers are recreated together. Queued tasks stay: Redis keeps them in its volume.',
  grade: 'disruptive',
  params: configurationParams,
  async plan(context) {
    const { params, policy } = context
    const state = await context.read(stackEnvironment, params.composeFile)
    const files = holders(state).map(({ path }) => path)
    const edit = editAction(
      `Write one new random password for Redis into ${files.join(' and ')}`,
      files,
      sh`value=$(random ${policy.redisPasswordLength}); for file in ${files}; do set_key "$file" ${NAME}; done`,
    )
    return changePlan(
      context,
      usersOf(state, [NAME], params),
      [edit],
      files.map(path => `${path}: the password of Redis`),
      keptWhere,
    )
  },
})

export const redisPasswordUsable = check({
  id: 'configuration/redis-password-usable',
  title: 'The password of Redis can stand in an address',
  why: 'It becomes a part of redis://:…@redis:6379. With a slash in it, what follows is read as the port: “Port could not be cast to integer value”, and every worker stops.',
  params: configurationParams,
  after: ['configuration/compose-variables-set'],
  remedies: [generateRedisPassword],
  async probe({ params, read, policy }) {
    const held = holders(await read(stackEnvironment, params.composeFile))
    const expected = `letters and digits, ${policy.redisPasswordLength} of them`
    const unfilled = held.find(({ value }) => !isFilled(value))
    if (unfilled !== undefined)
      return fail(`${unfilled.path} has no password for Redis, or a placeholder`, {
        expected,
        remedies: [generateRedisPassword],
      })
    const special = held.filter(({ value }) => value?.isAlphanumeric === false)
    const shortest = Math.min(...held.map(({ value }) => value?.length ?? 0))
    const measured = `${special.length > 0 ? 'with special characters' : 'alphanumeric'}, ${shortest} characters`
    if (special.length > 0)
      return fail(
        `the password of Redis holds special characters in ${special.map(({ path }) => path).join(' and ')}`,
        {
          measured,
          expected,
          remedies: [generateRedisPassword],
        },
      )
    if (shortest < policy.redisPasswordLength)
      return warn(`the password of Redis has ${shortest} characters only`, {
        measured,
        expected,
        remedies: [generateRedisPassword],
      })
    return pass('it is made of letters and digits', { measured, expected })
  },
})

/** Which file is right: the one whose password Redis was started with; where that cannot be told, `.env`. */
function rightOne(
  state: StackEnvironment,
  { redisService }: ConfigurationParams,
): { from: string; to: string; needsRedis: boolean } {
  const [compose, service] = holders(state)
  if (compose === undefined || service === undefined)
    throw new Unreadable('there are not two files to hold against each other')
  const running = state.running?.find(found => found.service === redisService)?.values ?? []
  const has = (value: EnvValue | undefined): boolean =>
    value !== undefined && running.some(({ number }) => number === value.number)
  if (isFilled(service.value) && has(service.value) && !has(compose.value))
    return { from: service.path, to: compose.path, needsRedis: false }
  return { from: compose.path, to: service.path, needsRedis: !has(compose.value) }
}

export const alignRedisPassword = remedy({
  id: 'configuration/align-redis-password',
  title: 'Give both env files the password that Redis was started with',
  why: 'It is copied from one file to the other on the server. What was made with the wrong one is recreated.',
  risk: 'None to the data: Redis itself keeps running unless it has neither of the two passwords.',
  grade: 'disruptive',
  params: configurationParams,
  async plan(context) {
    const { params } = context
    const state = await context.read(stackEnvironment, params.composeFile)
    const { from, to, needsRedis } = rightOne(state, params)
    const users = usersOf(state, [NAME], params).filter(
      service => needsRedis || service !== params.redisService,
    )
    const edit = editAction(
      `Copy the password of Redis from ${from} to ${to}`,
      [to],
      sh`value=$(raw_key ${from} ${NAME}); set_key ${to} ${NAME}`,
    )
    return changePlan(context, users, [edit], [`${to}: the password of Redis, from ${from}`], keptWhere)
  },
})

export const redisPasswordAgrees = check({
  id: 'configuration/redis-password-agrees',
  title: 'Redis and the application have the same password',
  why: 'Redis is started with the one in .env, the application logs in with the one in its own env file. Where they differ, nothing that needs the cache or the queue works.',
  params: configurationParams,
  after: ['configuration/compose-variables-set'],
  remedies: [alignRedisPassword],
  async probe({ params, read }) {
    const [compose, service] = holders(await read(stackEnvironment, params.composeFile))
    const expected = 'the same in both files'
    if (!isFilled(compose?.value) || !isFilled(service?.value))
      throw new Unreadable('one of the two passwords is not filled in, so there is nothing to compare')
    if (compose.value.number === service.value.number)
      return pass('both files have the same one', { measured: 'the same', expected })
    return fail(`the password of Redis in ${service.path} is not the one in ${compose.path}`, {
      measured: 'different',
      expected,
      remedies: [alignRedisPassword],
    })
  },
})
