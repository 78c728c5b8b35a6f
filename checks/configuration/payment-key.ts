import {
  inForce,
  isFilled,
  type RunningEnvironment,
  type StackEnvironment,
  serviceEnvFile,
  stackEnvironment,
} from '../../src/facts/env-files.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { editAction, keptWhere } from './edit-env.ts'
import { type ConfigurationParams, configurationParams, sideOf } from './parameters.ts'
import { changePlan, usersOf } from './recreate.ts'

const PREFIX = { production: 'live_', staging: 'test_' } as const

/** A container that was made before the key was changed, and still has one of the right kind. */
function keeperOf(state: StackEnvironment, name: string, prefix: string): RunningEnvironment | undefined {
  return state.running?.find(({ values }) => {
    const value = inForce(values, name)
    return isFilled(value) && value.prefix === prefix
  })
}

export const restorePaymentKey = remedy({
  id: 'configuration/restore-payment-key',
  title: 'Put the payment key back that a running container still has',
  why: 'A container that was not recreated keeps the environment of its first day. The key is copied from there on the server, unseen.',
  risk: 'It is the key from before the change. If it was withdrawn at the provider, payments are refused: look at the first one.',
  grade: 'disruptive',
  params: configurationParams,
  async plan(context) {
    const { params, state, prefix } = await look(context)
    const keeper = keeperOf(state, params.paymentKey, prefix)
    if (keeper === undefined)
      throw new Unreadable(`no container has a key that starts with ${prefix} any more`)
    const { path } = serviceEnvFile(state)
    const edit = editAction(
      `Copy ${params.paymentKey} from the container of ${keeper.service} into ${path}`,
      [path],
      sh`
        value=$(docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' ${keeper.container} | sed -n ${`s/^${params.paymentKey}=//p`} | tail -n 1)
        case $value in ${verbatimPrefix(prefix)}*) ;; *) echo 'the container has no such key any more' >&2; exit 1 ;; esac
        value=$(as_written "$value")
        set_key ${path} ${params.paymentKey}
      `,
    )
    return changePlan(
      context,
      usersOf(state, [params.paymentKey], params),
      [edit],
      [`${path}: ${params.paymentKey}`],
      keptWhere,
    )
  },
})

export const fillPaymentKey = remedy({
  id: 'configuration/fill-payment-key',
  title: 'Write the payment key into the env file yourself',
  why: 'The right key is at the provider, and nowhere on the server. Kneeboard never asks for it: it would pass through your screen and its records.',
  risk: 'None: what reads the key is recreated once the file has one of the right kind.',
  grade: 'disruptive',
  params: configurationParams,
  async plan(context) {
    const { params, state, prefix } = await look(context)
    const { path } = serviceEnvFile(state)
    const users = usersOf(state, [params.paymentKey], params)
    const ask = {
      type: 'ask' as const,
      title: `Write the key into ${path}`,
      instructions: [
        `Log in to the payment provider and copy the key that starts with ${prefix}`,
        `On the server, open ${path} (a shell on it: kneeboard targets, then \`s\`)`,
        `Replace the value of ${params.paymentKey}, save, and come back`,
      ],
    }
    return {
      ...changePlan(context, users, [ask], [`${path}: ${params.paymentKey}`]),
      undo: 'Write the old key back',
    }
  },
})

const verbatimPrefix = (prefix: string) => sh`${prefix}`

async function look({
  params,
  read,
  target,
}: Pick<ProbeContext<ConfigurationParams>, 'params' | 'read' | 'target'>) {
  const state = await read(stackEnvironment, params.composeFile)
  return { params, state, prefix: PREFIX[sideOf(target.environment, state)] }
}

export const paymentKeyFits = check({
  id: 'configuration/payment-key',
  title: 'The payment key is one for this environment',
  why: 'With a test key in production customers “pay” and no money arrives. With a live key on staging every test costs real money.',
  params: configurationParams,
  remedies: [restorePaymentKey, fillPaymentKey],
  async probe(context) {
    const { params, state, prefix } = await look(context)
    const key = inForce(serviceEnvFile(state).values, params.paymentKey)
    const expected = `starts with ${prefix}`
    const remedies =
      keeperOf(state, params.paymentKey, prefix) === undefined
        ? [fillPaymentKey]
        : [restorePaymentKey, fillPaymentKey]
    if (!isFilled(key))
      return fail(`${params.paymentKey} is not filled in`, { measured: 'none', expected, remedies })
    const measured = key.prefix === '' ? 'neither test_ nor live_' : `starts with ${key.prefix}`
    if (key.prefix === prefix)
      return pass(`it ${measured}, as ${sideOf(context.target.environment, state)} needs it`, {
        measured,
        expected,
      })
    return fail(
      `the payment key ${key.prefix === '' ? 'is of no known kind' : measured}, on ${sideOf(context.target.environment, state)}`,
      {
        measured,
        expected,
        remedies,
      },
    )
  },
})
