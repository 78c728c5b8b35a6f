/** The command palette: everything that can be done on the screen below it, found by typing. */

import { Box, useWindowSize } from 'ink'
import { useState } from 'react'
import { actionFor, type Handler, type KeyTable, keyTable, movement } from '../keys.ts'
import { spread } from '../lines.ts'
import { spellKey } from '../symbols.ts'
import { insert, textValue, typeKey } from '../text-field.ts'
import { useTheme } from '../theme.ts'
import { Footer } from './footer.tsx'
import { Header, type Trail } from './header.tsx'
import { useKeyTarget } from './key-scope.tsx'
import { type Entry, entryColumns, List, useSelection } from './list.tsx'
import { insideColumns, insideRows, Panel } from './panel.tsx'
import { TextInput } from './text-input.tsx'

export const paletteKeys = keyTable({
  run: { keys: ['enter'], shown: '↵', hint: 'do it', help: 'Do what is marked' },
  up: { ...movement.up, keys: ['up'] },
  down: { ...movement.down, keys: ['down'] },
  pageUp: { ...movement.pageUp, keys: ['pageup'] },
  pageDown: { ...movement.pageDown, keys: ['pagedown'] },
  close: { keys: ['escape', 'ctrl+p'], shown: 'Esc', hint: 'close', help: 'Back to the screen' },
})

export interface Command {
  readonly action: string
  readonly shown: string
  readonly help: string
  readonly run: () => void
}

/** What a screen can do now, moving about left out. */
export function commandsOf(
  keys: KeyTable,
  handlers: Readonly<Record<string, Handler>>,
  run: (action: string) => void,
): Command[] {
  return Object.entries(keys)
    .filter(([action]) => !(action in movement) && typeof handlers[action] === 'function')
    .map(([action, { shown, help }]) => ({ action, shown, help, run: () => run(action) }))
}

/** Every word typed is somewhere in the command's words. */
export function matchingCommands(commands: readonly Command[], typed: string): Command[] {
  const words = typed.toLowerCase().split(/\s+/)
  return commands.filter(({ help, action }) => {
    const text = `${help} ${action}`.toLowerCase()
    return words.every(word => text.includes(word))
  })
}

interface PaletteProps {
  readonly trail: Trail
  readonly commands: readonly Command[]
  readonly onClose: () => void
}

export function Palette({ trail, commands, onClose }: PaletteProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const [typed, setTyped] = useState(textValue(''))
  const width = insideColumns(columns)
  const shown = matchingCommands(commands, typed.text)
  const entries = shown.map(
    ({ action, shown: key, help }): Entry => ({
      id: action,
      line: spread(
        [{ text: help }],
        [{ text: spellKey(key, symbols), tone: 'accent' }],
        entryColumns(width),
        symbols.ellipsis,
      ),
    }),
  )
  const listRows = insideRows(rows - 2) - 2
  const selection = useSelection(entries, listRows)
  const chosen = shown.find(({ action }) => action === selection.selected)
  const handlers = {
    ...selection.handlers,
    run() {
      onClose()
      chosen?.run()
    },
    close: onClose,
  }
  useKeyTarget({
    isTyping: true,
    press(press) {
      const next = typeKey(typed, press)
      if (next !== undefined) return setTyped(next)
      const action = actionFor(paletteKeys, press)
      if (action !== undefined) handlers[action]()
    },
    paste: text => setTyped(insert(typed, text)),
  })
  return (
    <Box flexDirection="column" width="100%" height={rows}>
      <Header trail={{ ...trail, path: [...trail.path, 'commands'] }} columns={columns} />
      <Panel title="What would you like to do?" columns={columns} rows={rows - 2} isFocused>
        <Box height={2} flexShrink={0}>
          <TextInput value={typed} columns={width - 2} isFocused placeholder="words of it" />
        </Box>
        <List entries={entries} selected={selection.selected} columns={width} rows={listRows} isFocused />
      </Panel>
      <Footer
        columns={columns}
        hints={Object.values(paletteKeys)
          .filter(({ hint }) => hint !== '')
          .map(({ shown: key, hint }) => ({ shown: key, hint, isDisabled: false }))}
      />
    </Box>
  )
}
