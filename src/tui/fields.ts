/** The fields of the two forms: a server to add, and a runbook's parameters. Their schemas say what is right. */

import type { z } from 'zod'
import type { Discovered } from '../engine/discover.ts'
import type { Parameter } from '../model/runbook.ts'
import { Environment, HostName, Port, type Target, TargetName, UserName } from '../model/target.ts'
import type { FieldSpec } from './form.ts'
import type { TargetDraft } from './services.ts'

type Texts = Readonly<Record<string, string>>

/** What a schema says about a value, as words without a full stop; undefined when it is content. */
export function problemOf(schema: z.ZodType, value: unknown): string | undefined {
  const result = schema.safeParse(value)
  if (result.success) return undefined
  const message = result.error.issues[0]?.message ?? 'a value that fits'
  // Our own schemas say what they want as "an IPv4 or IPv6 address".
  return /^[a-z]/.test(message) ? `must be ${message}` : message
}

const text = (
  field: Omit<FieldSpec, 'kind' | 'options' | 'found' | 'initial' | 'placeholder' | 'source'> &
    Partial<FieldSpec>,
): FieldSpec => ({
  kind: 'text',
  options: [],
  found: [],
  initial: '',
  placeholder: '',
  source: '',
  ...field,
})

/** An empty text is right for a field that may be left out. */
const optional = (schema: z.ZodType) => (value: string) =>
  value === '' ? undefined : problemOf(schema, value)

/** @param taken names that are in use already. */
export function targetFields(taken: readonly string[]): FieldSpec[] {
  return [
    text({
      name: 'name',
      label: 'Name',
      help: 'How you call the server. This name is on every screen, and is what you type to confirm what cannot be undone.',
      placeholder: 'web-1',
      problem(value) {
        if (value === '') return 'a name is needed'
        if (taken.includes(value)) return `there is a server called ${value} already`
        return problemOf(TargetName, value)
      },
    }),
    text({
      name: 'host',
      label: 'Address',
      help: 'A host name, an IP address, a Host of your OpenSSH configuration, or localhost for this machine.',
      placeholder: '203.0.113.10',
      problem: value => (value === '' ? 'an address is needed' : problemOf(HostName, value)),
    }),
    text({
      name: 'user',
      label: 'Log in as',
      help: 'A user that is root or may use sudo. Empty: what your OpenSSH configuration says, else your own name.',
      placeholder: 'as in ~/.ssh/config',
      problem: optional(UserName),
    }),
    text({
      name: 'port',
      label: 'Port',
      help: 'Empty: what your OpenSSH configuration says, else 22.',
      placeholder: '22',
      problem: value => (optional(Port)(value) === undefined ? undefined : 'a whole number from 1 to 65535'),
    }),
    text({
      name: 'identity',
      label: 'Private key',
      help: 'The path of a key to offer first. Empty: those of your agent and your OpenSSH configuration.',
      placeholder: '~/.ssh/id_ed25519',
      problem: value =>
        value.endsWith('.pub') ? 'that is the public half; the private key has no .pub' : undefined,
    }),
    {
      name: 'environment',
      label: 'It is for',
      help: 'Production asks more before anything is changed. Only staging may have its data replaced. When in doubt: production.',
      kind: 'choice',
      options: Environment.options,
      found: [],
      initial: 'production',
      placeholder: '',
      source: '',
      problem: value => problemOf(Environment, value),
    },
  ]
}

/** The draft of a form without problems. */
export function draftOf(texts: Texts): TargetDraft {
  const { name = '', host = '', user = '', port = '', identity = '', environment } = texts
  return {
    name,
    host,
    environment: Environment.parse(environment),
    ...(user === '' ? {} : { user }),
    ...(port === '' ? {} : { port: Port.parse(port) }),
    ...(identity === '' ? {} : { identity }),
  }
}

/** A stored server as the form would hand it over. */
export function draftOfTarget({
  name,
  host,
  environment,
  user,
  port,
  identity,
  hostKey,
}: Target): TargetDraft {
  return {
    name,
    host,
    environment,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(identity === undefined ? {} : { identity }),
    ...(hostKey === undefined ? {} : { hostKey }),
  }
}

interface Known {
  readonly given: Readonly<Record<string, unknown>>
  readonly target: Target
  /** What the server said, once it was asked. */
  readonly looked?: Discovered
}

/** A field for each parameter, prefilled; its help says where the value comes from. */
export function parameterFields(parameters: readonly Parameter[], known: Known): FieldSpec[] {
  return parameters.map(parameter => parameterField(parameter, known))
}

function parameterField(parameter: Parameter, { given, target, looked }: Known): FieldSpec {
  const { name, schema, description } = parameter
  const stored = target.stack[name]
  const found = looked?.found[name]
  const suggested = found?.isSuggested === true ? found.choices[0].value : undefined
  const problem = looked?.problems[name]
  // A value that came back from the plan unchanged is still the default, or the server's own.
  const isGiven = given[name] !== undefined && asText(given[name]) !== asText(stored ?? parameter.default)
  const [value, source, words] = isGiven
    ? [given[name], 'given', 'As given']
    : stored !== undefined
      ? [stored, `from ${target.name}`, `From the settings of ${target.name}`]
      : suggested !== undefined
        ? [suggested, `on ${target.name}`, `From ${found?.from}`]
        : parameter.default === undefined
          ? [undefined, 'needed', 'Has to be given']
          : [parameter.default, 'default', 'The default']
  const options = optionsOf(schema)
  return {
    name,
    label: spaced(name),
    help: `${description.replace(/\.$/, '')}. ${words}.`,
    kind: options.length > 0 ? 'choice' : 'text',
    options,
    found: options.length > 0 ? [] : (found?.choices ?? []),
    ...(problem === undefined ? {} : { notFound: problem }),
    initial: asText(value),
    placeholder: '(empty)',
    source,
    problem: entered => problemOf(schema, meant(schema, entered)),
  }
}

/** What stands in the form after a look at the server: what was typed stays, the rest is filled in afresh. */
export function afterLook(
  parameters: readonly Parameter[],
  known: Known,
  texts: Texts,
  looked: Discovered,
): Record<string, string> {
  const before = parameterFields(parameters, known)
  const after = parameterFields(parameters, { ...known, looked })
  return Object.fromEntries(
    after.map((field, index) => {
      const typed = texts[field.name]
      const isTouched = typed !== undefined && typed !== before[index]?.initial
      return [field.name, isTouched ? typed : field.initial]
    }),
  )
}

/** The values of a form without problems, in the schemas' types. */
export function parametersFrom(parameters: readonly Parameter[], texts: Texts): Record<string, unknown> {
  return Object.fromEntries(
    parameters.map(({ name, schema }) => [name, schema.parse(meant(schema, texts[name] ?? ''))]),
  )
}

/** The parameters as they are before anybody has changed one; undefined when one is missing or wrong. */
export function parametersAsKnown(
  parameters: readonly Parameter[],
  known: Known,
): Record<string, unknown> | undefined {
  const fields = parameterFields(parameters, known)
  const texts = Object.fromEntries(fields.map(field => [field.name, field.initial]))
  return fields.every(field => field.problem(field.initial, texts) === undefined)
    ? parametersFrom(parameters, texts)
    : undefined
}

/** A value as it stands in a field. */
export function asText(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.map(String).join(', ')
  return String(value)
}

/** `deployUser` as words: `Deploy user`. */
export function spaced(name: string): string {
  const words = name.replace(
    /([a-z0-9])([A-Z])/g,
    (_match, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  )
  const named = words.replace(/\b(dns|ssh|url|ip|id|tls)\b/gi, word => word.toUpperCase())
  return named.slice(0, 1).toUpperCase() + named.slice(1)
}

interface Definition {
  readonly type: string
  readonly innerType?: z.ZodType
  readonly out?: z.ZodType
}

/** The schema under its defaults and the like. */
function bare(schema: z.ZodType): z.ZodType {
  const definition = schema._zod.def as unknown as Definition
  return definition.innerType === undefined ? schema : bare(definition.innerType)
}

function optionsOf(schema: z.ZodType): string[] {
  const inner = bare(schema)
  const { type } = inner._zod.def as unknown as Definition
  if (type === 'boolean') return ['yes', 'no']
  if (type !== 'enum') return []
  return [...(inner as z.ZodEnum<Record<string, string>>).options]
}

/** What a text in a field means to its schema. */
function meant(schema: z.ZodType, entered: string): unknown {
  const { type } = bare(schema)._zod.def as unknown as Definition
  if (type === 'boolean') return entered === 'yes'
  if (type === 'number') return entered.trim() === '' ? undefined : Number(entered)
  if (type === 'array') return entered.split(/[\s,]+/).filter(part => part !== '')
  return entered
}
