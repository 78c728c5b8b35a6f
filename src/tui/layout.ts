/** Where things go: a pure function of the window's size, so that every size can be tested without a screen. */

export interface Layout {
  readonly columns: number
  readonly rows: number
  /** `tiny`: too small to work in. `stacked`: detail under the list. `beside`: list left, detail right. */
  readonly arrangement: 'tiny' | 'stacked' | 'beside'
  /** Rows between the header and the footer. */
  readonly bodyRows: number
  /** Outer size of the list's panel, its border included. */
  readonly list: { readonly columns: number; readonly rows: number }
  /** Outer size of the detail's panel, its border included. */
  readonly detail: { readonly columns: number; readonly rows: number }
}

/** Below this there is no room for a list with a sentence beside each row. */
export const SMALLEST = { columns: 60, rows: 16 } as const
const BESIDE_FROM = 100
const HEADER_AND_FOOTER = 2

/**
 * @param fixedRows rows of the body that a screen keeps for itself (a progress line), under both panels.
 * @param wanted rows the list would like when stacked, its border included; the detail gets the rest.
 */
export function layout(columns: number, rows: number, fixedRows = 0, wanted?: number): Layout {
  const bodyRows = Math.max(0, rows - HEADER_AND_FOOTER)
  const shared = bodyRows - fixedRows
  if (columns < SMALLEST.columns || rows < SMALLEST.rows) {
    const all = { columns, rows: shared }
    return { columns, rows, arrangement: 'tiny', bodyRows, list: all, detail: all }
  }
  if (columns >= BESIDE_FROM) {
    const listColumns = Math.min(76, Math.round(columns / 2))
    return {
      columns,
      rows,
      arrangement: 'beside',
      bodyRows,
      list: { columns: listColumns, rows: shared },
      detail: { columns: columns - listColumns, rows: shared },
    }
  }
  const half = Math.ceil(shared / 2)
  const listRows = wanted === undefined ? half : Math.min(Math.max(wanted, 5), shared - 6)
  return {
    columns,
    rows,
    arrangement: 'stacked',
    bodyRows,
    list: { columns, rows: listRows },
    detail: { columns, rows: shared - listRows },
  }
}
