/** A remedy at work: its actions, the server's own revert counting down, and the live output. */

import { Box, useWindowSize } from 'ink'
import { useMemo, useState } from 'react'
import type { RemedyState, RunState } from '../../engine/state.ts'
import { copyKey, useClipboard } from '../clipboard.ts'
import { connectionStatus } from '../components/header.tsx'
import { insideColumns, insideRows, Panel, weightOf } from '../components/panel.tsx'
import { Progress } from '../components/progress.tsx'
import { usePrompt } from '../components/prompt-row.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { exact } from '../documents/build.ts'
import { actionLines, asOverwritten, currentAction, guardLines } from '../documents/remedy.ts'
import { keyTable, type Movement, scrolling } from '../keys.ts'
import { useNow } from '../now.ts'
import { askForNote, type RunActions, runKeys } from '../run-actions.ts'
import { movementHandlers, scrolled, whereabouts } from '../scroll.ts'
import { searchKeys, useSearch } from '../search.ts'
import { useTheme } from '../theme.ts'

export const remedyKeys = keyTable({
  ...scrolling,
  follow: { keys: ['f'], shown: 'f', hint: 'follow', help: 'Go along with the newest output' },
  pause: { keys: ['p'], shown: 'p', hint: 'pause', help: 'Stand still in the output; it goes on meanwhile' },
  checks: { keys: ['tab', 'c'], shown: 'Tab', hint: 'checks', help: 'Look at the checks meanwhile' },
  ...searchKeys,
  copy: copyKey,
  ...runKeys,
  detach: {
    keys: ['D'],
    shown: 'D',
    hint: 'detach',
    help: 'Leave it running on the server and end here; the run is gone on with later',
  },
})

interface RemedyProps {
  readonly state: RunState
  readonly remedy: RemedyState
  readonly actions: RunActions
  readonly onChecks: () => void
  /** Ends the run here; a lasting action goes on on the server. */
  readonly onDetach: () => void
}

export function Remedy({ state, remedy, actions, onChecks, onDetach }: RemedyProps) {
  const { columns, rows } = useWindowSize()
  const theme = useTheme()
  const { symbols } = theme
  const now = useNow()
  const [held, setHeld] = useState<number>()
  const page = { width: insideColumns(columns), symbols }
  const weight = state.target.environment === 'production' ? 'grave' : 'plain'
  const above = [...actionLines(page, remedy, now), ...guardLines(page, remedy.guard, now)]
  const prompt = usePrompt(columns)
  const copy = useClipboard()
  const body = rows - 3 - prompt.rows
  const aboveRows = Math.min(above.length + 2, Math.max(5, Math.floor(body * 0.6)))
  const outputRows = insideRows(body - aboveRows)
  const current = currentAction(remedy)
  const text = current?.output ?? ''
  const output = useMemo(
    () => (text === '' ? [] : exact({ width: page.width, symbols }, asOverwritten(text))),
    [text, page.width, symbols],
  )
  const furthest = Math.max(0, output.length - outputRows)
  const top = held === undefined ? furthest : Math.min(held, furthest)
  const go = (movement: Movement) => () => {
    const next = scrolled(top, movement, output.length, outputRows)
    setHeld(next >= furthest && movement !== 'up' ? undefined : next)
  }
  const search = useSearch(prompt, output, outputRows, setHeld)
  const foot = search.where ?? whereabouts(top, outputRows, output.length)
  const isLasting = current?.progress === 'running' && current.job !== undefined
  return (
    <Screen
      trail={{ target: state.target, path: [state.runbook] }}
      status={connectionStatus(state.connection, theme, columns)}
      keys={remedyKeys}
      handlers={{
        ...(furthest > 0 ? movementHandlers(go) : {}),
        pause: held === undefined && furthest > 0 ? () => setHeld(top) : undefined,
        ...(output.length > 0 ? search.handlers : {}),
        copy: text === '' ? undefined : () => copy(text),
        hold: actions.hold,
        note: actions.note === undefined ? undefined : askForNote(prompt, actions.note, remedy.check),
        shell: actions.shell,
        detach: isLasting ? onDetach : undefined,
        follow: held === undefined ? undefined : () => setHeld(undefined),
        checks: onChecks,
      }}
      prompt={prompt}
    >
      <Panel
        title={remedy.plan?.title ?? remedy.remedy}
        aside="running"
        asideTone="accent"
        columns={columns}
        rows={aboveRows}
        isFocused
        weight={weight}
      >
        <Rows lines={visibleAround(above, aboveRows - 2, above.length)} width={page.width} />
      </Panel>
      <Panel
        title={current === undefined ? 'Output' : `Output of “${current.title}”`}
        aside={held === undefined ? 'following' : 'paused'}
        asideTone={held === undefined ? 'muted' : 'warning'}
        columns={columns}
        rows={body - aboveRows}
        weight={weightOf(state.target.environment)}
        {...(foot === undefined ? {} : { foot })}
      >
        <Rows
          lines={
            output.length === 0
              ? [
                  [
                    {
                      text: current?.progress === 'running' ? 'No output yet.' : 'It said nothing.',
                      tone: 'muted',
                    },
                  ],
                ]
              : output.slice(top, top + outputRows)
          }
          width={page.width}
          marked={search.words}
        />
      </Panel>
      <Box height={1} flexShrink={0}>
        <Progress state={state} columns={columns} />
      </Box>
    </Screen>
  )
}

/** The last rows when not all fit: the countdown stands at the end and has to be seen. */
function visibleAround<T>(lines: readonly T[], rows: number, length: number): readonly T[] {
  return length <= rows ? lines : lines.slice(length - rows)
}
