/** What is left to do: causes, the gravest first, their consequences folded under them, the remedy in reach. */

import { useWindowSize } from 'ink'
import { useMemo, useState } from 'react'
import { diagnose } from '../../engine/outcome.ts'
import type { RunState } from '../../engine/state.ts'
import { entryColumns, useSelection } from '../components/list.tsx'
import { detailSize, ListAndDetail, type Pane } from '../components/list-and-detail.tsx'
import { insideColumns, insideRows, weightOf } from '../components/panel.tsx'
import { usePrompt } from '../components/prompt-row.tsx'
import { Screen } from '../components/screen.tsx'
import { causeEntries, causeOf, causePage } from '../documents/diagnosis.ts'
import { useExercise } from '../exercise-scope.ts'
import { keyTable, movement } from '../keys.ts'
import { layout } from '../layout.ts'
import { askForNote, checkActionKeys, type RunActions, runKeys } from '../run-actions.ts'
import { useScroll } from '../scroll.ts'
import { useTheme } from '../theme.ts'
import { checkMark, count } from '../words.ts'

export const diagnosisKeys = keyTable({
  open: { keys: ['enter', 'tab'], shown: '↵', hint: 'evidence', help: 'Read the page of what is marked' },
  mend: checkActionKeys.mend,
  again: checkActionKeys.again,
  fold: {
    keys: [' ', 'right', 'left', 'l', 'h'],
    shown: 'space',
    hint: 'unfold',
    help: 'Show, or fold away, what the cause holds up',
  },
  ...movement,
  note: runKeys.note,
  shell: runKeys.shell,
  back: { keys: ['escape'], shown: 'Esc', hint: 'back', help: 'Back to the list, or to the result' },
})

interface DiagnosisProps {
  readonly state: RunState
  readonly actions: RunActions
  readonly onBack: () => void
}

export function Diagnosis({ state, actions, onBack }: DiagnosisProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const [focus, setFocus] = useState<Pane>('list')
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set())
  const prompt = usePrompt(columns)
  const place = layout(columns, rows, prompt.rows)
  const width = entryColumns(insideColumns(place.list.columns))
  const entries = causeEntries(state, unfolded, symbols, width)
  const selection = useSelection(entries, insideRows(place.list.rows))
  const { selected } = selection
  const check = selected === undefined ? undefined : state.checks[selected]
  const cause = causeOf(state, selected)
  const size = detailSize(place, focus)
  const inside = insideColumns(size.columns)
  const lines = useMemo(
    () => (selected === undefined ? [] : causePage({ width: inside, symbols }, state, selected)),
    [inside, symbols, state, selected],
  )
  const scroll = useScroll(lines.length, insideRows(size.rows), selected)
  const mark = check === undefined ? undefined : checkMark(check, symbols)
  const fold = (id: string) => {
    const next = new Set(unfolded)
    if (!next.delete(id)) next.add(id)
    setUnfolded(next)
  }
  const { mend, again, note, shell } = actions
  const hasRemedy = (check?.verdict?.remedies.length ?? 0) > 0
  const isList = focus === 'list'
  const exercise = useExercise(state.target.environment)
  return (
    <Screen
      trail={{ target: state.target, path: [state.runbook, 'left to do'] }}
      status={{ text: count(diagnose(state).length, 'cause'), tone: 'muted' }}
      keys={diagnosisKeys}
      handlers={{
        ...(isList ? selection.handlers : scroll.handlers),
        open:
          isList && check !== undefined
            ? () => {
                exercise?.look(state, check.id)
                setFocus('detail')
              }
            : undefined,
        mend: mend !== undefined && check !== undefined && hasRemedy ? () => mend(check.id) : undefined,
        again: again !== undefined && check !== undefined ? () => again([check.id]) : undefined,
        fold:
          isList && cause !== undefined && cause.explains.length > 0 ? () => fold(cause.cause) : undefined,
        note: note === undefined ? undefined : askForNote(prompt, note, check?.id),
        shell,
        back: isList ? onBack : () => setFocus('list'),
      }}
      prompt={prompt}
    >
      <ListAndDetail
        layout={place}
        focus={focus}
        weight={weightOf(state.target.environment)}
        list={{ title: 'Left to do', entries, selected }}
        detail={{
          title: check?.title ?? '',
          ...(mark === undefined ? {} : { aside: `${mark.symbol} ${mark.word}`, asideTone: mark.tone }),
          lines,
          scroll,
        }}
      />
    </Screen>
  )
}
