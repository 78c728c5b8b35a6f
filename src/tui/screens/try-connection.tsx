/** Trying a server before anything is run on it: its host key is looked at here, and what is wrong is said here. */

import { Box, Text, useWindowSize } from 'ink'
import { useState } from 'react'
import { insideColumns, Panel, weightOf } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { Spinner } from '../components/spinner.tsx'
import { connectionPage } from '../documents/connection.ts'
import { keyTable } from '../keys.ts'
import type { Services, TargetDraft } from '../services.ts'
import { useTheme } from '../theme.ts'
import { useVisit } from '../visit.ts'
import { VisitQuestion } from './visit-question.tsx'

export const tryKeys = keyTable({
  save: { keys: ['enter'], shown: '↵', hint: 'save it', help: 'Keep the server in the list' },
  again: { keys: ['r'], shown: 'r', hint: 'try again', help: 'Connect once more' },
  back: { keys: ['escape'], shown: 'Esc', hint: 'back', help: 'Back to where you came from' },
})

interface TryConnectionProps {
  readonly draft: TargetDraft
  readonly onTry: Services['tryConnection']
  readonly onSave?: () => void
  readonly onBack: () => void
}

export function TryConnection({ draft, onTry, onSave, onBack }: TryConnectionProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const [round, setRound] = useState(0)
  const { question, result: report, problem } = useVisit(round, ports => onTry(draft, ports))
  const trail = { target: draft, path: ['try the connection'] }
  if (question !== undefined) return <VisitQuestion question={question} trail={trail} />
  const isOver = report !== undefined || problem !== undefined
  const width = insideColumns(columns)
  return (
    <Screen
      trail={trail}
      keys={tryKeys}
      handlers={{
        save: isOver ? onSave : undefined,
        again: isOver ? () => setRound(round + 1) : undefined,
        back: onBack,
      }}
    >
      <Panel
        title={`Connection to ${draft.host}`}
        columns={columns}
        rows={rows - 2}
        isFocused
        weight={weightOf(draft.environment)}
      >
        {isOver ? (
          <Rows
            lines={connectionPage({ width: Math.min(width, 100), symbols }, report, problem)}
            width={width}
          />
        ) : (
          <Box>
            <Spinner />
            <Text wrap="truncate">{` Connecting to ${draft.host}`}</Text>
          </Box>
        )}
      </Panel>
    </Screen>
  )
}
