/** Rows as aligned columns; the last column is left as long as it is. */

import stringWidth from 'string-width'

export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, stringWidth(cell))
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) =>
        at === row.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - stringWidth(cell)),
      )
      .join('  ')
  return rows.map(row => `${line(row).trimEnd()}\n`).join('')
}
