import { Box } from 'ink'
import { render } from 'ink-testing-library'
import type { ReactNode } from 'react'
import { describe, expect, test } from 'vitest'
import { Footer } from '../../src/tui/components/footer.tsx'
import { Form } from '../../src/tui/components/form.tsx'
import { Header } from '../../src/tui/components/header.tsx'
import { List } from '../../src/tui/components/list.tsx'
import { Panel } from '../../src/tui/components/panel.tsx'
import { Row, Rows } from '../../src/tui/components/rows.tsx'
import { TextInput, windowOf } from '../../src/tui/components/text-input.tsx'
import { targetFields } from '../../src/tui/fields.ts'
import { beginForm, problemsOf, showProblems } from '../../src/tui/form.ts'
import { widthOf } from '../../src/tui/lines.ts'
import { charactersOf, textValue } from '../../src/tui/text-field.ts'
import { ThemeScope, themeFor } from '../../src/tui/theme.ts'

/** The component's rows without colours. */
function draw(node: ReactNode, options: { ascii?: boolean; colour?: boolean } = {}): string[] {
  const theme = themeFor({ ascii: false, colour: false, motion: false, ...options })
  const { lastFrame, unmount } = render(<ThemeScope value={theme}>{node}</ThemeScope>)
  const frame = lastFrame() ?? ''
  unmount()
  return frame
    .replace(/\x1b\[[0-9;]*m/g, '')
    .split('\n')
    .map(line => line.trimEnd())
}

describe('a panel', () => {
  const panel = (weight: 'plain' | 'production' | 'grave') => (
    <Panel title="Steps" aside="5 of 9" foot="1-2 of 9" columns={30} rows={4} weight={weight}>
      <Rows lines={[[{ text: 'one' }], [{ text: 'two' }]]} width={26} />
    </Panel>
  )

  test('carries its title above and its whereabouts below', () => {
    expect(draw(panel('plain'))).toEqual([
      '╭─ Steps ─────────── 5 of 9 ─╮',
      '│ one                        │',
      '│ two                        │',
      '╰───────────────── 1-2 of 9 ─╯',
    ])
  })

  test('of production is drawn double, in ASCII too', () => {
    expect(draw(panel('production'))[0]).toBe('╔═ Steps ═══════════ 5 of 9 ═╗')
    expect(draw(panel('grave'), { ascii: true })).toEqual([
      '#= Steps =========== 5 of 9 =#',
      '# one                        #',
      '# two                        #',
      '#================= 1-2 of 9 =#',
    ])
  })

  test('cuts a title that is too long, and keeps its corner', () => {
    const [top = ''] = draw(
      <Panel title={'証明書の残り日数が足りない'.repeat(3)} aside="failed" columns={40} rows={3}>
        {null}
      </Panel>,
    )
    expect(widthOf(top)).toBe(40)
    expect(top.endsWith('failed ─╮')).toBe(true)
  })
})

describe('a row', () => {
  test('is cut at its width and never wraps', () => {
    expect(
      draw(
        <Box flexDirection="column">
          <Row line={[{ text: 'a word that is too long for this row' }]} width={12} />
          <Row line={[{ text: 'next' }]} width={12} />
        </Box>,
      ),
    ).toEqual(['a word that…', 'next'])
  })
})

describe('a list', () => {
  const entries = Array.from({ length: 20 }, (_, index) => ({
    id: `${index}`,
    line: [{ text: `row ${index}` }],
  }))

  test('draws only what is visible, with the selected row in it', () => {
    expect(draw(<List entries={entries} selected="10" columns={20} rows={3} isFocused />)).toEqual([
      '  row 9',
      '❯ row 10',
      '  row 11',
    ])
  })

  test('marks the selected row by a sign, not by colour', () => {
    const drawn = draw(<List entries={entries} selected="0" columns={20} rows={2} isFocused />, {
      ascii: true,
    })
    expect(drawn).toEqual(['> row 0', '  row 1'])
  })
})

describe('the header', () => {
  test('names the program, the server, its kind and the place', () => {
    const trail = { target: { name: 'shop', environment: 'production' as const }, path: ['server-setup'] }
    expect(
      draw(<Header trail={trail} columns={70} status={{ text: '✓ connected', tone: 'good' }} />),
    ).toEqual([' KNEEBOARD › shop (PRODUCTION) › server-setup             ✓ connected'])
  })

  test('cuts the place before it would cut the server', () => {
    const trail = { target: { name: 'shop', environment: 'production' as const }, path: ['x'.repeat(80)] }
    const [line = ''] = draw(
      <Header trail={trail} columns={60} status={{ text: 'connected', tone: 'good' }} />,
    )
    expect(line).toContain('shop (PRODUCTION)')
    expect(line).toContain('…')
    expect(line.endsWith('connected')).toBe(true)
  })
})

describe('the footer', () => {
  test('writes keys in the signs of the terminal', () => {
    const hints = [
      { shown: '↑↓', hint: 'move', isDisabled: false },
      { shown: '↵', hint: 'open', isDisabled: false },
    ]
    expect(draw(<Footer hints={hints} columns={60} />)).toEqual([' ↑↓ move  ↵ open'])
    expect(draw(<Footer hints={hints} columns={60} />, { ascii: true })).toEqual([
      ' up/down move  enter open',
    ])
  })

  test('gives way to a word to the operator', () => {
    const notice = { text: 'Stopping.', isRefusal: true }
    expect(draw(<Footer hints={[]} columns={60} notice={notice} />)).toEqual([' ! Stopping.'])
  })
})

describe('a text being typed', () => {
  test('a secret shows its length and nothing else', () => {
    expect(draw(<TextInput value={textValue('hunter2')} columns={20} isFocused isMasked />)).toEqual([
      '•••••••',
    ])
  })

  test('scrolls sideways so that the cursor is always visible', () => {
    const characters = charactersOf('abcdefghij証明書')
    for (let cursor = 0; cursor <= characters.length; cursor += 1) {
      const { before, at, after } = windowOf(characters, cursor, 8)
      expect(widthOf(before + at + after)).toBeLessThanOrEqual(8)
      expect(characters.join('')).toContain(before + (cursor < characters.length ? at : '') + after)
    }
  })

  test('an empty one says what could be in it', () => {
    expect(
      draw(<TextInput value={textValue('')} columns={20} isFocused={false} placeholder="web-1" />),
    ).toEqual(['web-1'])
  })
})

describe('a form', () => {
  const fields = targetFields([])

  test('says nothing is wrong before anything was typed', () => {
    const state = beginForm(fields)
    const drawn = draw(
      <Form fields={fields} state={state} problems={problemsOf(fields, state)} columns={70} rows={18} />,
    )
    expect(drawn.join('\n')).not.toContain('✗')
    expect(drawn[0]).toBe('❯ Name         web-1')
  })

  test('says under each field what is wrong with it, once handed in', () => {
    const state = showProblems(fields, beginForm(fields))
    const drawn = draw(
      <Form fields={fields} state={state} problems={problemsOf(fields, state)} columns={70} rows={18} />,
    )
    expect(drawn.slice(0, 5)).toEqual([
      '❯ Name         web-1',
      '               ✗ a name is needed',
      '',
      '  Address      203.0.113.10',
      '               ✗ an address is needed',
    ])
  })
})
