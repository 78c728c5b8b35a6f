/** What an operator does unasked: notes, skips, hold, look again, a shell, search, copy, export, the palette. */

import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Intent } from '../../src/engine/intents.ts'
import type { Review } from '../../src/engine/operator.ts'
import { type RunState, reduce } from '../../src/engine/state.ts'
import type { RunEvent, StoredVerdict } from '../../src/model/event.ts'
import { Failure } from '../../src/model/failure.ts'
import type { RunOutcome, RunPorts } from '../../src/tui/services.ts'
import { evidence, steps } from './fixtures/server-setup.ts'
import { type OpenProgram, open } from './harness/open.tsx'
import { cutOff, testServices, web1 } from './harness/services.ts'

vi.setConfig({ testTimeout: 60_000 })

const opened: OpenProgram[] = []
async function program(...options: Parameters<typeof open>): Promise<OpenProgram> {
  const terminal = await open(...options)
  opened.push(terminal)
  return terminal
}
afterEach(async () => {
  for (const terminal of opened.splice(0)) await terminal.unmount()
})
const footer = (terminal: OpenProgram) => terminal.lines().at(-1) ?? ''
const at = { runbook: 'server-setup', target: web1 }

const time = '2026-08-03T14:02:10.000Z'
const begun: RunEvent = {
  type: 'run-started',
  at: time,
  run: 'r',
  tool: 't',
  operator: 'ada',
  mode: 'run',
  runbook: 'server-setup',
  title: 'Set up a server',
  target: { name: 'web-1', environment: 'staging', host: 'web' },
  params: {},
  steps: [...steps],
}
const finished = (check: string, verdict: StoredVerdict): RunEvent => ({
  type: 'check-finished',
  at: time,
  check,
  round: 1,
  verdict,
  evidence: [evidence('cat /etc/os-release', 'NAME=Debian\nVERSION=12\n')],
  durationMs: 5,
})
const failing: StoredVerdict = {
  status: 'fail',
  summary: 'it is not so',
  remedies: [{ id: 'a/remedy', title: 'Make it so', grade: 'reversible' }],
}
const [first = '', second = '', third = ''] = steps.flatMap(step => step.checks).map(check => check.id)

/** A run that the test holds in its hand: it emits, hears intents, and asks for a review. */
async function inHand() {
  let ports: RunPorts | undefined
  let finish: (outcome: RunOutcome) => void = () => {}
  const said: Intent[] = []
  let state: RunState | undefined
  const services = testServices({
    start(_request, given) {
      ports = given
      given.intents.subscribe(intent => said.push(intent))
      return new Promise(resolve => {
        finish = resolve
      })
    },
  })
  const terminal = await program({ services, initial: at })
  await terminal.press('enter')
  const emit = async (...events: RunEvent[]) => {
    for (const event of events) {
      state = reduce(state, event)
      ports?.emit(event)
    }
    // Events reach the screen in steps; what was emitted has to be there before a key is pressed.
    while (JSON.stringify(terminal.runs[0]?.getSnapshot().state) !== JSON.stringify(state)) {
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    await terminal.settle()
  }
  await emit(begun, {
    type: 'connected',
    at: time,
    where: 'root@web',
    hostKey: 'SHA256:x',
    authenticatedBy: 'key',
  })
  const answers: (Review | undefined)[] = []
  return {
    terminal,
    services,
    said,
    answers,
    emit,
    finish: (outcome: RunOutcome) => finish(outcome),
    review() {
      if (state !== undefined) void ports?.operator.review?.(state).then(answer => answers.push(answer))
    },
  }
}

describe('while a run goes on', () => {
  test('w writes a note at the marked check', async () => {
    const { terminal, said, emit } = await inHand()
    await emit({ type: 'check-started', at: time, check: first, round: 1 })
    await terminal.press('w')
    await terminal.waitFor('Note:')
    await terminal.press('odd? :w', 'enter')
    expect(said).toEqual([{ type: 'note', text: 'odd? :w', check: first }])
    expect(footer(terminal)).toContain('Written into the journal.')
    await terminal.press('w', 'not this', 'escape')
    expect(said).toHaveLength(1)
  })

  test('s skips a check, and only with a reason', async () => {
    const { terminal, said, emit } = await inHand()
    await emit({ type: 'check-started', at: time, check: first, round: 1 })
    await terminal.press('s', 'enter')
    expect(said).toEqual([])
    await terminal.press('s', 'known, ticket 12', 'enter')
    expect(said).toEqual([{ type: 'skip', check: first, reason: 'known, ticket 12' }])
    await emit({ type: 'check-skipped', at: time, check: first, reason: 'known, ticket 12' })
    await terminal.waitFor('skipped')
  })

  test('! holds everything, says so, and releases it', async () => {
    const { terminal, said, emit } = await inHand()
    await emit({ type: 'check-started', at: time, check: first, round: 1 })
    await terminal.press('!')
    await emit({ type: 'run-frozen', at: time })
    await terminal.waitFor('Held: nothing starts; ! releases')
    await terminal.press('!')
    await emit({ type: 'run-released', at: time })
    expect(said).toEqual([{ type: 'freeze' }, { type: 'release' }])
    await terminal.waitFor('Checking:')
  })

  test('r looks again at one, R at all', async () => {
    const { terminal, said, emit } = await inHand()
    await emit(finished(first, failing))
    await terminal.press('r')
    expect(said).toEqual([{ type: 'again', checks: [first] }])
    await terminal.press('R')
    expect(said[1]).toMatchObject({ type: 'again' })
    expect((said[1] as Extract<Intent, { type: 'again' }>).checks.length).toBeGreaterThan(10)
  })

  test('$ opens a shell on the server, comes back, and the journal knows', async () => {
    const { terminal, said, services, emit } = await inHand()
    await emit(finished(first, failing))
    await terminal.press('$')
    await terminal.waitFor('server-setup')
    expect(services.shells).toEqual(['web-1'])
    expect(said.map(intent => intent.type)).toEqual(['note', 'note'])
  })

  test('a shell that cannot be opened says why', async () => {
    const { terminal, services, emit } = await inHand()
    services.openShell = async () => {
      throw new Failure(78, 'there is no ssh on this machine', 'Install OpenSSH’s client.')
    }
    await emit(finished(first, failing))
    await terminal.press('$')
    await terminal.waitFor('! there is no ssh on this machine')
  })
})

describe('when everything has been walked', () => {
  async function walked() {
    const hand = await inHand()
    await hand.emit(
      finished(first, failing),
      finished(second, { status: 'skipped', summary: 'blocked', remedies: [], blockedBy: first }),
      finished(third, { status: 'pass', summary: 'good', remedies: [] }),
    )
    hand.review()
    await hand.terminal.waitFor('what is left')
    return hand
  }

  test('causes stand first, with what they hold up folded under them', async () => {
    const { terminal } = await walked()
    await terminal.press('enter')
    await terminal.waitFor('Left to do')
    expect(terminal.text()).toContain('+1')
    expect(terminal.text()).toContain('Holds up')
    await terminal.press(' ')
    expect(terminal.text()).toContain('-1')
    await terminal.press('down')
    expect(terminal.text()).toContain('Because of')
  })

  test('what is looked at meanwhile says how it stands, not that it was interrupted', async () => {
    const { terminal } = await walked()
    await terminal.press('c')
    expect(terminal.lines()[0]).toContain('✗ failed')
  })

  test('m offers the remedy once more over the same connection', async () => {
    const { terminal, answers } = await walked()
    await terminal.press('enter', 'm')
    await terminal.settle()
    expect(answers).toEqual([{ do: 'mend', check: first }])
  })

  test('r and R look again', async () => {
    const hand = await walked()
    await hand.terminal.press('enter', 'r')
    await hand.terminal.settle()
    hand.review()
    await hand.terminal.waitFor('what is left')
    await hand.terminal.press('R')
    await hand.terminal.settle()
    expect(hand.answers).toEqual([
      { do: 'again', checks: [first] },
      { do: 'again', checks: [] },
    ])
  })

  test('q ends the run, waits for its end, and leaves with its exit code', async () => {
    const { terminal, answers, finish } = await walked()
    await terminal.press('q')
    await terminal.settle()
    expect(answers).toEqual([{ do: 'finish' }])
    expect(terminal.exits).toEqual([])
    finish({ status: 'failed', exitCode: 2 })
    await terminal.settle()
    expect(terminal.exits).toEqual([2])
  })

  test('Ctrl-C ends it as it stands', async () => {
    const { terminal, answers } = await walked()
    await terminal.press('ctrl+c')
    await terminal.settle()
    expect(answers).toEqual([{ do: 'finish' }])
  })

  test('a report is written when the run has ended, and its path is said', async () => {
    const { terminal, services, finish } = await walked()
    await terminal.press('e')
    await terminal.waitFor('Export as')
    await terminal.press('down', 'enter')
    finish({ status: 'failed', exitCode: 2 })
    await terminal.waitFor('Written to /home/ada/kneeboard-r.html')
    expect(services.exported).toEqual(['r html'])
  })
})

describe('finding and copying', () => {
  test('/ finds words in the evidence, n goes on, and what is not there is said', async () => {
    const { terminal, emit } = await inHand()
    await emit(finished(first, failing))
    await terminal.press('enter', '/', 'version', 'enter')
    expect(terminal.text()).toMatch(/1 of 1 found/)
    await terminal.press('/', 'nowhere', 'enter')
    expect(footer(terminal)).toContain('“nowhere” is not in this text.')
  })

  test('y copies the check with its proof, through the terminal', async () => {
    const { terminal, emit } = await inHand()
    await emit(finished(first, failing))
    await terminal.press('y')
    expect(footer(terminal)).toMatch(/Copied \d+ characters/)
    const [copied = ''] = terminal.copied()
    expect(copied).toContain('cat /etc/os-release')
    expect(copied).toContain('NAME=Debian')
  })

  test(': finds what can be done by its words, and does it', async () => {
    const { terminal, said, emit } = await inHand()
    await emit(finished(first, failing))
    await terminal.press(':', 'hold')
    await terminal.waitFor('Hold everything')
    await terminal.press('enter')
    expect(said).toEqual([{ type: 'freeze' }])
    await terminal.press(':', 'escape')
    expect(footer(terminal)).toContain('evidence')
  })
})

describe('servers', () => {
  test('a connection is tried from the form, its host key looked at there, and what was typed is kept', async () => {
    const asked: unknown[] = []
    const services = testServices({
      targets: [],
      async tryConnection(draft, { prompter }) {
        asked.push(draft)
        const isTrusted = await prompter.hostKey({
          host: draft.host,
          port: 22,
          keyType: 'ssh-ed25519',
          fingerprint: 'SHA256:abc',
          knownHostsFile: '~/.ssh/known_hosts',
          otherKnownTypes: [],
        })
        if (!isTrusted) throw new Failure(77, 'The host key was not trusted.', 'Nothing was sent.')
        return {
          where: 'root@web',
          hostKey: 'SHA256:abc',
          authenticatedBy: 'key',
          system: 'Debian 12',
          root: { works: false, why: 'sudo asks for a password' },
          milliseconds: 9,
        }
      },
    })
    const terminal = await program({ services })
    await terminal.press('n', 'web-1', 'tab', 'web.example')
    await terminal.send('\x14')
    await terminal.waitFor('SHA256:abc')
    await terminal.press('n')
    await terminal.waitFor('It does not work yet.')
    expect(terminal.text()).toContain('Nothing was sent.')
    await terminal.press('r')
    await terminal.waitFor('SHA256:abc')
    await terminal.press('t')
    await terminal.waitFor('remedies cannot become root')
    expect(terminal.text()).toContain('sudo asks for a password.')
    await terminal.press('escape')
    expect(terminal.text()).toMatch(/Name +web-1/)
    await terminal.send('\x14')
    await terminal.waitFor('SHA256:abc')
    await terminal.press('t')
    await terminal.waitFor('save it')
    await terminal.press('enter')
    await terminal.waitFor('1 server')
    expect(asked).toHaveLength(3)
    expect(services.added).toMatchObject([{ name: 'web-1', host: 'web.example' }])
  })

  test('leaving a try ends it', async () => {
    let signal: AbortSignal | undefined
    const services = testServices({
      tryConnection: (_draft, ports) => {
        signal = ports.signal
        return new Promise(() => {})
      },
    })
    const terminal = await program({ services })
    await terminal.press('t')
    await terminal.waitFor('Connecting to 203.0.113.10')
    await terminal.press('escape')
    await terminal.waitFor('3 servers')
    expect(signal?.aborted).toBe(true)
  })

  test('hosts of the OpenSSH configuration are marked, given their kind, and added', async () => {
    const terminal = await program()
    await terminal.press('i')
    await terminal.waitFor('bastion')
    await terminal.press(' ', 'right', 'down', 'down', ' ', 'enter')
    await terminal.waitFor('5 servers')
    expect(terminal.services.added).toEqual([
      { name: 'bastion', host: 'bastion', environment: 'staging' },
      { name: 'web-2', host: 'web-2', environment: 'production' },
    ])
  })

  test('a run that was cut off waits at the top, and enter goes on with it', async () => {
    const terminal = await program({ services: testServices({ due: [cutOff] }) })
    await terminal.waitFor('Waits for you')
    expect(footer(terminal)).toContain('↵ go on with it')
    await terminal.press('enter')
    await terminal.waitFor('run again')
    expect(terminal.services.resumed).toEqual(['01K1P9M2XA'])
  })
})
