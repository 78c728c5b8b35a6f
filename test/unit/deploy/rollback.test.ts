import { describe, expect, test } from 'vitest'
import { releaseParams } from '../../../checks/deploy/parameters.ts'
import { chooseTarget, schemaRefuses } from '../../../checks/rollback/target.ts'
import { parseReleases } from '../../../src/facts/releases.ts'
import { given } from '../docker/given.ts'

const OLD = `sha256:${'a'.repeat(64)}`
const NEW = `sha256:${'b'.repeat(64)}`
const GONE = `sha256:${'c'.repeat(64)}`
const image = (tag: string): string => `registry.lab/shop:${tag}`
const params = releaseParams.parse({ releaseServices: ['backend'] })
const note = (epoch: number, event: string, tag: string, id: string): string =>
  `${epoch}\t${event}\tshop\t${tag}\tbackend=${image(tag)}@${id}\t`

/** v2 runs, v1 is beside it. */
function facts(entries: readonly string[], extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    'stack/config': {
      project: 'shop',
      services: [{ name: 'backend', isBuilt: false, mounts: [] }],
      volumes: {},
      warnings: [],
    },
    'stack/containers': [
      { service: 'backend', isOneOff: false, image: image('v2'), imageId: NEW, status: 'running', id: 'c' },
    ],
    'stack/images-under(/opt/webshop/docker-compose.prod.yml,IMAGE_TAG,v1)': new Map([
      ['backend', image('v1')],
    ]),
    'stack/images-under(/opt/webshop/docker-compose.prod.yml,IMAGE_TAG,v0)': new Map([
      ['backend', image('v0')],
    ]),
    'stack/images-under': new Map([['backend', image('none')]]),
    'stack/local-images': new Map([
      [image('v1'), OLD],
      [image('v2'), NEW],
      [OLD, OLD],
      [NEW, NEW],
    ]),
    'deploy/ledger': parseReleases(['1795257343', ...entries, ''].join('\n')),
    ...extra,
  }
}

describe('which release is gone back to', () => {
  test('the newest that was good, does not run, and whose images are still here', async () => {
    const entries = [note(1, 'good', 'v1', OLD), note(2, 'good', 'v0', GONE), note(3, 'deployed', 'v2', NEW)]
    const target = await chooseTarget(given(params, { facts: facts(entries) }), '')
    expect(target?.tag).toBe('v1')
    expect(target?.images.get('backend')).toEqual({ name: image('v1'), id: OLD })
  })

  test('the digest that ran, also when the tag was moved since', async () => {
    const moved = new Map([
      [image('v1'), NEW],
      [OLD, OLD],
      [NEW, NEW],
    ])
    const context = given(params, {
      facts: facts([note(1, 'good', 'v1', OLD)], { 'stack/local-images': moved }),
    })
    expect((await chooseTarget(context, 'v1'))?.images.get('backend')?.id).toBe(OLD)
  })

  test('one that is named and is not on the server is refused with its name', async () => {
    const context = given(params, { facts: facts([note(1, 'good', 'v0', GONE)]) })
    await expect(chooseTarget(context, 'v0')).rejects.toThrow(
      `the image ${image('v0')} of backend is not on the server`,
    )
  })
})

describe('whether the old code can live with the schema', () => {
  const target = {
    tag: 'v1',
    images: new Map([['backend', { name: image('v1'), id: OLD }]]),
    because: 'it was',
  }
  const column = (nullable: boolean) => ({
    kind: 'add-column',
    table: 'products',
    column: 'sku',
    nullable,
    databaseDefault: false,
  })
  const state = (change: unknown) => ({
    applied: [
      { key: 'products.0001', at: null },
      { key: 'products.0002', at: null },
    ],
    known: ['products.0001', 'products.0002'],
    unknown: [],
    back: [{ key: 'products.0002', operations: [{ title: 'Add sku', forward: [change] }] }],
  })
  const judge = (known: readonly string[], change: unknown) =>
    schemaRefuses(
      given(params, {
        facts: facts([], {
          'migrations/service-image': { name: image('v2'), id: NEW, container: 'c' },
          'migrations/image': { known },
          'migrations/state': state(change),
        }),
      }),
      target,
    )

  test('nothing was applied since: it can', async () => {
    expect(await judge(['products.0001', 'products.0002'], column(false))).toBeNull()
  })
  test('a column that may be empty: it can', async () => {
    expect(await judge(['products.0001'], column(true))).toBeNull()
  })
  test('a column that may not be empty: it cannot, and it is said which migration and why', async () => {
    expect(await judge(['products.0001'], column(false))).toMatch(
      /^products\.0002 is applied: .*products\.sku/,
    )
  })
})
