import xterm from '@xterm/headless'
import { expect, test } from 'vitest'
import { withFileLink } from '../../src/tui/link.ts'

const path = '/home/op/a folder/run $&.jsonl'
const words = `passed\n  journal: ${path}`

test('the path leads to its file, and reads as it did', async () => {
  const linked = withFileLink(words, path, { colour: true })
  expect(linked).toContain('\x1b]8;;file:///home/op/a%20folder/run%20$&.jsonl\x1b\\')
  const screen = new xterm.Terminal({ cols: 80, rows: 5, allowProposedApi: true })
  await new Promise<void>(resolve => screen.write(linked.replaceAll('\n', '\r\n'), resolve))
  const shown = [0, 1].map(row => screen.buffer.active.getLine(row)?.translateToString(true))
  expect(shown.join('\n')).toBe(words)
})

test('without colour, and without the path, the words stay as they are', () => {
  expect(withFileLink(words, path, { colour: false })).toBe(words)
  expect(withFileLink('passed', path, { colour: true })).toBe('passed')
})
