/** What to write a run as. The file goes into the folder that Kneeboard was started in. */

import { useWindowSize } from 'ink'
import type { Trail } from '../components/header.tsx'
import { type Entry, entryColumns, List, useSelection } from '../components/list.tsx'
import { insideColumns, Panel } from '../components/panel.tsx'
import { Screen } from '../components/screen.tsx'
import { keyTable, movement } from '../keys.ts'
import { fill } from '../lines.ts'
import { EXPORTS, type ExportFormat } from '../services.ts'

export const exportKeys = keyTable({
  write: { keys: ['enter'], shown: '↵', hint: 'write the file', help: 'Write it into the working folder' },
  ...movement,
  back: { keys: ['escape'], shown: 'Esc', hint: 'back', help: 'Back to the result' },
})

const words: Readonly<Record<ExportFormat, string>> = {
  markdown: 'for a ticket, a wiki or a pull request',
  html: 'one page for a browser, with every proof, nothing loaded from elsewhere',
  json: 'the result, as `kneeboard check --format json` prints it',
  jsonl: 'every event, a line each',
  plain: 'plain text',
}

interface ExportProps {
  readonly trail: Trail
  /** @returns the file's path. */
  readonly onExport: (format: ExportFormat) => Promise<string>
  readonly onBack: () => void
}

export function Export({ trail, onExport, onBack }: ExportProps) {
  const { columns, rows } = useWindowSize()
  const width = insideColumns(columns)
  const entries = EXPORTS.map(
    (format): Entry => ({
      id: format,
      line: [
        { text: fill(format, 12) },
        { text: words[format].slice(0, entryColumns(width) - 12), tone: 'muted' },
      ],
    }),
  )
  const selection = useSelection(entries, entries.length)
  const format = EXPORTS.find(one => one === selection.selected)
  return (
    <Screen
      trail={{ ...trail, path: [...trail.path, 'export'] }}
      keys={exportKeys}
      handlers={{
        ...selection.handlers,
        write: format === undefined ? undefined : () => onExport(format).then(path => `Written to ${path}`),
        back: onBack,
      }}
    >
      <Panel title="Export as" columns={columns} rows={rows - 2} isFocused>
        <List
          entries={entries}
          selected={selection.selected}
          columns={width}
          rows={entries.length}
          isFocused
        />
      </Panel>
    </Screen>
  )
}
