/** One line to type, above the footer: a note, a reason, words to search for. The screen stays where it is. */

import { Box, Text } from 'ink'
import { type ReactNode, useState } from 'react'
import { type Handlers, type KeyTable, keyTable } from '../keys.ts'
import { widthOf } from '../lines.ts'
import { insert, textValue, typeKey } from '../text-field.ts'
import { useTheme } from '../theme.ts'
import type { Field } from './screen.tsx'
import { TextInput } from './text-input.tsx'

export const promptKeys = keyTable({
  done: { keys: ['enter'], shown: '↵', hint: 'done', help: 'Take what is typed' },
  cancel: { keys: ['escape'], shown: 'Esc', hint: 'cancel', help: 'Give it up' },
})

interface Asking {
  readonly label: string
  readonly placeholder: string
  readonly done: (text: string) => unknown
  readonly changed?: (text: string) => void
}

export interface Prompt {
  readonly isOpen: boolean
  /** Rows of the body that it takes: 1 while it is open. */
  readonly rows: 0 | 1
  readonly keys: KeyTable<'done' | 'cancel'>
  readonly handlers: Handlers<'done' | 'cancel'>
  readonly field: Field
  readonly row: ReactNode
  ask(question: Asking, initial?: string): void
}

/** @param columns of the whole screen. */
export function usePrompt(columns: number): Prompt {
  const { tones } = useTheme()
  const [asking, setAsking] = useState<Asking>()
  const [value, setValue] = useState(textValue(''))
  const change = (next: ReturnType<typeof textValue>) => {
    setValue(next)
    asking?.changed?.(next.text)
  }
  const close = () => setAsking(undefined)
  const label = `${asking?.label ?? ''} `
  return {
    isOpen: asking !== undefined,
    rows: asking === undefined ? 0 : 1,
    keys: promptKeys,
    handlers: {
      done() {
        close()
        const text = value.text.trim()
        return text === '' ? undefined : asking?.done(text)
      },
      cancel() {
        close()
        asking?.changed?.('')
      },
    },
    field: {
      press(press) {
        const next = typeKey(value, press)
        if (next !== undefined) change(next)
        return next !== undefined
      },
      paste: text => change(insert(value, text)),
    },
    row:
      asking === undefined ? null : (
        <Box height={1} flexShrink={0} paddingX={1} width={columns}>
          <Text {...tones.accent}>{label}</Text>
          <TextInput
            value={value}
            columns={Math.max(8, columns - widthOf(label) - 4)}
            isFocused
            placeholder={asking.placeholder}
          />
        </Box>
      ),
    ask(question, initial = '') {
      setValue(textValue(initial))
      setAsking(question)
    },
  }
}
