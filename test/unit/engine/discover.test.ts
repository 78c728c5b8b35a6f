import { describe, expect, test } from 'vitest'
import { discover } from '../../../src/engine/discover.ts'
import { Unreadable } from '../../../src/model/command.ts'
import type { Discovery } from '../../../src/model/discovery.ts'
import type { Machine } from '../../../src/model/machine.ts'

const machine = {} as Machine
const target = { name: 'web-1', environment: 'staging', host: 'web-1', stack: {} } as const
const tags: Discovery = {
  parameter: 'tag',
  find: async (_context, params) => ({
    choices: [{ value: `${params.prefix}1`, note: '\x1b[31mred' }],
    from: 'the images',
    isSuggested: true,
  }),
}
const visible = (text: string) => text.replaceAll('\x1b', '␛')

describe('what a server says about parameters', () => {
  test('is made safe to show, and one field may decide another', async () => {
    const { found, problems } = await discover(machine, target, [tags], { prefix: 'v' }, visible)
    expect(found.tag?.choices).toEqual([{ value: 'v1', note: '␛[31mred' }])
    expect(problems).toEqual({})
  })

  test('what cannot be told of one parameter does not keep the others from being told', async () => {
    const silent: Discovery = {
      parameter: 'backup',
      find: async () => {
        throw new Unreadable('the directory of backups could not be read')
      },
    }
    const nothing: Discovery = { parameter: 'domains', find: async () => null }
    const { found, problems } = await discover(machine, target, [silent, nothing, tags], {}, visible)
    expect(Object.keys(found)).toEqual(['tag'])
    expect(problems).toEqual({ backup: 'the directory of backups could not be read' })
  })
})
