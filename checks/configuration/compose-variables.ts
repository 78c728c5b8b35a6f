/** `.env` beside the Compose file: what `${…}` in it is filled from. */

import {
  composeEnvFile,
  type EnvFile,
  inForce,
  isFilled,
  type StackEnvironment,
  serviceEnvFile,
  stackEnvironment,
} from '../../src/facts/env-files.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { type Script, sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { editAction, keptWhere } from './edit-env.ts'
import { type ConfigurationParams, configurationParams } from './parameters.ts'

/** Variables that the Compose file asks for and `.env` does not give. */
function lacking(state: StackEnvironment): { needed: string[]; defaulted: string[] } {
  const { values } = composeEnvFile(state)
  const missing = state.asked.filter(({ name }) => !isFilled(inForce(values, name)))
  return {
    needed: missing.filter(({ hasDefault }) => !hasDefault).map(({ name }) => name),
    defaulted: missing.filter(({ hasDefault }) => hasDefault).map(({ name }) => name),
  }
}

/** Where a variable's value can be had on the server: shell that prints it raw; null when nowhere. */
function sourceOf(
  state: StackEnvironment,
  name: string,
  params: ConfigurationParams,
): { from: string; script: Script } | null {
  const service = state.files.find(({ role }) => role === 'service')
  if (service?.exists && isFilled(inForce(service.values, name)))
    return { from: service.path, script: sh`raw_key ${service.path} ${name}` }
  if (name === 'IMAGE_TAG') {
    const backend = state.running?.find(found => found.service === params.backendService)
    if (backend === undefined) return null
    return {
      from: `the tag that ${params.backendService} runs`,
      script: sh`docker inspect --format '{{.Config.Image}}' ${backend.container} | sed -n 's/.*:\\([^/:@]*\\)$/\\1/p'`,
    }
  }
  const holder = state.running?.find(({ values }) => isFilled(inForce(values, name)))
  if (holder === undefined) return null
  return {
    from: `the container of ${holder.service}`,
    script: sh`docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' ${holder.container} | sed -n ${`s/^${name}=//p`} | tail -n 1 | { IFS= read -r found; as_written "$found"; }`,
  }
}

export const fillComposeEnv = remedy({
  id: 'configuration/fill-compose-env',
  title: 'Fill .env beside the Compose file from what is in use',
  why: 'Every value that it needs is on the server already: in the application’s env file, and in the containers that run. They are copied there, and are not shown.',
  risk: 'None to what runs: nothing is recreated. Look at the image tag, which decides the version of the next deployment.',
  grade: 'reversible',
  params: configurationParams,
  async plan({ params, read }) {
    const state = await read(stackEnvironment, params.composeFile)
    const file = composeEnvFile(state)
    const { needed, defaulted } = lacking(state)
    const sources = [...needed, ...defaulted].map(name => ({ name, source: sourceOf(state, name, params) }))
    const nowhere = sources.filter(({ name, source }) => source === null && needed.includes(name))
    if (nowhere.length > 0)
      throw new Unreadable(
        `${nowhere.map(({ name }) => name).join(', ')} stands nowhere on the server: write it into ${file.path} by hand`,
      )
    const known = sources.flatMap(({ name, source }) => (source === null ? [] : [{ name, ...source }]))
    const steps = known.map(
      ({ name, script }) => sh`
        value=$(${script})
        [ -n "$value" ] || { echo ${`no value was found for ${name}`} >&2; exit 1; }
        set_key ${file.path} ${name}
      `,
    )
    return {
      actions: [
        editAction(
          `${file.exists ? 'Complete' : 'Write'} ${file.path}: ${known.map(({ name }) => name).join(', ')}`,
          [file.path],
          sh`
            ${file.exists ? sh`:` : createFile(file, state)}
            ${steps.reduce((all, step) => sh`${all}\n${step}`, sh`:`)}
          `,
        ),
      ],
      touches: known.map(({ name, from }) => `${file.path}: ${name}, from ${from}`),
      undo: file.exists ? keptWhere : `rm ${file.path}`,
      expectedSeconds: 2,
    }
  },
})

/** As its neighbour, the application's env file, is owned; closed from the first moment. */
function createFile({ path }: EnvFile, state: StackEnvironment): Script {
  const { path: neighbour } = serviceEnvFile(state)
  return sh`
    ( umask 077; set -C; : > ${path} )
    chown "$(stat -L -c %u:%g -- ${neighbour})" ${path}
  `
}

export const composeVariablesSet = check({
  id: 'configuration/compose-variables-set',
  title: 'Every variable in the Compose file is set in .env beside it',
  why: '`${REDIS_PASSWORD}` in a command is filled from .env, not from env_file. Without it Compose puts nothing there, warns in one line, and starts Redis with an empty password at the next `up`.',
  params: configurationParams,
  remedies: [fillComposeEnv],
  async probe({ params, read }) {
    const state = await read(stackEnvironment, params.composeFile)
    const file = composeEnvFile(state)
    const { needed, defaulted } = lacking(state)
    const expected = state.asked.map(({ name }) => name).join(', ') || 'none'
    const measured = file.exists ? `${file.values.length} in ${file.path}` : 'there is no such file'
    const details = { measured, expected }
    if (state.asked.length === 0) return pass('the Compose file asks for no variable', details)
    if (needed.length > 0)
      return fail(
        file.exists
          ? `${file.path} does not set ${needed.join(', ')}`
          : `${file.path} is missing, and the Compose file asks for ${needed.join(', ')}`,
        {
          ...details,
          remedies: [fillComposeEnv],
          advice: 'What runs goes on until the next `up`. Call no `docker compose up` before it is filled',
        },
      )
    if (defaulted.length > 0)
      return warn(`${file.path} leaves ${defaulted.join(', ')} to the default in the Compose file`, {
        ...details,
        remedies: [fillComposeEnv],
      })
    return pass(`${file.path} sets all ${state.asked.length}`, details)
  },
})
