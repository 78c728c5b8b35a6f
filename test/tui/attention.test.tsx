/** What the terminal itself is told: its title, its taskbar, its bell. */

import { afterEach, describe, expect, test } from 'vitest'
import { LOOKED_AWAY, progressSequence } from '../../src/tui/attention.ts'
import { sparkline } from '../../src/tui/sparkline.ts'
import { asciiSymbols, unicodeSymbols } from '../../src/tui/symbols.ts'
import { createGate } from './harness/gate.ts'
import { type OpenProgram, open } from './harness/open.tsx'
import { testServices, web1 } from './harness/services.ts'

const opened: OpenProgram[] = []
afterEach(async () => {
  for (const terminal of opened.splice(0)) await terminal.unmount()
})
async function program(...options: Parameters<typeof open>): Promise<OpenProgram> {
  const terminal = await open(...options)
  opened.push(terminal)
  return terminal
}
const initial = { runbook: 'server-setup', target: web1 }

describe('the bell', () => {
  async function untilQuestion(away: number) {
    const gate = createGate(place => place === 'checking system/supported-release')
    const services = testServices({ pause: gate.pause })
    const terminal = await program({ services, initial })
    await terminal.press('enter')
    await gate.reached()
    services.clock.now += away
    gate.open()
    await terminal.waitFor('n no, leave it')
    return terminal
  }

  test('rings when a question comes and nobody has pressed a key for a while', async () => {
    expect((await untilQuestion(LOOKED_AWAY + 1000)).bells()).toBe(1)
  })

  test('is silent while somebody is at the keys', async () => {
    expect((await untilQuestion(0)).bells()).toBe(0)
  })
})

describe('the taskbar', () => {
  test('shows how far the run is, waits with it, and is cleared at its end', async () => {
    const terminal = await program({ initial })
    await terminal.press('enter')
    await terminal.waitFor('n no, leave it')
    expect(terminal.commands(9).at(-1)).toMatch(/^4;4;\d+$/)
    await terminal.press('s')
    await terminal.waitFor('run again')
    expect(terminal.commands(9).at(-1)).toBe('4;0;0')
  })

  test('never leaves the range that terminals know', () => {
    expect(progressSequence({ percent: 140, isPaused: false })).toBe('\x1b]9;4;1;100\x07')
    expect(progressSequence({ percent: -1, isPaused: true })).toBe('\x1b]9;4;4;0\x07')
  })
})

test('the title names the server and the place', async () => {
  const terminal = await program({ initial })
  expect(terminal.commands(2).at(-1)).toBe('web-1 › server-setup › plan')
})

describe('a sparkline', () => {
  test('has a cell for each value, and nothing small is drawn as nothing', () => {
    expect(sparkline([0, 1, 40, 20], 10, unicodeSymbols)).toBe('▁▂█▅')
    expect(sparkline([0, 1, 40, 20], 10, asciiSymbols)).toHaveLength(4)
  })

  test('keeps the newest when there is no room', () => {
    expect(sparkline([9, 9, 0], 1, unicodeSymbols)).toBe('▁')
  })

  test('of nothing but zeros is flat', () => {
    expect(sparkline([0, 0], 5, unicodeSymbols)).toBe('▁▁')
  })
})
