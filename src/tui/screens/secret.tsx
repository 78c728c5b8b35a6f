/** Something secret to type: a password, a passphrase, the code of an authenticator. Masked, and kept nowhere. */

import { StatusMessage } from '@inkjs/ui'
import { Box, Text, useWindowSize } from 'ink'
import { useState } from 'react'
import type { RunState } from '../../engine/state.ts'
import { connectionStatus, type Trail } from '../components/header.tsx'
import { insideColumns, Panel } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { TextInput } from '../components/text-input.tsx'
import { prose } from '../documents/build.ts'
import { keyTable } from '../keys.ts'
import { cut, visible } from '../lines.ts'
import type { SecretQuestion } from '../prompts.ts'
import { insert, textValue, typeKey } from '../text-field.ts'
import { useTheme } from '../theme.ts'

export const secretKeys = keyTable({
  go: { keys: ['enter'], shown: '↵', hint: 'go on', help: 'Use what is typed' },
  next: { keys: ['tab', 'down'], shown: 'Tab', hint: 'next field', help: 'To the next field' },
  previous: { keys: ['shift+tab', 'up'], shown: 'Shift-Tab', hint: '', help: 'To the field before' },
  cancel: {
    keys: ['escape'],
    shown: 'Esc',
    hint: 'give none',
    help: 'Give nothing: the connection tries what else it has',
  },
})

interface SecretProps {
  readonly request: SecretQuestion
  readonly trail: Trail
  readonly state: RunState | undefined
  readonly onAnswer: (answers: readonly string[] | null) => void
}

export function Secret({ request, trail, state, onAnswer }: SecretProps) {
  const { columns, rows } = useWindowSize()
  const theme = useTheme()
  const [values, setValues] = useState(() => request.fields.map(() => textValue('')))
  const [focus, setFocus] = useState(0)
  const width = insideColumns(columns)
  const page = { width: Math.min(width, 90), symbols: theme.symbols }
  const current = values[focus] ?? textValue('')
  const isLast = focus === request.fields.length - 1
  const change = (value: ReturnType<typeof textValue>) =>
    setValues(values.map((old, index) => (index === focus ? value : old)))
  return (
    <Screen
      trail={trail}
      status={connectionStatus(state?.connection, theme, columns)}
      keys={secretKeys}
      handlers={{
        go: isLast ? () => onAnswer(values.map(({ text }) => text)) : () => setFocus(focus + 1),
        next: isLast ? undefined : () => setFocus(focus + 1),
        previous: focus === 0 ? undefined : () => setFocus(focus - 1),
        cancel: () => onAnswer(null),
      }}
      field={{
        press(press) {
          const next = typeKey(current, press)
          if (next !== undefined) change(next)
          return next !== undefined
        },
        paste: text => change(insert(current, text)),
      }}
    >
      <Panel title={request.title} columns={columns} rows={rows - 2} isFocused>
        {request.correction === undefined ? null : (
          <Box flexShrink={0} marginBottom={1}>
            <StatusMessage variant="error">{request.correction}</StatusMessage>
          </Box>
        )}
        <Rows
          width={width}
          lines={[
            ...prose(page, request.explanation),
            [],
            ...(request.said === undefined
              ? []
              : [...request.said.split('\n').flatMap(row => prose(page, visible(row), 'strong', 2)), []]),
          ]}
        />
        {request.fields.map((field, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the server may give two fields the same label
          <Box key={index} height={1} flexShrink={0}>
            <Text {...theme.tones.accent}>{index === focus ? `${theme.symbols.cursor} ` : '  '}</Text>
            <Text wrap="truncate" bold={index === focus}>
              {`${cut(visible(field.label).trim().replace(/:$/, ''), Math.floor(width / 2), theme.symbols.ellipsis)}: `}
            </Text>
            <TextInput
              value={values[index] ?? textValue('')}
              columns={Math.floor(width / 2) - 6}
              isFocused={index === focus}
              isMasked={field.isMasked}
            />
          </Box>
        ))}
      </Panel>
    </Screen>
  )
}
