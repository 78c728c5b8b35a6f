import { describe, expect, test } from 'vitest'
import { changesOfSql, statementsOf } from '../../../src/facts/migrations-sql.ts'

const kinds = (text: string) => changesOfSql(text).map(({ kind }) => kind)

describe('SQL of a migration', () => {
  test('is parted at semicolons that stand in no quotes, comments or bodies', () => {
    expect(
      statementsOf(`UPDATE t SET a = 'x;y'; -- first; really
        /* a ; b */ CREATE FUNCTION f() RETURNS void AS $$ DELETE FROM t; $$ LANGUAGE sql;
        DELETE FROM "odd;name";`),
    ).toEqual([
      "UPDATE t SET a = 'x;y'",
      'CREATE FUNCTION f() RETURNS void AS $$ DELETE FROM t; $$ LANGUAGE sql',
      'DELETE FROM "odd;name"',
    ])
  })

  test('the bad migration’s renaming is read as one', () => {
    expect(changesOfSql('ALTER TABLE products_product RENAME COLUMN stock TO stock_on_hand')).toEqual([
      { kind: 'rename-column', table: 'products_product', column: 'stock', to: 'stock_on_hand' },
    ])
    expect(changesOfSql('alter table "Shop"."Order" rename to orders')).toEqual([
      { kind: 'rename-table', table: 'Order', to: 'orders' },
    ])
  })

  test('several alterations of one table are several changes', () => {
    expect(
      changesOfSql(
        'ALTER TABLE IF EXISTS ONLY t ADD COLUMN n numeric(8,2) NOT NULL DEFAULT 0, DROP COLUMN old CASCADE',
      ),
    ).toMatchObject([
      {
        kind: 'add-column',
        table: 't',
        column: 'n',
        type: 'numeric(8,2)',
        nullable: false,
        databaseDefault: true,
      },
      { kind: 'drop-column', table: 't', column: 'old' },
    ])
  })

  test.each([
    ['DROP TABLE IF EXISTS a, public.b CASCADE', ['drop-table', 'drop-table']],
    ['TRUNCATE t', ['change-rows']],
    ['CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)', ['add-index']],
    ['DROP INDEX i', ['drop-index']],
    ['ALTER TABLE t ALTER COLUMN a TYPE integer USING a::integer', ['alter-column']],
    ['ALTER TABLE t ALTER a SET NOT NULL', ['alter-column']],
    ['ALTER TABLE t ALTER a SET DEFAULT 1', ['nothing']],
    ['ALTER TABLE t ADD CONSTRAINT c UNIQUE (a, b)', ['add-constraint']],
    ['ALTER TABLE t DROP CONSTRAINT c', ['drop-constraint']],
    ["SET lock_timeout = '3s'; COMMENT ON TABLE t IS 'DROP TABLE t'", []],
  ])('%s', (text, expected) => expect(kinds(text)).toEqual(expected))

  test('what is not known stays unknown, never harmless', () => {
    expect(kinds('SELECT empty_everything()')).toEqual(['unknown'])
    expect(kinds('DO $$ BEGIN DROP TABLE t; END $$')).toEqual(['unknown'])
    expect(kinds('ALTER TABLE t CLUSTER ON i')).toEqual(['unknown'])
  })
})
