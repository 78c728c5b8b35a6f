import { describe, expect, test } from 'vitest'
import { MigrationState, parseAnswer } from '../../../src/facts/migrations.ts'
import { effectsOf, settle, worstOf } from '../../../src/facts/migrations-effects.ts'
import { questionOf, rowsAsked } from '../../../src/facts/migrations-rows.ts'
import { answer, answerText, COLUMN, migration, settled } from './answers.ts'

const one = (backward: Parameters<typeof migration>[2]) => effectsOf([migration('shop.0002_x', [], backward)])

describe('the reader’s answer', () => {
  test('is found among what settings and applications print', () => {
    const text = `loading…\n${answerText('products-0006')}bye\n`
    expect(parseAnswer(MigrationState, text, 'the answer').target.key).toBe('products.0006_generate_skus')
  })

  test('is unreadable when it is missing, cut off, or something else', () => {
    const read = (text: string) => () => parseAnswer(MigrationState, text, 'the answer')
    expect(read('')).toThrow('gave no answer')
    expect(read(answerText('products-0006').slice(0, 4000))).toThrow('could not be read')
    expect(read('KNEEBOARD-ANSWER {"tool": "flyway"}')).toThrow('tool')
  })
})

describe('what going back costs', () => {
  test('the bad migration: its column goes with what is in it, the renaming back costs nothing', () => {
    const effects = settled(answer('products-0006'), 5000)
    expect(effects.map(({ reversibility, says, lock }) => [reversibility, says, lock])).toEqual([
      ['reversible', 'renames the column products_product.stock_on_hand to stock', 'ACCESS EXCLUSIVE'],
      ['reversible', 'nothing happens: what it changed on the way there stays changed', ''],
      [
        'destroys',
        'drops the column products_product.warehouse; 5,000 rows hold something in it that is then gone',
        'ACCESS EXCLUSIVE',
      ],
    ])
    expect(worstOf(settled(answer('products-0006'), 0))).toBe('reversible')
  })

  test('an irreversible one is found where Django’s plan would show it, and where it hides it', () => {
    const shown = settled(answer('products-0005'), 1).filter(
      ({ reversibility }) => reversibility === 'irreversible',
    )
    expect(shown.map(({ migration: key, hidden }) => [key, hidden])).toEqual([
      ['products.0006_generate_skus', false],
    ])
    const hidden = settled(answer('payments-0001'), 1).filter(
      ({ reversibility }) => reversibility === 'irreversible',
    )
    expect(hidden).toMatchObject([{ migration: 'payments.0002_merge_states', place: '1.1', hidden: true }])
  })

  test('a plan over all apps comes in the order in which Django undoes it', () => {
    expect(answer('products-zero').back.map(({ key }) => key)).toEqual([
      'products.0007_warehouse',
      'orders.0003_orderline_sku',
      'products.0006_generate_skus',
      'products.0005_product_sku',
      'orders.0002_orderline_product_slug',
      'products.0004_fill_slugs',
      'products.0003_review',
      'products.0002_product_stock',
      'payments.0003_payment_method',
      'payments.0002_merge_states',
      'payments.0001_initial',
      'orders.0001_initial',
      'products.0001_initial',
    ])
    // The later migration renames stock: until then, rows are asked for under today’s name.
    const stock = effectsOf(answer('products-zero').back).find(
      ({ migration: key }) => key === 'products.0002_product_stock',
    )
    expect(stock?.live).toEqual({ table: 'products_product', column: 'stock_on_hand' })
  })

  test('a column that comes back without a default fails where there are rows', () => {
    const [effect] = one([{ kind: 'add-column', table: 't', column: 'c', ...COLUMN, fills: false }])
    if (effect === undefined) throw new Error('no effect')
    expect(settle(effect, { rows: 0, exact: true }).reversibility).toBe('reversible')
    expect(settle(effect, { rows: 3, exact: true })).toMatchObject({
      reversibility: 'irreversible',
      says: expect.stringContaining('it fails'),
    })
  })

  test('narrowing, forbidding empty values and making unique again depend on the rows', () => {
    const alter = (
      before: Partial<
        | typeof COLUMN
        | { nullable: boolean; unique: boolean; type: string; maxLength: number | null; fills: boolean }
      >,
      after: object,
    ) =>
      one([
        {
          kind: 'alter-column',
          table: 't',
          column: 'c',
          before: { ...COLUMN, ...before },
          after: { ...COLUMN, ...after },
        },
      ])[0]
    const narrowed = alter({ type: 'varchar(200)', maxLength: 200 }, {})
    expect(narrowed?.question).toMatchObject({ condition: 'longer', value: 20, makesIt: 'destroys' })
    expect(alter({ type: 'varchar(10)', maxLength: 10 }, {})).toMatchObject({
      reversibility: 'reversible',
      question: null,
    })
    expect(alter({ nullable: true }, { fills: false })?.question).toMatchObject({
      condition: 'null',
      makesIt: 'irreversible',
    })
    expect(alter({}, { unique: true })?.question).toMatchObject({
      count: 'repeated',
      makesIt: 'irreversible',
    })
    expect(
      alter({ type: 'jsonb', maxLength: null }, { type: 'integer', maxLength: null })?.reversibility,
    ).toBe('destroys')
    expect(alter({ type: 'integer' }, { type: 'bigint' })?.reversibility).toBe('reversible')
  })

  test('tables renamed on the way are counted under today’s name; what an earlier step makes is not counted', () => {
    const effects = one([
      { kind: 'rename-table', table: 'b', to: 'a' },
      { kind: 'drop-column', table: 'a', column: 'c' },
      { kind: 'create-table', table: 'new' },
      { kind: 'drop-table', table: 'new' },
    ])
    expect(effects.map(({ live }) => live)).toEqual([
      { table: 'b', column: '' },
      { table: 'b', column: 'c' },
      null,
      null,
    ])
  })

  test('an operation of unknown kind is taken for one that loses data; one that could not be read is irreversible', () => {
    expect(one([{ kind: 'unknown', reason: 'shop.ops.Custom' }])[0]?.reversibility).toBe('destroys')
    expect(one([{ kind: 'sql', text: '' }])[0]?.reversibility).toBe('destroys')
    const unread = { ...migration('shop.0003_y', [], []), problem: 'LookupError: no model' }
    expect(effectsOf([unread])).toMatchObject([{ reversibility: 'irreversible', hidden: true }])
  })
})

describe('rows are asked for', () => {
  const asked = { table: 'a"b', column: 'c', count: 'rows', condition: 'any', value: null } as const
  test('with names and values quoted', () => {
    expect(rowsAsked({ ...asked, condition: 'held', value: "o'k" })).toBe(
      `SELECT 1 FROM "a""b" WHERE "c"::text <> 'o''k'`,
    )
    expect(rowsAsked({ ...asked, condition: 'held' })).toContain('IS NOT NULL')
    expect(rowsAsked({ ...asked, count: 'repeated' })).toContain('HAVING count(*) > 1')
  })

  test('and not at all where nothing is to be known', () => {
    expect(one([{ kind: 'nothing', reason: '' }]).map(questionOf)).toEqual([null])
  })
})
