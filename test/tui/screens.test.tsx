/** The screens as pictures in text, at a small and at a large size: kept beside this file, to be read in review. */

import { afterEach, describe, expect, test, vi } from 'vitest'
import { createGate } from './harness/gate.ts'
import { type OpenProgram, open } from './harness/open.tsx'
import { cutOff, shop, testServices, web1 } from './harness/services.ts'

// Two cores that others use as well.
vi.setConfig({ testTimeout: 60_000 })

const sizes = [
  { columns: 80, rows: 24 },
  { columns: 140, rows: 45 },
] as const

const opened: OpenProgram[] = []
afterEach(async () => {
  for (const terminal of opened.splice(0)) await terminal.unmount()
})

describe.each(sizes)('$columns×$rows', ({ columns, rows }) => {
  async function program(options: Parameters<typeof open>[0] = {}): Promise<OpenProgram> {
    const terminal = await open({ columns, rows, ...options })
    opened.push(terminal)
    return terminal
  }
  async function picture(terminal: OpenProgram, name: string): Promise<void> {
    await terminal.settle()
    await expect(`${terminal.text()}\n`).toMatchFileSnapshot(`screens/${columns}x${rows}/${name}.txt`)
  }
  async function until(terminal: OpenProgram, title: string): Promise<void> {
    for (let question = 0; question < 30 && !terminal.text().includes(title); question += 1) {
      await terminal.waitFor(/n no, leave it|n none of them|run again/)
      if (!terminal.text().includes(title)) await terminal.press('n')
    }
    await terminal.waitFor(title)
  }

  test('before anything runs', async () => {
    const empty = await program({ services: testServices({ targets: [] }) })
    await picture(empty, 'home-empty')
    await empty.press('n', '-x', 'tab', '-bad', 'tab', 'tab', '99999', 'tab')
    await picture(empty, 'add-a-server')
    await empty.press('escape', 'i', 'down', ' ', 'right')
    await picture(empty, 'import')
    const waiting = await program({ services: testServices({ due: [cutOff] }) })
    await picture(waiting, 'home-due')
    const terminal = await program()
    await terminal.press('down')
    await picture(terminal, 'home')
    await terminal.press('?')
    await picture(terminal, 'help')
    await terminal.press('escape', 'up', 'enter')
    await picture(terminal, 'runbooks')
    await terminal.press('enter')
    await picture(terminal, 'parameters')
    await terminal.press('enter')
    await picture(terminal, 'plan')
    await terminal.press(':', 'check')
    await picture(terminal, 'palette')
    const trying = await program()
    await trying.press('t')
    await trying.waitFor('It works')
    await picture(trying, 'try-connection')
  })

  test('a run of checks', async () => {
    const gate = createGate(place => place === 'checking ssh/root-login-restricted')
    const services = testServices({ isFirstContact: true, pause: gate.pause })
    const terminal = await program({ services, initial: { runbook: 'server-setup', target: web1 } })
    await terminal.press('c')
    await terminal.waitFor('Is this your server?')
    await picture(terminal, 'host-key')
    await terminal.press('t')
    await gate.reached()
    await terminal.waitFor('Checking: Root logs in')
    await terminal.press('up')
    await picture(terminal, 'run-live')
    gate.open()
    await terminal.waitFor('run again')
    await picture(terminal, 'end')
    await terminal.press('enter', ' ')
    await picture(terminal, 'diagnosis')
    await terminal.press('escape', 'c')
    await picture(terminal, 'end-checks')
    await terminal.press('escape', 'e')
    await picture(terminal, 'export')
  })

  test('the evidence of a check', async () => {
    const terminal = await program({ initial: { runbook: 'server-setup', target: web1 } })
    await terminal.press('c')
    await terminal.waitFor('run again')
    await terminal.press('c', 'p', 'p', 'enter', 'end')
    await picture(terminal, 'evidence')
  })

  test('consent, choice and a remedy at work', async () => {
    const gate = createGate(
      place =>
        place === 'running ssh/turn-password-login-off 1' ||
        place === 'running docker/install-from-distribution 0',
    )
    const services = testServices({ pause: gate.pause })
    const terminal = await program({ services, initial: { runbook: 'server-setup', target: shop } })
    await terminal.press('enter')
    await until(terminal, 'Turn password login off?')
    await picture(terminal, 'consent-production')
    await terminal.press('end')
    await picture(terminal, 'consent-production-end')
    await terminal.press('y')
    await gate.reached()
    await terminal.waitFor('puts the old state back')
    await picture(terminal, 'remedy-guarded')
    gate.open()
    await until(terminal, 'which remedy?')
    await picture(terminal, 'choose')
    await terminal.press('enter')
    await terminal.waitFor('reversible')
    await picture(terminal, 'consent-reversible')
    await terminal.press('enter')
    await gate.reached()
    await terminal.waitFor('package 40 of 40')
    await picture(terminal, 'remedy-output')
  })

  test('past runs', async () => {
    const terminal = await program()
    await terminal.press('H')
    await terminal.waitFor('2 runs')
    await picture(terminal, 'history')
  })

  test('in ASCII', async () => {
    const terminal = await program({ ascii: true, initial: { runbook: 'server-setup', target: shop } })
    await terminal.press('c')
    await terminal.waitFor('run again')
    await terminal.press('c')
    await picture(terminal, 'end-checks-ascii')
  })
})
