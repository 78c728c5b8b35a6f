/** What a run would do, before anything connects. */

import { useWindowSize } from 'ink'
import { useState } from 'react'
import type { PlannedStep } from '../../model/event.ts'
import type { Target } from '../../model/target.ts'
import { type Entry, entryColumns, useSelection } from '../components/list.tsx'
import { detailSize, ListAndDetail, type Pane } from '../components/list-and-detail.tsx'
import { insideColumns, insideRows, weightOf } from '../components/panel.tsx'
import { Screen } from '../components/screen.tsx'
import { labelled } from '../documents/build.ts'
import { type PlannedCheck, plannedCheckPage } from '../documents/runbook.ts'
import { asText, spaced } from '../fields.ts'
import { keyTable, movement } from '../keys.ts'
import { layout } from '../layout.ts'
import { type Line, spread } from '../lines.ts'
import { useScroll } from '../scroll.ts'
import type { RunbookSummary } from '../services.ts'
import type { Symbols } from '../symbols.ts'
import { useTheme } from '../theme.ts'
import { count, gradeTone } from '../words.ts'

export const planKeys = keyTable({
  start: {
    keys: ['enter'],
    shown: '↵',
    hint: 'start',
    help: 'Connect and run the checks; every remedy asks first',
  },
  check: {
    keys: ['c'],
    shown: 'c',
    hint: 'checks only',
    help: 'Connect and run the checks; offer no remedies',
  },
  parameters: {
    keys: ['p'],
    shown: 'p',
    hint: 'parameters',
    help: 'Change the values that the runbook works with',
  },
  ...movement,
  pane: { keys: ['tab'], shown: 'Tab', hint: 'pane', help: 'To the other pane' },
  back: { keys: ['escape'], shown: 'Esc', hint: 'back', help: 'Back; nothing has run' },
})

interface PlanProps {
  readonly target: Target
  readonly runbook: RunbookSummary
  readonly steps: readonly PlannedStep[]
  readonly params: Readonly<Record<string, unknown>>
  readonly onStart: (mode: 'run' | 'check') => void
  readonly onParameters?: () => void
  readonly onBack: () => void
}

const WITH = 'with'

export function Plan({ target, runbook, steps, params, onStart, onParameters, onBack }: PlanProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const [focus, setFocus] = useState<Pane>('list')
  const place = layout(columns, rows)
  const checks = steps.flatMap(step => step.checks.map(check => ({ step, check })))
  const titles = Object.fromEntries(checks.map(({ check }) => [check.id, check.title]))
  const values = Object.entries(params)
  const width = entryColumns(insideColumns(place.list.columns))
  const entries: Entry[] = [
    ...(values.length === 0
      ? []
      : [{ id: WITH, line: [{ text: `With ${count(values.length, 'parameter')}` }] }]),
    ...steps.flatMap((step): Entry[] => [
      { id: `step ${step.id}`, isHeading: true, line: [{ text: step.title, tone: 'muted' }] },
      ...step.checks.map(check => ({ id: check.id, line: plannedRow(check, width, symbols) })),
    ]),
  ]
  const selection = useSelection(entries, insideRows(place.list.rows))
  const chosen = checks.find(({ check }) => check.id === selection.selected)
  const size = detailSize(place, focus)
  const page = { width: insideColumns(size.columns), symbols }
  const lines =
    chosen === undefined
      ? values.flatMap(([name, value]) =>
          labelled(page, spaced(name), asText(value) || '(empty)', undefined, 18),
        )
      : plannedCheckPage(page, chosen.check, chosen.step, titles)
  const scroll = useScroll(lines.length, insideRows(size.rows), selection.selected)
  return (
    <Screen
      trail={{ target, path: [runbook.id, 'plan'] }}
      status={{ text: 'nothing has run yet', tone: 'muted' }}
      keys={planKeys}
      handlers={{
        start: () => onStart('run'),
        check: () => onStart('check'),
        parameters: onParameters,
        ...(focus === 'list' ? selection.handlers : scroll.handlers),
        pane: () => setFocus(focus === 'list' ? 'detail' : 'list'),
        back: focus === 'detail' ? () => setFocus('list') : onBack,
      }}
    >
      <ListAndDetail
        layout={place}
        focus={focus}
        weight={weightOf(target.environment)}
        list={{
          title: runbook.title,
          aside: `${count(checks.length, 'check')}, ${count(runbook.remedies, 'remedy', 'remedies')}`,
          entries,
          selected: selection.selected,
        }}
        detail={{ title: chosen === undefined ? 'Parameters' : 'Check', lines, scroll }}
      />
    </Screen>
  )
}

/** A check, and at its right the gravest change that may be offered for it. */
function plannedRow(check: PlannedCheck, columns: number, symbols: Symbols): Line {
  const gravest = (['destructive', 'disruptive', 'reversible'] as const).find(grade =>
    check.remedies.some(remedy => remedy.grade === grade),
  )
  const right: Line = gravest === undefined ? [] : [{ text: gravest, tone: gradeTone[gravest] }]
  return spread(
    [{ text: `${symbols.waiting} `, tone: 'muted' }, { text: check.title }],
    right,
    columns,
    symbols.ellipsis,
  )
}
