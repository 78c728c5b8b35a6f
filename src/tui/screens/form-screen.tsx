/** A screen that is a form: its keys, its live validation, and what handing it in does. */

import { StatusMessage } from '@inkjs/ui'
import { Box, useWindowSize } from 'ink'
import { useState } from 'react'
import { Form } from '../components/form.tsx'
import type { Trail } from '../components/header.tsx'
import { insideColumns, insideRows, Panel } from '../components/panel.tsx'
import { Screen } from '../components/screen.tsx'
import {
  beginForm,
  type FieldSpec,
  focusField,
  pasteInForm,
  pressInForm,
  problemsOf,
  putNextFound,
  showProblems,
  textsOf,
} from '../form.ts'
import { keyTable } from '../keys.ts'

export const formKeys = keyTable({
  next: { keys: ['down', 'tab'], shown: 'Tab', hint: 'next', help: 'To the next field' },
  previous: { keys: ['up', 'shift+tab'], shown: 'Shift-Tab', hint: '', help: 'To the field before' },
  change: { keys: [], shown: '←→', hint: 'choose', help: 'Another of the choices' },
  enter: {
    keys: ['enter'],
    shown: '↵',
    hint: 'go on',
    help: 'To the next field that needs you, and on from the last',
  },
  try: {
    keys: ['ctrl+t'],
    shown: 'Ctrl-T',
    hint: 'try the connection',
    help: 'Connect to it now, look at its host key, and come back',
  },
  look: {
    keys: ['ctrl+r'],
    shown: 'Ctrl-R',
    hint: 'ask the server',
    help: 'Connect, and fill in what the server itself says; nothing is changed there',
  },
  pick: {
    keys: ['ctrl+n'],
    shown: 'Ctrl-N',
    hint: 'next found value',
    help: 'Put the next value that the server has into the field',
  },
  save: { keys: ['ctrl+s'], shown: 'Ctrl-S', hint: 'done', help: 'Go on from anywhere in the form' },
  cancel: { keys: ['escape'], shown: 'Esc', hint: 'back', help: 'Back, without keeping what was typed' },
})

interface FormScreenProps {
  readonly title: string
  readonly trail: Trail
  readonly fields: readonly FieldSpec[]
  /** `each`: Enter goes through the fields. `all`: the form is filled already, and Enter hands it in. */
  readonly enter: 'each' | 'all'
  /** What went wrong when it was handed in. */
  readonly problem?: string
  /** What was typed before. */
  readonly texts?: Readonly<Record<string, string>>
  readonly onTry?: (texts: Record<string, string>) => void
  /** Asks the server for values; what is typed so far goes along, right or not. */
  readonly onLook?: (texts: Record<string, string>) => void
  readonly onDone: (texts: Record<string, string>) => void
  readonly onCancel: () => void
}

export function FormScreen(props: FormScreenProps) {
  const { title, trail, fields, enter, problem, texts, onTry, onLook, onDone, onCancel } = props
  const { columns, rows } = useWindowSize()
  const [form, setForm] = useState(() => beginForm(fields, texts))
  const problems = problemsOf(fields, form)
  const isLast = form.focus === fields.length - 1
  const isChoice = fields[form.focus]?.kind === 'choice'
  const hand = (take: (texts: Record<string, string>) => void) => {
    if (Object.keys(problems).length > 0) setForm(showProblems(fields, form))
    else take(textsOf(form))
  }
  const handIn = () => hand(onDone)
  const here = fields[form.focus]
  const onEnter = () => {
    // A wrong field keeps the cursor: going on would only mean coming back.
    if (enter === 'each' && !isLast) {
      const isWrong = here !== undefined && problems[here.name] !== undefined
      setForm(focusField(fields, form, isWrong ? form.focus : form.focus + 1))
    } else handIn()
  }
  return (
    <Screen
      trail={trail}
      keys={formKeys}
      handlers={{
        next: () => setForm(focusField(fields, form, (form.focus + 1) % fields.length)),
        previous: () => setForm(focusField(fields, form, (form.focus - 1 + fields.length) % fields.length)),
        change: isChoice ? () => {} : undefined,
        enter: onEnter,
        try: onTry === undefined ? undefined : () => hand(onTry),
        look: onLook === undefined ? undefined : () => onLook(textsOf(form)),
        pick:
          here === undefined || here.found.length === 0
            ? undefined
            : () => setForm(putNextFound(fields, form)),
        save: enter === 'each' ? handIn : undefined,
        cancel: onCancel,
      }}
      field={{
        press(press) {
          const next = pressInForm(fields, form, press)
          if (next !== undefined) setForm(next)
          return next !== undefined
        },
        paste: text => setForm(pasteInForm(fields, form, text)),
      }}
    >
      <Panel title={title} columns={columns} rows={rows - 2} isFocused>
        {problem === undefined ? null : (
          <Box flexShrink={0} height={2}>
            <StatusMessage variant="error">{problem}</StatusMessage>
          </Box>
        )}
        <Form
          fields={fields}
          state={form}
          problems={problems}
          columns={insideColumns(columns)}
          rows={insideRows(rows - 2) - (problem === undefined ? 0 : 2)}
        />
      </Panel>
    </Screen>
  )
}
