/**
 * The shipped program in a real terminal, against a real OpenSSH server: whole journeys. The runbook only reads
 * here, because the server is this very machine.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { buildProgram, type Home, newHome, openProgram } from '../pty/program.ts'
import type { PtyTerminal } from '../pty/terminal.ts'
import { type Sshd, sshdInstalled, startSshd } from './sshd.ts'

let program: ReturnType<typeof buildProgram>
let sshd: Sshd
beforeAll(async () => {
  if (!sshdInstalled) return
  program = buildProgram()
  sshd = await startSshd()
}, 120_000)
afterAll(async () => {
  program?.remove()
  await sshd?.stop()
})

const opened: { terminal: PtyTerminal; home: Home }[] = []
afterEach(async () => {
  for (const { terminal } of opened) await terminal.close()
  for (const { home } of opened.splice(0)) home.remove()
})

function start(columns: number, rows: number, home = newHome()) {
  const knownHosts = join(home.folder, 'known_hosts')
  const words = ['run', 'server-setup', '--only', 'machine', '--known-hosts', knownHosts]
  const terminal = openProgram(program.path, home, words, { columns, rows })
  opened.push({ terminal, home })
  return { terminal, home, knownHosts }
}

async function addServer(terminal: PtyTerminal): Promise<void> {
  await terminal.waitFor('There is no server here yet.')
  terminal.press('n')
  await terminal.waitFor('Add a server')
  terminal.press('loop', 'enter', sshd.host, 'enter', sshd.user, 'enter', String(sshd.port), 'enter')
  terminal.press(sshd.identity, 'enter', 'right')
  await terminal.waitFor('(staging)')
}

/** From the list to a run of the checks. */
async function runChecks(terminal: PtyTerminal): Promise<void> {
  await terminal.waitFor('1 server')
  terminal.press('enter')
  await terminal.waitFor('Parameters of')
  terminal.press('enter')
  await terminal.waitFor('nothing has run yet')
  terminal.press('c')
}

const journals = (home: Home) =>
  readdirSync(join(home.folder, 'home', 'runs')).filter(name => name.endsWith('.jsonl'))

describe.skipIf(!sshdInstalled)(
  'journeys (left out when openssh-server is not installed)',
  { timeout: 180_000 },
  () => {
    test.each([
      [80, 24],
      [140, 45],
    ])('at %d×%d: add, try, trust, check, note, look again, export, leave', async (columns, rows) => {
      const { terminal, home, knownHosts } = start(columns, rows)
      await addServer(terminal)
      terminal.press('ctrl+t')
      await terminal.waitFor('Is this your server?')
      await terminal.waitFor(sshd.fingerprint)
      await terminal.waitFor('trust it')
      terminal.press('t')
      await terminal.waitFor('It works: checks and remedies can run.')
      expect(readFileSync(knownHosts, 'utf8')).toContain(`[127.0.0.1]:${sshd.port}`)
      terminal.press('enter')
      await runChecks(terminal)
      await terminal.waitFor('what is left', 60)
      terminal.press('w')
      await terminal.waitFor('Note:')
      terminal.press('a note with ? and : in it', 'enter')
      await terminal.waitFor('Written into the journal.')
      terminal.press('enter')
      await terminal.waitFor('Left to do')
      terminal.press('r')
      await terminal.waitFor('what is left', 60)
      terminal.press('e')
      await terminal.waitFor('Export as')
      terminal.press('enter')
      await terminal.waitFor('Written to')
      const [report = ''] = readdirSync(home.work)
      expect(readFileSync(join(home.work, report), 'utf8')).toContain('a note with ? and : in it')
      terminal.press('escape')
      await terminal.waitFor('run again')
      terminal.press('q')
      const { exitCode } = await terminal.ended
      expect([1, 2, 3]).toContain(exitCode)
      expect(terminal.text()).toContain('server-setup on loop (staging)')
      expect(terminal.text().replaceAll('\n', '')).toContain(journals(home)[0])
    })

    test('a server with another key than before is refused, and the screen says why', async () => {
      const { terminal, knownHosts } = start(80, 24)
      const wrong = readFileSync(`${sshd.strangerIdentity}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
      writeFileSync(knownHosts, `[127.0.0.1]:${sshd.port} ${wrong}\n`)
      await addServer(terminal)
      terminal.press('ctrl+s')
      await runChecks(terminal)
      await terminal.waitFor('The run could not be finished.', 60)
      expect(terminal.text()).toMatch(/host key/i)
      terminal.press('q')
      expect(await terminal.ended).toMatchObject({ exitCode: 77 })
    })

    test('a run that was killed waits at the top of the list, and enter goes on with it', async () => {
      const first = start(80, 24)
      await addServer(first.terminal)
      first.terminal.press('ctrl+s')
      await runChecks(first.terminal)
      await first.terminal.waitFor('trust it')
      first.terminal.press('t')
      await first.terminal.waitFor(/Checking|what is left/, 60)
      first.terminal.kill('SIGKILL')
      await first.terminal.ended
      const again = openProgram(program.path, first.home, [], { columns: 80, rows: 24 })
      opened.push({ terminal: again, home: first.home })
      await again.waitFor('Waits for you')
      expect(again.text()).toMatch(/❯ ◐ Set up a server was cut off on loop/)
      again.press('enter')
      await again.waitFor(/what is left|run again/, 60)
      expect(journals(first.home)).toHaveLength(1)
      again.press('q')
      await again.ended
    })

    test('a shell on the server, and back: the screen is whole, and the journal knows', async () => {
      const { terminal, home } = start(80, 24)
      await addServer(terminal)
      terminal.press('ctrl+s')
      await runChecks(terminal)
      await terminal.waitFor('trust it')
      terminal.press('t')
      await terminal.waitFor('what is left', 60)
      terminal.press('$')
      await terminal.waitFor('A shell on loop (staging).')
      // ssh throws away what was typed before it took the terminal over.
      await terminal.waitFor(/[#$>]$/m)
      terminal.send('echo "answer: $((40 + 2)) by ${SSH_CONNECTION:+ssh}"\r')
      await terminal.waitFor('answer: 42 by ssh')
      terminal.send('exit\r')
      await terminal.waitFor('what is left')
      expect(terminal.lines()[1]).toMatch(/^╭─ Set up a server ─+ \w+ ─╮$/)
      terminal.press('q')
      await terminal.ended
      const [journal = ''] = journals(home)
      const text = readFileSync(join(home.folder, 'home', 'runs', journal), 'utf8')
      expect(text).toContain('A shell was opened on the server.')
      expect(text).toContain('The shell was left.')
    })

    test('Ctrl-C asks the run to stop in a known state, and leaves when it has', async () => {
      const { terminal: screen } = start(80, 24)
      await addServer(screen)
      screen.press('ctrl+s')
      await runChecks(screen)
      await screen.waitFor('trust it')
      screen.press('ctrl+c')
      await screen.waitFor('run again')
      expect(screen.text()).toContain('Nothing was changed')
      screen.press('ctrl+c')
      expect((await screen.ended).exitCode).toBeGreaterThan(0)
    })
  },
)
