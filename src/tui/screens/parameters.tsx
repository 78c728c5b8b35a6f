/** A runbook's parameters as a form, and the look at the server that fills it in. */

import { Box, Text, useWindowSize } from 'ink'
import { useState } from 'react'
import type { Discovered } from '../../engine/discover.ts'
import type { Target } from '../../model/target.ts'
import { insideColumns, Panel, weightOf } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { Spinner } from '../components/spinner.tsx'
import { prose } from '../documents/build.ts'
import { sentence } from '../documents/check.ts'
import { afterLook, parameterFields } from '../fields.ts'
import { keyTable } from '../keys.ts'
import type { RunbookSummary, Services } from '../services.ts'
import { useTheme } from '../theme.ts'
import { useVisit } from '../visit.ts'
import { count } from '../words.ts'
import { FormScreen } from './form-screen.tsx'
import { VisitQuestion } from './visit-question.tsx'

type Texts = Readonly<Record<string, string>>

export const lookKeys = keyTable({
  again: { keys: ['r', 'enter'], shown: 'r', hint: 'look again', help: 'Connect once more' },
  back: { keys: ['escape'], shown: 'Esc', hint: 'back', help: 'Back to the form as it was' },
})

interface ParametersProps {
  readonly target: Target
  readonly runbook: RunbookSummary
  readonly given: Readonly<Record<string, unknown>>
  readonly onLook: Services['look']
  readonly onDone: (texts: Record<string, string>) => void
  readonly onCancel: () => void
}

export function Parameters({ target, runbook, given, onLook, onDone, onCancel }: ParametersProps) {
  const [texts, setTexts] = useState<Texts>()
  const [looked, setLooked] = useState<Discovered>()
  const [isLooking, setLooking] = useState(false)
  const known = { given, target, ...(looked === undefined ? {} : { looked }) }
  const fields = parameterFields(runbook.parameters, known)
  if (isLooking && texts !== undefined)
    return (
      <Look
        target={target}
        runbook={runbook}
        texts={texts}
        onLook={onLook}
        onFound={found => {
          setTexts(afterLook(runbook.parameters, { given, target }, texts, found))
          setLooked(found)
          setLooking(false)
        }}
        onBack={() => setLooking(false)}
      />
    )
  return (
    <FormScreen
      key={`${runbook.id} ${looked === undefined ? '' : 'looked'}`}
      title={`Parameters of ${runbook.title}`}
      trail={{ target, path: [runbook.id, 'parameters'] }}
      fields={fields}
      enter="all"
      {...(texts === undefined ? {} : { texts })}
      {...(runbook.discoverable.length === 0
        ? {}
        : {
            onLook: (filled: Record<string, string>) => {
              setTexts(filled)
              setLooking(true)
            },
          })}
      onDone={onDone}
      onCancel={onCancel}
    />
  )
}

interface LookProps {
  readonly target: Target
  readonly runbook: RunbookSummary
  readonly texts: Texts
  readonly onLook: Services['look']
  readonly onFound: (found: Discovered) => void
  readonly onBack: () => void
}

function Look({ target, runbook, texts, onLook, onFound, onBack }: LookProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const [round, setRound] = useState(0)
  const visit = useVisit(round, async ports => {
    const found = await onLook({ target, runbook: runbook.id, params: texts }, ports)
    onFound(found)
    return found
  })
  const trail = { target, path: [runbook.id, 'look at the server'] }
  if (visit.question !== undefined) return <VisitQuestion question={visit.question} trail={trail} />
  const width = insideColumns(columns)
  const page = { width: Math.min(width, 100), symbols }
  return (
    <Screen
      trail={trail}
      keys={lookKeys}
      handlers={{ again: visit.problem === undefined ? undefined : () => setRound(round + 1), back: onBack }}
    >
      <Panel
        title={`What ${target.name} says of itself`}
        columns={columns}
        rows={rows - 2}
        isFocused
        weight={weightOf(target.environment)}
      >
        {visit.problem === undefined ? (
          <Box>
            <Spinner />
            <Text wrap="truncate">{` Asking it about ${count(runbook.discoverable.length, 'parameter')}; nothing is changed`}</Text>
          </Box>
        ) : (
          <Rows
            lines={[
              [{ text: `${symbols.fail} It could not be asked.`, tone: 'bad' }],
              [],
              ...prose(page, sentence(visit.problem)),
            ]}
            width={width}
          />
        )}
      </Panel>
    </Screen>
  )
}
