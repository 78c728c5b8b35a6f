/**
 * One statement for PostgreSQL: the questions that runbooks ask and the changes that they make, answered from the
 * cluster's model. A question that is not known is recorded, and answered with an error.
 */

import { changes } from './changes.ts'
import type { Session } from './connection.ts'
import { dumpQuestions } from './dump-questions.ts'
import { type Answer, PostgresError, type Question, type Row } from './question.ts'
import { restoreQuestions } from './restore-questions.ts'
import { serverQuestions } from './server-questions.ts'
import { shopQuestions } from './shop-questions.ts'

export { PostgresError } from './question.ts'

const QUESTIONS: readonly Question[] = [
  ...changes,
  ...dumpQuestions,
  ...restoreQuestions,
  ...shopQuestions,
  ...serverQuestions,
]

/** Rows as one JSON, as checks ask for them. */
const AS_JSON =
  /^SELECT coalesce\(json_agg\(row_to_json\(answer\)\), '\[\]'\) FROM \(\s*([\s\S]*?)\s*\) AS answer$/

/** @throws PostgresError with PostgreSQL's words. */
export function runStatement(session: Session, sql: string): Answer {
  const wrapped = AS_JSON.exec(sql)
  if (wrapped) return { columns: ['json'], rows: [[JSON.stringify(rowsOf(session, wrapped[1] ?? ''))]] }
  const counted = /^SELECT count\(\*\) FROM \(\s*([\s\S]*?)\s*\) AS \w+(?: WHERE last < highest)?$/.exec(sql)
  if (counted) {
    const rows = rowsOf(session, counted[1] ?? '')
    const which = sql.endsWith('WHERE last < highest')
      ? rows.filter(({ last, highest }) => Number(last) < Number(highest))
      : rows
    return { columns: ['count'], rows: [[String(which.length)]] }
  }
  const rows = rowsOf(session, sql)
  return {
    columns: Object.keys(rows[0] ?? {}),
    rows: rows.map(row => Object.values(row).map(shown)),
  }
}

function rowsOf(session: Session, sql: string): Row[] {
  for (const { asks, answer } of QUESTIONS) {
    const match = asks.exec(sql)
    if (match) return answer(session, match, sql)
  }
  session.call.machine.lacking.add(`psql: ${sql.trim().replace(/\s+/g, ' ').slice(0, 160)}`)
  throw new PostgresError('the practice server does not know this question')
}

/** As psql prints a value. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'object') return JSON.stringify(value)
  if (typeof value === 'boolean') return value ? 't' : 'f'
  return String(value)
}
