/** The decision: a plan, whole, and the key that its grade asks for. Nothing destructive has a default key. */

import { Badge } from '@inkjs/ui'
import { Box, Text, useWindowSize } from 'ink'
import { useMemo, useState } from 'react'
import type { ConsentRequest } from '../../engine/operator.ts'
import type { RunState } from '../../engine/state.ts'
import { useArmed } from '../armed.ts'
import { connectionStatus } from '../components/header.tsx'
import { insideColumns, insideRows, Panel } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { type Field, Screen } from '../components/screen.tsx'
import { TextInput } from '../components/text-input.tsx'
import { consentPage } from '../documents/plan.ts'
import { keyTable, scrolling } from '../keys.ts'
import { cut, widthOf } from '../lines.ts'
import type { ConsentDecision } from '../questions.ts'
import { useScroll, whereabouts } from '../scroll.ts'
import { insert, textValue, typeKey } from '../text-field.ts'
import { type Theme, useTheme } from '../theme.ts'
import { gradeTone } from '../words.ts'

const shared = {
  no: {
    keys: ['n', 'escape'],
    shown: 'n',
    hint: 'no, leave it',
    help: 'Leave it as it is and go on with the run',
  },
  ...scrolling,
  stop: { keys: ['s'], shown: 's', hint: 'stop the run', help: 'Leave it as it is and end the run here' },
} as const

export const reversibleKeys = keyTable({
  yes: { keys: ['enter'], shown: '↵', hint: 'do it', help: 'Run exactly what is shown' },
  ...shared,
})

export const disruptiveKeys = keyTable({
  yes: { keys: ['y'], shown: 'y', hint: 'yes, do it', help: 'Run exactly what is shown' },
  ...shared,
})

export const destructiveKeys = keyTable({
  yes: {
    keys: ['enter'],
    shown: '↵',
    hint: 'do it',
    help: 'Run exactly what is shown, once the name is typed',
  },
  no: {
    keys: ['escape'],
    shown: 'Esc',
    hint: 'no, leave it',
    help: 'Leave it as it is and go on with the run',
  },
  up: { ...scrolling.up, keys: ['up'] },
  down: { ...scrolling.down, keys: ['down'] },
  pageUp: { ...scrolling.pageUp, keys: ['pageup'] },
  pageDown: { ...scrolling.pageDown, keys: ['pagedown'] },
  stop: {
    keys: ['ctrl+x'],
    shown: 'Ctrl-X',
    hint: 'stop the run',
    help: 'Leave it as it is and end the run here',
  },
})

interface ConsentProps {
  readonly request: ConsentRequest
  readonly state: RunState | undefined
  readonly onAnswer: (decision: ConsentDecision) => void
}

export function Consent({ request, state, onAnswer }: ConsentProps) {
  const { columns, rows } = useWindowSize()
  const theme = useTheme()
  const { plan, target, confirmation } = request
  const isGrave = plan.grade === 'destructive' || target.environment === 'production'
  const isArmed = useArmed()
  const [typed, setTyped] = useState(textValue(''))
  const isTyping = confirmation !== null
  const questionRows = isTyping ? 2 : 1
  const panelRows = rows - 2 - questionRows
  const width = insideColumns(columns)
  const lines = useMemo(
    () => consentPage({ width, symbols: theme.symbols }, request),
    [width, theme.symbols, request],
  )
  const scroll = useScroll(lines.length, insideRows(panelRows))
  const matches = confirmation !== null && typed.text === confirmation
  const yes = () => onAnswer(confirmation === null ? { answer: 'yes' } : { answer: 'yes', typed: typed.text })
  const handlers = {
    ...(lines.length > insideRows(panelRows) ? scroll.handlers : {}),
    yes: isArmed && (!isTyping || matches) ? yes : undefined,
    no: isArmed ? () => onAnswer({ answer: 'no' }) : undefined,
    stop: isArmed ? () => onAnswer({ answer: 'stop' }) : undefined,
  }
  const field: Field = {
    press(press) {
      const next = press.name === 'home' || press.name === 'end' ? undefined : typeKey(typed, press)
      if (next === undefined) return false
      setTyped(next)
      return true
    },
    paste: text => setTyped(insert(typed, text)),
  }
  const below = lines.length - scroll.top - insideRows(panelRows)
  const foot =
    below > 0
      ? `${below} more below ${theme.symbols.down}`
      : whereabouts(scroll.top, insideRows(panelRows), lines.length)
  return (
    <Screen
      trail={{ target, path: state === undefined ? [] : [state.runbook] }}
      status={
        state === undefined
          ? { text: 'waits for you', tone: 'accent' }
          : connectionStatus(state.connection, theme, columns)
      }
      keys={isTyping ? destructiveKeys : plan.grade === 'reversible' ? reversibleKeys : disruptiveKeys}
      handlers={handlers}
      field={isTyping ? field : undefined}
    >
      <Panel
        title={`${plan.title}?`}
        aside={plan.grade}
        asideTone={gradeTone[plan.grade]}
        columns={columns}
        rows={panelRows}
        isFocused
        weight={isGrave ? 'grave' : 'plain'}
        footTone={below > 0 ? 'telling' : 'muted'}
        {...(foot === undefined ? {} : { foot })}
      >
        <Rows lines={lines.slice(scroll.top, scroll.top + insideRows(panelRows))} width={width} />
      </Panel>
      <Question request={request} theme={theme} columns={columns}>
        {confirmation === null ? null : (
          <TypedName confirmation={confirmation} typed={typed} matches={matches} columns={columns} />
        )}
      </Question>
    </Screen>
  )
}

interface QuestionProps {
  readonly request: ConsentRequest
  readonly theme: Theme
  readonly columns: number
  readonly children: React.ReactNode
}

const badgeColour = { reversible: 'green', disruptive: 'yellow', destructive: 'red' } as const

function Question({ request, theme, columns, children }: QuestionProps) {
  const { plan, target } = request
  const where = target.environment === 'production' ? `${target.name}, in production` : target.name
  const words = {
    reversible: `Do this on ${where}? It can be undone.`,
    disruptive: `Do this on ${where}?`,
    destructive: `This cannot be undone on ${where}.`,
  }[plan.grade]
  const room = columns - plan.grade.length - 6
  return (
    <Box flexDirection="column" flexShrink={0} paddingX={1} width={columns}>
      <Box height={1} flexShrink={0}>
        <Box flexShrink={0}>
          <Badge color={badgeColour[plan.grade]}>{plan.grade}</Badge>
        </Box>
        <Text wrap="truncate" {...theme.tones[target.environment === 'production' ? 'bad' : 'strong']}>
          {` ${cut(words, room, theme.symbols.ellipsis)}`}
        </Text>
      </Box>
      {children}
    </Box>
  )
}

interface TypedNameProps {
  readonly confirmation: string
  readonly typed: ReturnType<typeof textValue>
  readonly matches: boolean
  readonly columns: number
}

function TypedName({ confirmation, typed, matches, columns }: TypedNameProps) {
  const { tones, symbols } = useTheme()
  const label = `To go ahead, type `
  const room = Math.max(8, columns - widthOf(label) - widthOf(confirmation) - 8)
  return (
    <Box height={1} flexShrink={0}>
      <Text wrap="truncate">
        {label}
        <Text bold>{confirmation}</Text>
        {': '}
      </Text>
      <TextInput value={typed} columns={room} isFocused />
      {matches ? <Text {...tones.good}>{` ${symbols.pass}`}</Text> : null}
    </Box>
  )
}
