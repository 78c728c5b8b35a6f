/** What the tables and columns of a plan are called now, before its first step renames them. Pure. */

import type { Effect } from './migrations-effects.ts'

/** Follows renames through the plan, so that rows are counted and copied under the names that they have today. */
export function withLiveNames(effects: readonly Effect[]): Effect[] {
  // Names as they are at this point of the plan, with today's; null for what an earlier step made.
  const tables = new Map<string, string | null>()
  const columns = new Map<string, string | null>()
  const tableNow = (table: string): string | null => (tables.has(table) ? (tables.get(table) ?? null) : table)
  const columnNow = (table: string, column: string): string | null => {
    const key = `${table}.${column}`
    return columns.has(key) ? (columns.get(key) ?? null) : column
  }
  return effects.map(effect => {
    const { kind, table, column, to } = effect
    const now = table === '' ? null : tableNow(table)
    const columnLive = column === '' ? '' : columnNow(table, column)
    if (kind === 'rename-table') {
      tables.set(to, now)
      moveColumns(columns, table, to)
    }
    if (kind === 'rename-column') columns.set(`${table}.${to}`, columnLive)
    if (kind === 'create-table') tables.set(table, null)
    if (kind === 'add-column') columns.set(`${table}.${column}`, null)
    const isThere = now !== null && (columnLive !== null || kind === 'add-column')
    const live = isThere ? { table: now, column: columnLive ?? '' } : null
    return {
      ...effect,
      live: kind === 'create-table' ? null : live,
      question: live === null ? null : effect.question,
    }
  })
}

function moveColumns(columns: Map<string, string | null>, from: string, to: string): void {
  for (const [key, now] of [...columns]) {
    if (key.startsWith(`${from}.`)) columns.set(`${to}.${key.slice(from.length + 1)}`, now)
  }
}
