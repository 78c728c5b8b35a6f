/** SQL of a migration as changes. Reads the statements that migrations are made of; the rest stays unknown. Pure. */

import type { Change, ColumnFacts } from './migrations.ts'

/** The changes of a text of SQL, in order. A statement that is not known becomes `unknown` with its first words. */
export function changesOfSql(text: string): Change[] {
  return statementsOf(text).flatMap(changesOfStatement)
}

const NAME = String.raw`(?:ONLY\s+)?((?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))?)`
const bare = (name = ''): string => (name.match(/"[^"]+"|[\w$]+/g)?.at(-1) ?? name).replace(/^"|"$/g, '')
const pattern = (text: string): RegExp =>
  new RegExp(`^${text.replaceAll(' ', String.raw`\s+`).replaceAll('%', NAME)}`, 'i')

type Reader = readonly [RegExp, (found: RegExpExecArray, statement: string) => Change[]]

const STATEMENTS: readonly Reader[] = [
  [pattern('ALTER TABLE (?:IF EXISTS )?%(?: \\*)?'), alterTable],
  [
    pattern('CREATE (?:UNLOGGED |TEMP |TEMPORARY )?TABLE (?:IF NOT EXISTS )?%'),
    ([, name]) => [{ kind: 'create-table', table: bare(name) }],
  ],
  [
    pattern('DROP TABLE (?:IF EXISTS )?'),
    (found, statement) =>
      statement
        .slice(found[0].length)
        .replace(/\b(CASCADE|RESTRICT)\b/gi, '')
        .split(',')
        .map(name => ({ kind: 'drop-table', table: bare(name.trim()) })),
  ],
  [
    pattern('TRUNCATE(?: TABLE)? %'),
    ([, name]) => [{ kind: 'change-rows', table: bare(name), how: 'delete' }],
  ],
  [pattern('DELETE FROM %'), ([, name]) => [{ kind: 'change-rows', table: bare(name), how: 'delete' }]],
  [pattern('UPDATE %'), ([, name]) => [{ kind: 'change-rows', table: bare(name), how: 'update' }]],
  [pattern('INSERT INTO %'), ([, name]) => [{ kind: 'change-rows', table: bare(name), how: 'insert' }]],
  [
    pattern('CREATE (UNIQUE )?INDEX (CONCURRENTLY )?(?:IF NOT EXISTS )?(?:% )?ON %'),
    ([, unique, concurrently, name, table]) => [
      {
        kind: 'add-index',
        table: bare(table),
        name: bare(name),
        unique: unique !== undefined,
        concurrently: concurrently !== undefined,
      },
    ],
  ],
  [
    pattern('DROP INDEX (CONCURRENTLY )?(?:IF EXISTS )?%'),
    ([, concurrently, name]) => [
      { kind: 'drop-index', table: '', name: bare(name), concurrently: concurrently !== undefined },
    ],
  ],
  [pattern('(?:COMMENT ON|SET|RESET|ANALYZE|BEGIN|COMMIT)\\b'), () => []],
]

function changesOfStatement(statement: string): Change[] {
  for (const [expression, read] of STATEMENTS) {
    const found = expression.exec(statement)
    if (found !== null) return read(found, statement)
  }
  return [{ kind: 'unknown', reason: `SQL: ${firstWords(statement)}` }]
}

const firstWords = (statement: string): string =>
  statement.replace(/\s+/g, ' ').split(' ').slice(0, 6).join(' ')

function alterTable(found: RegExpExecArray, statement: string): Change[] {
  const table = bare(found[1])
  const rest = statement.slice(found[0].length).trim()
  const renamed = pattern('RENAME TO %').exec(rest)
  if (renamed !== null) return [{ kind: 'rename-table', table, to: bare(renamed[1]) }]
  return splitAt(rest, ',').map(action => alteration(table, action.trim()))
}

const NOTHING_KNOWN: ColumnFacts = {
  type: '',
  nullable: true,
  unique: false,
  maxLength: null,
  fills: false,
  databaseDefault: false,
  default: null,
}

function alteration(table: string, action: string): Change {
  const constraint =
    /^(ADD|DROP)\s+(?:CONSTRAINT\s+(?:IF\s+EXISTS\s+)?("[^"]+"|\w+)|CHECK|UNIQUE|PRIMARY|FOREIGN)/i.exec(
      action,
    )
  if (constraint !== null) {
    const kind = /^ADD/i.test(action) ? 'add-constraint' : 'drop-constraint'
    return { kind, table, name: bare(constraint[2] ?? ''), unique: /\bUNIQUE\b/i.test(action) }
  }
  const renamed = pattern('RENAME (?:COLUMN )?% TO %').exec(action)
  if (renamed !== null)
    return { kind: 'rename-column', table, column: bare(renamed[1]), to: bare(renamed[2]) }
  const dropped = pattern('DROP (?:COLUMN )?(?:IF EXISTS )?%').exec(action)
  if (dropped !== null) return { kind: 'drop-column', table, column: bare(dropped[1]) }
  const added = pattern('ADD (?:COLUMN )?(?:IF NOT EXISTS )?% (.*)$').exec(action.replace(/\s+/g, ' '))
  if (added !== null) return addedColumn(table, bare(added[1]), added[2] ?? '')
  const altered = pattern('ALTER (?:COLUMN )?% (.*)$').exec(action.replace(/\s+/g, ' '))
  if (altered !== null) return alteredColumn(table, bare(altered[1]), altered[2] ?? '')
  return { kind: 'unknown', reason: `SQL: ALTER TABLE ${table} ${firstWords(action)}` }
}

function addedColumn(table: string, column: string, definition: string): Change {
  const fills = /\bDEFAULT\b(?!\s+NULL)|\bGENERATED\b|\bSERIAL\b|\bBIGSERIAL\b/i.test(definition)
  return {
    kind: 'add-column',
    table,
    column,
    ...NOTHING_KNOWN,
    type:
      /^[\w ]+?(?:\([\d, ]+\))?(?=\s+(?:NOT|NULL|DEFAULT|UNIQUE|CHECK|REFERENCES|GENERATED|PRIMARY)\b|$)/i.exec(
        definition,
      )?.[0] ?? '',
    nullable: !/\bNOT\s+NULL\b|\bPRIMARY\s+KEY\b/i.test(definition),
    unique: /\bUNIQUE\b/i.test(definition),
    fills,
    databaseDefault: fills,
  }
}

function alteredColumn(table: string, column: string, definition: string): Change {
  const change = (before: Partial<ColumnFacts>, after: Partial<ColumnFacts>): Change => ({
    kind: 'alter-column',
    table,
    column,
    before: { ...NOTHING_KNOWN, ...before },
    after: { ...NOTHING_KNOWN, ...after },
  })
  if (/^SET NOT NULL/i.test(definition)) return change({ nullable: true }, { nullable: false })
  if (/^DROP NOT NULL/i.test(definition)) return change({ nullable: false }, { nullable: true })
  if (/^(SET|DROP) DEFAULT|^SET (STATISTICS|STORAGE)/i.test(definition))
    return { kind: 'nothing', reason: 'only the default changes' }
  const type = /^(?:SET DATA )?TYPE (.+?)(?: USING .*)?$/i.exec(definition)?.[1]
  if (type !== undefined) return change({ type: '(another type)' }, { type })
  return { kind: 'unknown', reason: `SQL: ALTER TABLE ${table} ALTER ${column} ${firstWords(definition)}` }
}

/** Statements without comments, without the semicolon, without empty ones. */
export function statementsOf(text: string): string[] {
  return splitAt(withoutComments(text), ';')
    .map(statement => statement.trim())
    .filter(statement => statement !== '')
}

const QUOTED = String.raw`'(?:[^']|'')*'|"[^"]*"|\$(\w*)\$[\s\S]*?\$\GROUP\$`

function withoutComments(text: string): string {
  const tokens = new RegExp(`${QUOTED.replace('GROUP', '1')}|--[^\\n]*|/\\*[\\s\\S]*?\\*/`, 'g')
  return text.replace(tokens, token => (/^(--|\/\*)/.test(token) ? ' ' : token))
}

/** Splits at a character that stands in no quotes and no brackets. */
function splitAt(text: string, separator: string): string[] {
  const parts: string[] = []
  const tokens = new RegExp(`${QUOTED.replace('GROUP', '1')}|[\\s\\S]`, 'g')
  let part = ''
  let depth = 0
  for (const [token] of text.matchAll(tokens)) {
    if (token === '(') depth += 1
    if (token === ')') depth -= 1
    if (token === separator && depth <= 0) {
      parts.push(part)
      part = ''
    } else part += token
  }
  return [...parts, part]
}
