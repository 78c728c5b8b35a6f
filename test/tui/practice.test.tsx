/** Practising on the screens: the scenarios, an exercise, its hints, its debrief. Pictures at two sizes beside this file. */

import { render } from 'ink-testing-library'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Debrief } from '../../src/practice/training/debrief.ts'
import { Rows } from '../../src/tui/components/rows.tsx'
import { debriefPage } from '../../src/tui/documents/practice.ts'
import { ThemeScope, themeFor } from '../../src/tui/theme.ts'
import { type OpenProgram, open } from './harness/open.tsx'
import { practiceServices } from './harness/practice.ts'
import { testServices, web1 } from './harness/services.ts'

// Two cores that others use as well.
vi.setConfig({ testTimeout: 60_000 })

const opened: OpenProgram[] = []
afterEach(async () => {
  for (const terminal of opened.splice(0)) await terminal.unmount()
})
async function program(options: Parameters<typeof open>[0] = {}): Promise<OpenProgram> {
  const terminal = await open({ services: practiceServices(), ...options })
  opened.push(terminal)
  return terminal
}
const footer = (terminal: OpenProgram) => terminal.lines().at(-1) ?? ''

/** From the empty home into the scenario, at the plan of its runbook. */
async function begin(terminal: OpenProgram): Promise<void> {
  await terminal.waitFor('There is no server here yet.')
  await terminal.press('enter', 'down', 'enter')
  await terminal.waitFor('nothing has run yet')
}

/** The checks alone: the cause is among them. */
async function runChecks(terminal: OpenProgram): Promise<void> {
  await terminal.press('c')
  await terminal.waitFor('run again')
}

describe.each([
  { columns: 80, rows: 24 },
  { columns: 140, rows: 45 },
])('$columns×$rows', ({ columns, rows }) => {
  test('the pictures', async () => {
    const terminal = await program({ columns, rows })
    const picture = async (name: string) => {
      await terminal.settle()
      await expect(`${terminal.text()}\n`).toMatchFileSnapshot(
        `screens/${columns}x${rows}/practice-${name}.txt`,
      )
    }
    await terminal.press('enter', 'down')
    await picture('scenarios')
    await terminal.press('enter')
    await terminal.waitFor('nothing has run yet')
    await terminal.press('i', 'enter')
    await picture('hints')
    await terminal.press('escape', 'escape')
    await picture('exercise')
    await terminal.press('enter')
    await terminal.waitFor('nothing has run yet')
    await runChecks(terminal)
    await picture('end')
    await terminal.press('b')
    await terminal.waitFor('What led to what')
    await picture('debrief')
  })
})

describe('the scenarios', () => {
  test('are reached with three keys to a running runbook, however fast they come', async () => {
    const terminal = await program()
    await terminal.waitFor('There is no server here yet.')
    await terminal.send('\r\r')
    await terminal.waitFor('nothing has run yet')
    await terminal.press('enter')
    await terminal.waitFor(/\(PRACTICE\) › server-setup(?! › plan)/)
    expect(terminal.services).toMatchObject({ begun: ['bare'] })
  })

  test('say what was noticed and the best score, and which have none', async () => {
    const terminal = await program()
    await terminal.press('enter', 'down')
    expect(terminal.text()).toMatch(/❯ The open door +best 70/)
    expect(terminal.text()).toContain('somebody tries passwords')
    expect(terminal.text()).toMatch(/A bare server +no score/)
    expect(terminal.text()).toMatch(/A surprise +not yet/)
  })

  test('are a key away when there are servers, and Esc leads back', async () => {
    const { training, ...rest } = practiceServices()
    const services = {
      ...testServices({ targets: [{ target: web1 }] }),
      begun: [],
      ...(training ? { training } : {}),
    }
    expect(rest.begun).toEqual([])
    const terminal = await program({ services })
    await terminal.waitFor('1 server')
    await terminal.press('p')
    await terminal.waitFor('What would you like to practise?')
    await terminal.press('escape')
    await terminal.waitFor('1 server')
  })

  test('a server that does not start is said, and nothing is left half open', async () => {
    const terminal = await program()
    await terminal.press('enter', 'end', 'enter')
    await terminal.waitFor('the practice server did not start')
    expect(terminal.text()).toContain('What would you like to practise?')
  })
})

describe('a hint', () => {
  test('says its cost before it is shown, and costs nothing until then', async () => {
    const terminal = await program()
    await begin(terminal)
    expect(footer(terminal)).toContain('i hint')
    await terminal.press('i')
    expect(terminal.text()).toContain('The first hint costs 5 points.')
    expect(terminal.text()).not.toContain('A password can be guessed.')
    await terminal.press('escape', 'i', 'enter')
    expect(terminal.text()).toContain('A password can be guessed.')
    expect(footer(terminal)).toContain('show the next hint, for 10 points')
    await terminal.press('enter', 'enter', 'enter')
    expect(terminal.text()).toContain('That was the last hint.')
    await terminal.press('escape')
    await runChecks(terminal)
    await terminal.press('b')
    await terminal.waitFor('3 hints')
    expect(terminal.text()).toContain('-30  3 hints')
  })

  test('is in the help and in the palette while one practises, and nowhere else', async () => {
    const terminal = await program()
    await begin(terminal)
    await terminal.press('?')
    expect(terminal.text()).toContain('A hint costs points')
    await terminal.press('escape', ':', 'hint')
    expect(terminal.text()).toContain('Practice: what was noticed')
    const other = await program({
      services: testServices(),
      initial: { runbook: 'server-setup', target: web1 },
    })
    await other.waitFor('nothing has run yet')
    expect(footer(other)).not.toContain('hint')
    await other.press('i')
    expect(other.text()).toContain('nothing has run yet')
  })

  test('is no key while one types', async () => {
    const terminal = await program()
    await begin(terminal)
    await runChecks(terminal)
    await terminal.press('c', 'enter', '/')
    await terminal.press('i')
    expect(terminal.text()).not.toContain('What was noticed')
  })
})

describe('an exercise', () => {
  test('ends with its debrief by b and by q alike, and the list knows the score', async () => {
    const terminal = await program()
    await begin(terminal)
    await runChecks(terminal)
    await terminal.press('q')
    await terminal.waitFor('What led to what')
    expect(terminal.text()).toContain('Score: 60 of 100, your best so far')
    expect(terminal.text()).toContain('0 of 40  It works again')
    expect(terminal.exits).toEqual([])
    await terminal.press('enter')
    await terminal.waitFor(/❯ The open door +best 60/)
    await terminal.press('escape')
    await terminal.waitFor('There is no server here yet.')
  })

  test('whose server says that it works has all points', async () => {
    const terminal = await program({ services: practiceServices({ works: true }) })
    await begin(terminal)
    await runChecks(terminal)
    await terminal.press('b')
    await terminal.waitFor('Score: 100 of 100')
    await terminal.press('q')
    expect(terminal.exits).toHaveLength(1)
  })

  test('leads back from a run to what was noticed, and on to other runbooks', async () => {
    const terminal = await program()
    await begin(terminal)
    await runChecks(terminal)
    await terminal.press('escape')
    await terminal.waitFor('Go on')
    await terminal.press('r')
    await terminal.waitFor('3 runbooks')
    await terminal.press('escape')
    await terminal.waitFor('Go on')
    await terminal.press('escape')
    await terminal.waitFor('What would you like to practise?')
  })

  test('can be begun again from its debrief, on a fresh server', async () => {
    const terminal = await program()
    await begin(terminal)
    await runChecks(terminal)
    await terminal.press('b')
    await terminal.waitFor('What led to what')
    await terminal.press('a')
    await terminal.waitFor('nothing has run yet')
    expect(terminal.services).toMatchObject({ begun: ['open-door', 'open-door'] })
    await terminal.press('i')
    expect(terminal.text()).toContain('The first hint costs 5 points.')
  })

  test('opens at what was noticed when it was asked for by name', async () => {
    const services = practiceServices()
    const exercise = await services.training?.begin('open-door')
    const terminal = await program({ services, initial: { practice: exercise ? { exercise } : {} } })
    await terminal.waitFor('somebody tries passwords')
    expect(footer(terminal)).toContain('b debrief')
    await terminal.press('b')
    await terminal.waitFor('It is not mended, and its cause was not found')
    expect(terminal.text()).toContain('Score: 0 of 100')
  })
})

describe('the debrief as a page', () => {
  const debrief: Debrief = {
    scenario: 'surprise',
    title: 'A surprise',
    reveals: 'The AAAA of another host',
    works: false,
    isCauseFound: true,
    outOfReach: 'DNS is changed elsewhere.',
    elapsed: 65_000,
    problem: 'The score could not be kept: no space left.',
    score: {
      total: 80,
      rules: [{ title: 'It works again', points: 0, of: 0, why: 'DNS is changed elsewhere.' }],
    },
    best: { points: 95, isNew: false },
    chain: ['One.'],
    fastest: [],
  }
  const draw = (ascii: boolean) => {
    const theme = themeFor({ ascii, colour: false, motion: false })
    const { lastFrame, unmount } = render(
      <ThemeScope value={theme}>
        <Rows lines={debriefPage({ width: 60, symbols: theme.symbols }, debrief)} width={60} />
      </ThemeScope>,
    )
    const frame = lastFrame() ?? ''
    unmount()
    return frame
  }

  test('reveals a surprise, compares with the best, and says what went wrong', () => {
    const text = draw(false)
    expect(text).toMatch(/^✓ The cause is found, which is all that could be done/)
    expect(text).toContain('The surprise was: The AAAA of another host.')
    expect(text).toContain('Score: 80 of 100; your best is 95')
    expect(text).toContain('no space left')
    expect(text).not.toContain('The fastest way')
  })

  test('has only ASCII marks on a terminal that has no others', () => {
    expect(draw(true)).toMatch(/^\+ The cause is found/)
  })
})
