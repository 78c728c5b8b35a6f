/** Copies of what a rollback drops: one file a table or column beside a list of them, in the backup directory. */

import { z } from 'zod'
import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import type { SettledEffect } from './migrations-effects.ts'
import type { TableFacts } from './migrations-rows.ts'

/** Rows of one table to keep: all of its columns, or its key with those that go. */
export interface CopyItem {
  readonly table: string
  readonly columns: readonly string[]
  /** What the rows are put in order by; empty without a key. */
  readonly key: readonly string[]
}

/** What has to be kept of a plan before it runs. Pure. */
export function itemsToCopy(effects: readonly SettledEffect[], tables: readonly TableFacts[]): CopyItem[] {
  const found = new Map<string, CopyItem>()
  for (const { reversibility, kind, live } of effects) {
    if (reversibility !== 'destroys' || live === null) continue
    const table = tables.find(({ name }) => name === live.table)
    if (table === undefined) continue
    const whole =
      kind === 'drop-table' || kind === 'change-rows' || live.column === '' || table.key.length === 0
    const before = found.get(table.name)?.columns ?? []
    const columns = whole ? table.columns : [...new Set([...table.key, ...before, live.column])]
    const widest = before.length > columns.length ? before : columns
    found.set(table.name, { table: table.name, columns: widest, key: table.key })
  }
  return [...found.values()]
}

/** The directory that the copies of all rollbacks lie in. */
export const copiesDirectory = (backupDirectory: string): string => `${backupDirectory}/migrations`

const CopiesManifest = z.object({
  format: z.literal(1),
  madeAt: z.string(),
  database: z.string(),
  /** The target of the rollback. */
  target: z.string(),
  undoes: z.array(z.string()),
  items: z.array(
    z.object({
      table: z.string(),
      columns: z.array(z.string()),
      file: z.string(),
      rows: z.number().int(),
      sha256: z.string(),
    }),
  ),
})

export interface Copies extends z.infer<typeof CopiesManifest> {
  readonly folder: string
  /** Seconds since they were made, by the server's clock. */
  readonly ageSeconds: number
  /** Files that are missing, or are not what the list says. */
  readonly damaged: readonly string[]
}

/** The newest copies for a target, verified against their list; null when there are none. */
export const newestCopies = fact(
  'migrations/copies',
  async (context, backupDirectory: string, target: string): Promise<Copies | null> => {
    const directory = copiesDirectory(backupDirectory)
    const result = await context.run(
      sh`
        newest=$(find ${directory} -mindepth 1 -maxdepth 1 -type d -name ${`${target}-*`} 2>/dev/null | sort | tail -n 1)
        [ -n "$newest" ] && [ -f "$newest/manifest.json" ] || exit 0
        printf 'folder %s\\nnow %s\\nmade %s\\n' "$newest" "$(date +%s)" "$(stat -c %Y -- "$newest/manifest.json")"
        cd -- "$newest" || exit 1
        for file in *.copy; do [ ! -f "$file" ] || printf 'sum %s %s\\n' "$(sha256sum <"$file" | cut -c 1-64)" "$file"; done
        echo manifest
        cat manifest.json
      `,
      { as: 'root', timeoutSeconds: 120 },
    )
    return parseCopies(outputOf(result, `the copies in ${directory}`))
  },
)

/** Reads what {@link newestCopies} prints. Pure. @throws Unreadable when the list is none. */
export function parseCopies(text: string): Copies | null {
  if (text.trim() === '') return null
  const [head = '', json = ''] = text.split(/^manifest\n/m)
  const value = (word: string) => new RegExp(`^${word} (.*)$`, 'm').exec(head)?.[1] ?? ''
  const folder = value('folder')
  const parsed = CopiesManifest.safeParse(jsonOf(json))
  if (!parsed.success) throw new Unreadable(`${folder}/manifest.json is no list of copies`)
  const sums = new Map([...head.matchAll(/^sum (\w+) (.*)$/gm)].map(([, sum = '', file = '']) => [file, sum]))
  return {
    ...parsed.data,
    folder,
    ageSeconds: Number(value('now')) - Number(value('made')),
    damaged: parsed.data.items
      .filter(({ file, sha256 }) => sums.get(file) !== sha256)
      .map(({ file }) => file),
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
