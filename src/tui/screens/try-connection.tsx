/** Trying a server before anything is run on it: its host key is looked at here, and what is wrong is said here. */

import { Box, Text, useWindowSize } from 'ink'
import { useEffect, useState } from 'react'
import { insideColumns, Panel, weightOf } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { Spinner } from '../components/spinner.tsx'
import { connectionPage } from '../documents/connection.ts'
import { keyTable } from '../keys.ts'
import { wordsOf } from '../loaded.ts'
import { createQuestions, type Question } from '../questions.ts'
import type { ConnectionReport, Services, TargetDraft } from '../services.ts'
import { useTheme } from '../theme.ts'
import { HostKey } from './questions.tsx'
import { Secret } from './secret.tsx'

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

interface Trial {
  readonly question?: Question
  readonly report?: ConnectionReport
  readonly problem?: string
}

export function TryConnection({ draft, onTry, onSave, onBack }: TryConnectionProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const [round, setRound] = useState(0)
  const trial = useTrial(draft, onTry, round)
  const { question, report, problem } = trial
  const trail = { target: draft, path: ['try the connection'] }
  if (question?.kind === 'host-key')
    return (
      <HostKey
        key={question.id}
        request={question.request}
        trail={trail}
        state={undefined}
        onAnswer={question.answer}
      />
    )
  if (question?.kind === 'secret')
    return (
      <Secret
        key={question.id}
        request={question.request}
        trail={trail}
        state={undefined}
        onAnswer={question.answer}
      />
    )
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

/** One try for each round; leaving the screen ends it. */
function useTrial(draft: TargetDraft, onTry: Services['tryConnection'], round: number): Trial {
  const [state, setState] = useState<{ round: number; trial: Trial }>({ round, trial: {} })
  // biome-ignore lint/correctness/useExhaustiveDependencies: a try belongs to its round, not to what it closes over
  useEffect(() => {
    const leaving = new AbortController()
    const show = (trial: Trial) => {
      if (!leaving.signal.aborted) setState({ round, trial })
    }
    const questions = createQuestions(
      () => 'operator',
      question => show(question === undefined ? {} : { question }),
    )
    onTry(draft, { prompter: questions.prompter, signal: leaving.signal }).then(
      report => show({ report }),
      error => show({ problem: wordsOf(error) }),
    )
    return () => {
      leaving.abort()
      questions.close()
    }
  }, [round])
  return state.round === round ? state.trial : {}
}
