/** Whether every variable that there ought to be is there, once, and filled in. */

import {
  type EnvFile,
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
import { fail, notApplicable, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { editAction, keptWhere } from './edit-env.ts'
import { type ConfigurationParams, configurationParams } from './parameters.ts'
import { generateSecretKey } from './secret-key.ts'

const exampleOf = (state: StackEnvironment, { path }: EnvFile): EnvFile | undefined =>
  state.files.find(file => file.role === 'example' && file.path === `${path}.example`)

/** What one file lacks of its example: names whose example value may be taken over, and others. */
interface Gap {
  readonly file: EnvFile
  readonly example: EnvFile
  readonly usable: readonly string[]
  readonly toFill: readonly string[]
}

function gapsIn(state: StackEnvironment): Gap[] {
  return state.files
    .filter(({ role, exists }) => role === 'service' && exists)
    .flatMap(file => {
      const example = exampleOf(state, file)
      if (example === undefined) return []
      const missing = example.values.filter(({ name }) => inForce(file.values, name) === undefined)
      const usable = missing.filter(isFilled).map(({ name }) => name)
      const toFill = missing.map(({ name }) => name).filter(name => !usable.includes(name))
      return [{ file, example, usable, toFill }]
    })
}

export const addMissingKeys = remedy({
  id: 'configuration/add-missing-keys',
  title: 'Add the missing lines from the example',
  why: 'The example has a sound value for these. They are copied line by line; what has to be filled in by a person is left alone.',
  risk: 'The example’s value may be one of another site, like a host name: read the lines once. They take effect when the services are recreated.',
  grade: 'reversible',
  params: configurationParams,
  async plan({ params, read }) {
    const gaps = gapsIn(await read(stackEnvironment, params.composeFile)).filter(
      ({ usable }) => usable.length > 0,
    )
    if (gaps.length === 0) throw new Unreadable('the example has no line that could be taken over')
    return {
      actions: gaps.map(({ file, example, usable }) =>
        editAction(
          `Copy ${usable.join(', ')} from ${example.path}`,
          [file.path],
          sh`for name in ${usable}; do value=$(raw_key ${example.path} "$name"); set_key ${file.path} "$name"; done`,
        ),
      ),
      touches: gaps.map(({ file, usable }) => `${file.path}: ${usable.join(', ')}`),
      undo: keptWhere,
      expectedSeconds: 1,
    }
  },
})

export const exampleKeysPresent = check({
  id: 'configuration/example-keys-present',
  title: 'Everything that the example has is in the env file',
  why: 'A release brings a new variable in its example. Where nobody copied it, the application runs with a default that nobody chose, or stops at the first request that needs it.',
  params: configurationParams,
  remedies: [addMissingKeys],
  async probe({ params, read }) {
    const state = await read(stackEnvironment, params.composeFile)
    const file = serviceEnvFile(state)
    if (!file.exists)
      return fail(`${file.path} does not exist`, {
        advice: `Copy ${file.path}.example there, fill it in, and chmod 600 it`,
      })
    const gaps = gapsIn(state)
    if (gaps.length === 0) return notApplicable('there is no example beside the env file to hold it against')
    const missing = gaps.flatMap(({ usable, toFill }) => [...usable, ...toFill])
    const expected = `${gaps.reduce((sum, { example }) => sum + example.values.length, 0)} keys`
    if (missing.length === 0)
      return pass('no key of the example is missing', { measured: 'none missing', expected })
    return fail(`missing: ${missing.join(', ')}`, {
      measured: `${missing.length} missing`,
      expected,
      remedies: gaps.some(({ usable }) => usable.length > 0) ? [addMissingKeys] : [],
      advice: 'What stands in the example as a placeholder has to be filled in by hand',
    })
  },
})

/** Names that stand more than once, and values whose quote does not end on their line. */
export const keysUnambiguous = check({
  id: 'configuration/keys-unambiguous',
  title: 'Every variable stands once, and Compose reads it as it is written',
  why: 'Of two lines the last one counts, and whoever changes the first wonders why nothing happens. A `$` in a value is taken for a variable: half of a password goes missing without a word.',
  params: configurationParams,
  after: ['configuration/compose-variables-set'],
  async probe({ params, read }) {
    const state = await read(stackEnvironment, params.composeFile)
    const files = state.files.filter(({ role, exists }) => role !== 'example' && exists)
    const faults = files.flatMap(file => [
      ...twice(file.values).map(name => `${name} stands twice in ${file.path}`),
      ...file.values
        .filter(({ isOpen }) => isOpen)
        .map(({ name }) => `${name} in ${file.path} opens a quote and never closes it`),
    ])
    const rewritten = rewrittenIn(state, params)
    const details = { measured: `${faults.length + rewritten.length} of such lines`, expected: 'none' }
    if (rewritten.length > 0)
      return fail(`Compose hands over another value than the file has: ${rewritten.join(', ')}`, {
        ...details,
        advice:
          'Put the value into single quotes in the env file, or take it out of `environment:` in the Compose file if it is set there a second time',
      })
    if (faults.length > 0)
      return warn(faults.join('; '), {
        ...details,
        advice: 'Leave the last of the lines, which is the one in force',
      })
    return pass(`${files.length} file(s), every key once`, details)
  },
})

const twice = (values: readonly EnvValue[]): string[] => [
  ...new Set(values.map(({ name }) => name).filter((name, at, all) => all.indexOf(name) !== at)),
]

/** Variables of the application that reach it with another value than the env file has. */
function rewrittenIn(state: StackEnvironment, { backendService }: ConfigurationParams): string[] {
  if (state.resolved === null)
    throw new Unreadable(`what Compose makes of the values cannot be told: ${state.refusal}`)
  const arriving = state.resolved.get(backendService) ?? []
  const names = new Set(serviceEnvFile(state).values.map(({ name }) => name))
  return [...names].filter(name => {
    const written = inForce(serviceEnvFile(state).values, name)
    const arrived = inForce(arriving, name)
    return (
      arrived !== undefined && written !== undefined && !written.isOpen && arrived.number !== written.number
    )
  })
}

export const criticalKeysFilled = check({
  id: 'configuration/critical-keys-filled',
  title: 'The variables that the shop cannot do without are filled in',
  why: 'The shop starts without them. It fails at the first payment, the first upload, the first error that nobody is told of.',
  params: configurationParams,
  remedies: [generateSecretKey],
  async probe({ params, read }): Promise<Verdict> {
    const state = await read(stackEnvironment, params.composeFile)
    const file = serviceEnvFile(state)
    const { values } = file
    const example = exampleOf(state, file)?.values ?? []
    const untouched = (name: string): boolean =>
      inForce(example, name)?.number !== undefined &&
      inForce(example, name)?.number === inForce(values, name)?.number
    const empty = params.criticalKeys.filter(name => !isFilled(inForce(values, name)) || untouched(name))
    const total = params.criticalKeys.length
    const details = { measured: `${total - empty.length} of ${total}`, expected: `${total} of ${total}` }
    if (empty.length === 0) return pass(`all ${total} are filled in`, details)
    return fail(`not filled in: ${empty.join(', ')}`, {
      ...details,
      remedies: empty.includes('SECRET_KEY') ? [generateSecretKey] : [],
      advice: `Write what the provider gave you into ${file.path} on the server, then recreate the services that read it`,
    })
  },
})
