import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Target } from '../../src/model/target.ts'
import {
  asText,
  draftOf,
  parameterFields,
  parametersAsKnown,
  parametersFrom,
  spaced,
  targetFields,
} from '../../src/tui/fields.ts'
import { beginForm, focusField, pressInForm, problemsOf, showProblems, textsOf } from '../../src/tui/form.ts'
import { serverSetup } from './harness/services.ts'

const target = Target.parse({
  name: 'web-1',
  environment: 'staging',
  host: 'web',
  stack: { webPorts: ['80', '8443'] },
})
const parameters = serverSetup.parameters

describe('the form of a server', () => {
  const fields = targetFields(['taken'])
  const problem = (name: string, value: string) =>
    fields.find(field => field.name === name)?.problem(value, {})

  test.each([
    ['name', '', 'a name is needed'],
    ['name', 'taken', 'there is a server called taken already'],
    ['name', '-x', /^must be letters/],
    ['name', 'web-1', undefined],
    ['host', '-oProxyCommand=x', 'must be a host name or an IP address'],
    ['host', '2001:db8::1', undefined],
    ['user', 'Root!', /^must be a user name/],
    ['user', '', undefined],
    ['port', '0', 'a whole number from 1 to 65535'],
    ['port', '22x', 'a whole number from 1 to 65535'],
    ['port', '2222', undefined],
    ['identity', '~/.ssh/id_ed25519.pub', /public half/],
  ])('%s %j: %s', (name, value, expected) => {
    const found = problem(name, value)
    if (expected === undefined || typeof expected === 'string') expect(found).toBe(expected)
    else expect(found).toMatch(expected)
  })

  test('becomes a draft without what was left empty', () => {
    const texts = { name: 'web-1', host: 'web', user: '', port: '2222', identity: '', environment: 'staging' }
    expect(draftOf(texts)).toEqual({ name: 'web-1', host: 'web', port: 2222, environment: 'staging' })
  })

  test('a server is production until said otherwise', () => {
    expect(fields.find(field => field.name === 'environment')?.initial).toBe('production')
  })
})

describe('the form of parameters', () => {
  const known = { given: { deployUser: 'ops' }, target }
  const fields = parameterFields(parameters, known)
  const field = (name: string) => fields.find(candidate => candidate.name === name)

  test('is prefilled, and says from where', () => {
    expect([field('deployUser')?.initial, field('deployUser')?.help]).toEqual([
      'ops',
      'The user that deployments and operators log in as. As given.',
    ])
    expect([field('webPorts')?.initial, field('webPorts')?.help]).toEqual([
      '80, 8443',
      'TCP ports that the world may reach besides SSH. From the settings of web-1.',
    ])
    expect(field('appDirectory')?.help).toMatch(/The default\.$/)
  })

  test('offers the choices of an enumeration', () => {
    expect([field('rootLogin')?.kind, field('rootLogin')?.options]).toEqual(['choice', ['key-only', 'no']])
  })

  test('says what is wrong in words', () => {
    expect(field('webPorts')?.problem('80, 99999', {})).toMatch(/65535/)
    expect(field('appDirectory')?.problem('opt', {})).toMatch(/^must be a path/)
    expect(field('dnsServers')?.problem('9.9.9.9, nonsense', {})).toBe('must be an IPv4 or IPv6 address')
    expect(field('dnsServers')?.problem('', {})).toBeUndefined()
  })

  test('gives values of the schemas’ types', () => {
    const texts = Object.fromEntries(fields.map(({ name, initial }) => [name, initial]))
    expect(parametersFrom(parameters, { ...texts, dnsServers: '9.9.9.9 1.1.1.1' })).toMatchObject({
      deployUser: 'ops',
      webPorts: [80, 8443],
      rootLogin: 'key-only',
      dnsServers: ['9.9.9.9', '1.1.1.1'],
    })
  })

  test('is not needed when everything is known, and is when something is missing', () => {
    expect(parametersAsKnown(parameters, known)).toMatchObject({ deployUser: 'ops' })
    const needed = {
      name: 'domain',
      schema: z.string().min(1),
      description: 'The domain',
      default: undefined,
    }
    expect(parametersAsKnown([needed], known)).toBeUndefined()
    expect(parametersAsKnown([needed], { given: { domain: 'a.example' }, target })).toEqual({
      domain: 'a.example',
    })
  })

  test('takes numbers and yes or no', () => {
    const some = [
      { name: 'minutes', schema: z.number().int().max(60), description: '', default: 5 },
      { name: 'force', schema: z.boolean().default(false), description: '', default: false },
    ]
    const [minutes, force] = parameterFields(some, { given: {}, target })
    expect(minutes?.problem('61', {})).toBeDefined()
    expect(force?.options).toEqual(['yes', 'no'])
    expect(parametersFrom(some, { minutes: '7', force: 'yes' })).toEqual({ minutes: 7, force: true })
  })

  test('names read as words', () => {
    expect(['deployUser', 'dnsServers', 'appDirectory'].map(spaced)).toEqual([
      'Deploy user',
      'DNS servers',
      'App directory',
    ])
    expect(asText([80, 443])).toBe('80, 443')
  })
})

describe('a form', () => {
  const fields = targetFields([])

  test('handing it in wrong goes to the first wrong field', () => {
    const begun = focusField(fields, beginForm(fields), 3)
    expect(showProblems(fields, begun).focus).toBe(0)
    expect(Object.keys(problemsOf(fields, begun))).toEqual(['name', 'host'])
  })

  test('a choice goes round in both directions', () => {
    const at = { ...beginForm(fields), focus: fields.length - 1 }
    const left = pressInForm(fields, at, { name: 'left' })
    expect(left && textsOf(left).environment).toBe('practice')
    const back = left && pressInForm(fields, left, { name: ' ', text: ' ' })
    expect(back && textsOf(back).environment).toBe('production')
    expect(pressInForm(fields, at, { name: 'x', text: 'x' })).toBeUndefined()
  })
})
