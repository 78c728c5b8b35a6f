/** The help over a screen: every key that the screen knows, from the table that handles them. */

import { Box, useWindowSize } from 'ink'
import type { Page } from '../documents/build.ts'
import { actionFor, everywhere, type KeyTable, keyTable, scrolling } from '../keys.ts'
import { type Line, widthOf, wrapWords } from '../lines.ts'
import { useScroll, whereabouts } from '../scroll.ts'
import { spellKey } from '../symbols.ts'
import { useTheme } from '../theme.ts'
import { Footer } from './footer.tsx'
import { Header, type Trail } from './header.tsx'
import { useKeyTarget } from './key-scope.tsx'
import { insideColumns, insideRows, Panel } from './panel.tsx'
import { Rows } from './rows.tsx'

export const helpKeys = keyTable({
  close: { keys: ['escape', '?', 'q', 'enter'], shown: 'Esc', hint: 'close', help: 'Back to the screen' },
  ...scrolling,
})

interface HelpProps {
  readonly trail: Trail
  readonly keys: KeyTable
  readonly isAvailable: (action: string) => boolean
  readonly onClose: () => void
}

export function Help({ trail, keys, isAvailable, onClose }: HelpProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const lines = helpLines(keys, isAvailable, { width: insideColumns(columns), symbols })
  const height = insideRows(rows - 2)
  const scroll = useScroll(lines.length, height)
  const handlers = { close: onClose, ...scroll.handlers }
  useKeyTarget({
    isTyping: false,
    press(press) {
      const action = actionFor(helpKeys, press)
      if (action !== undefined) handlers[action]()
    },
  })
  const foot = whereabouts(scroll.top, height, lines.length)
  return (
    <Box flexDirection="column" width="100%" height={rows}>
      <Header trail={{ ...trail, path: [...trail.path, 'help'] }} columns={columns} />
      <Panel
        title="Keys"
        columns={columns}
        rows={rows - 2}
        isFocused
        {...(foot === undefined ? {} : { foot })}
      >
        <Rows lines={lines.slice(scroll.top, scroll.top + height)} width={insideColumns(columns)} />
      </Panel>
      <Footer columns={columns} hints={[{ shown: 'Esc', hint: 'close', isDisabled: false }]} />
    </Box>
  )
}

/** One row for each binding that does something now, then the keys that work everywhere, then the signs. */
export function helpLines(keys: KeyTable, isAvailable: (action: string) => boolean, page: Page): Line[] {
  const { symbols } = page
  const row = (keyName: string, help: string): Line[] => {
    const shown = spellKey(keyName, symbols)
    const lead = `  ${shown}${' '.repeat(Math.max(1, 14 - widthOf(shown)))}`
    return wrapWords(help, page.width - widthOf(lead)).map((words, index) => [
      { text: index === 0 ? lead : ' '.repeat(widthOf(lead)), tone: 'accent' },
      { text: words },
    ])
  }
  const own = Object.entries(keys)
    .filter(([action]) => isAvailable(action))
    .flatMap(([action, { shown, help }]) => row(action === 'up' ? '↑' : shown, help))
  const always = Object.values(everywhere).flatMap(({ shown, help }) => row(shown, help))
  const sign = (symbol: string, words: string): Line => [{ text: `  ${symbol}`.padEnd(16) }, { text: words }]
  return [
    [{ text: 'On this screen', tone: 'strong' }],
    ...own,
    [],
    [{ text: 'Everywhere', tone: 'strong' }],
    ...always,
    [],
    [{ text: 'Signs', tone: 'strong' }],
    sign(symbols.pass, 'passed: proven by a check'),
    sign(symbols.fail, 'failed: proven wrong'),
    sign(symbols.warn, 'warning: works, but not as it should'),
    sign(symbols.unknown, 'unproven: could not be checked, so it proves nothing'),
    sign(symbols.skipped, 'skipped, or blocked by another failure'),
    sign(symbols.notApplicable, 'not needed on this server'),
    sign(symbols.waiting, 'waiting for its turn'),
  ]
}
