import { afterEach, describe, expect, test, vi } from 'vitest'
import type { RunEvent } from '../../src/model/event.ts'
import { widthOf } from '../../src/tui/lines.ts'
import type { RunPorts } from '../../src/tui/services.ts'
import { evidence, plans, steps } from './fixtures/server-setup.ts'
import { createGate } from './harness/gate.ts'
import { type OpenProgram, open } from './harness/open.tsx'
import { shop, testServices, web1 } from './harness/services.ts'

// Two cores that others use as well: a journey of fifty keys takes a second, or ten.
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

const at = (target = web1) => ({ runbook: 'server-setup', target })
const begun = {
  type: 'run-started',
  at: '2026-08-03T14:02:10.000Z',
  run: 'r',
  tool: 't',
  operator: 'ada',
  mode: 'run',
  runbook: 'server-setup',
  title: 'Set up a server',
  target: { name: 'web-1', environment: 'staging', host: 'web' },
  params: {},
  steps: [...steps],
} as const satisfies RunEvent
const footer = (terminal: OpenProgram) => terminal.lines().at(-1) ?? ''

/** A program whose run does nothing but ask one question. */
function asking(ask: (ports: RunPorts) => Promise<unknown>) {
  const answers: unknown[] = []
  const services = testServices({
    async start(_request, ports) {
      answers.push(await ask(ports))
      return { status: 'passed', exitCode: 0 }
    },
  })
  return { services, answers }
}

describe('from an empty list to a server', () => {
  test('the empty list says what to do, and the form makes a server of it', async () => {
    const terminal = await program({ services: testServices({ targets: [] }) })
    await terminal.waitFor('There is no server here yet.')
    await terminal.press(
      'n',
      'web-1',
      'enter',
      '203.0.113.10',
      'enter',
      'root',
      'enter',
      '2222',
      'enter',
      'enter',
    )
    expect(footer(terminal)).toContain('←→ choose')
    await terminal.press('right', 'enter')
    await terminal.waitFor('1 server')
    expect(terminal.services.added).toEqual([
      { name: 'web-1', host: '203.0.113.10', user: 'root', port: 2222, environment: 'staging' },
    ])
    expect(terminal.lines()[2]).toMatch(/❯ web-1 +STAGING +never run/)
  })

  test('no key is lost, however fast they come', async () => {
    const terminal = await program({ services: testServices({ targets: [] }) })
    await terminal.waitFor('There is no server here yet.')
    await terminal.send('nweb-1\r203.0.113.10\rroot\r')
    await terminal.send(`${'0'.repeat(80)}22\r~/.ssh/key`)
    await terminal.waitFor('~/.ssh/key')
    await terminal.burst('-for-web-1-and-nothing-else')
    await terminal.waitFor('~/.ssh/key-for-web-1-and-nothing-else')
    expect(terminal.text()).toMatch(/Name +web-1 /)
    expect(terminal.text()).toMatch(/Address +203\.0\.113\.10 /)
    expect(terminal.text()).toMatch(/Log in as +root /)
  })

  test('a wrong field keeps the cursor and says why', async () => {
    const terminal = await program()
    await terminal.press('n', 'web-1', 'enter')
    expect(terminal.text()).toContain('there is a server called web-1 already')
    expect(terminal.lines().find(line => line.includes('❯'))).toContain('Name')
  })

  test('a refusal by the store is shown on the form', async () => {
    const services = testServices()
    services.addTarget = async () => {
      throw new Error('The configuration file cannot be written: read-only file system')
    }
    const terminal = await program({ services })
    await terminal.press('n', 'new-1', 'tab', 'host', 'ctrl+s')
    await terminal.waitFor('read-only file system')
  })

  test('removing asks first, and n keeps it', async () => {
    const terminal = await program()
    await terminal.press('d')
    await terminal.waitFor('Remove web-1 from this list?')
    await terminal.press('n')
    expect(terminal.services.removed).toEqual([])
    await terminal.press('d', 'y')
    await terminal.waitFor('2 servers')
    expect(terminal.services.removed).toEqual(['web-1'])
  })
})

describe('from a server to a proven one', () => {
  test('trust, consent, re-check, and a result that says what is left', async () => {
    const terminal = await program({ services: testServices({ isFirstContact: true }) })
    await terminal.press('enter', 'enter', 'enter', 'enter')
    await terminal.waitFor('Is this your server?')
    await terminal.press('enter', 'y')
    expect(terminal.text()).toContain('Is this your server?')
    await terminal.press('t')
    for (let question = 0; question < 20; question += 1) {
      await terminal.waitFor(/reversible|disruptive|which remedy|run again/)
      if (terminal.text().includes('run again')) break
      if (terminal.text().includes('which remedy')) await terminal.press('enter')
      else await terminal.press(terminal.text().includes('y yes') ? 'y' : 'enter')
    }
    await terminal.waitFor('1 check could not be made')
    expect(terminal.text()).toContain('Next       Install iptables, then run this again.')
    await terminal.press('end')
    expect(terminal.text()).toContain('01K1Q4Y0ZB.jsonl')
    await terminal.press('c')
    expect(terminal.lines()[2]).toContain('Unproven')
    await terminal.press('escape', 'r')
    await terminal.waitFor('Is this your server?')
    expect(terminal.services.started).toHaveLength(2)
    expect(terminal.services.started[1]).toEqual(terminal.services.started[0])
  })

  test('declining everything changes nothing, and says so', async () => {
    const terminal = await program({ initial: at() })
    await terminal.press('enter')
    for (let question = 0; question < 30 && !terminal.text().includes('run again'); question += 1) {
      await terminal.waitFor(/n no, leave it|n none of them|run again/)
      if (!terminal.text().includes('run again')) await terminal.press('n')
    }
    expect(terminal.text()).toContain('8 checks failed.')
    await terminal.press('end')
    expect(terminal.text()).toContain('Nothing was changed on the server.')
  })

  test('checks only: nothing is asked', async () => {
    const terminal = await program({ initial: at() })
    await terminal.press('c')
    await terminal.waitFor('run again')
    expect(terminal.services.started[0]?.mode).toBe('check')
  })

  test('parameters can be changed from the plan, and go with the run', async () => {
    const terminal = await program({ initial: at() })
    expect(terminal.text()).toMatch(/Deploy user +deploy/)
    await terminal.press('p', 'ctrl+u', 'ops', 'enter')
    await terminal.waitFor(/Deploy user +ops/)
    await terminal.press('c')
    await terminal.waitFor('run again')
    expect(terminal.services.started[0]?.params).toMatchObject({ deployUser: 'ops', webPorts: [80, 443] })
  })

  test('the server is asked about parameters: what it says is filled in, what was typed stays', async () => {
    const services = testServices({
      look: async () => ({
        found: {
          deployUser: {
            choices: [
              { value: 'ops', note: 'in the group docker' },
              { value: 'ada', note: '' },
            ],
            from: 'the accounts on the server',
            isSuggested: true,
          },
        },
        problems: { appDirectory: 'Docker does not answer' },
      }),
    })
    const terminal = await program({ services, initial: at() })
    await terminal.press('p', 'down', 'k', 'ctrl+r')
    await terminal.waitFor(/Deploy user +ops +on web-1/)
    expect(services.looks[0]).toMatchObject({ runbook: 'server-setup', params: { deployKey: 'k' } })
    expect(terminal.text()).toMatch(/Deploy key +k/)
    expect(terminal.text()).toContain('1 of 2 found: in the group docker')
    await terminal.press('ctrl+n')
    expect(terminal.text()).toMatch(/Deploy user +ada +changed/)
    await terminal.press('ctrl+n')
    expect(terminal.text()).toMatch(/Deploy user +ops/)
    await terminal.press('down', 'down', 'down', 'down', 'down')
    expect(terminal.text()).toContain('Not found: Docker does not answer')
  })

  test('a look that comes to nothing leaves the form as it was', async () => {
    const services = testServices({
      look: () => Promise.reject(new Error('web-1 did not answer')),
    })
    const terminal = await program({ services, initial: at() })
    await terminal.press('p', 'ctrl+u', 'ops', 'ctrl+r')
    await terminal.waitFor('web-1 did not answer')
    await terminal.press('escape')
    expect(terminal.text()).toMatch(/Deploy user +ops +changed/)
  })

  test('a wrong parameter does not get past the form', async () => {
    const terminal = await program({ initial: at() })
    await terminal.press('p', '!', 'enter')
    expect(terminal.text()).toContain('must be a user name')
    expect(footer(terminal)).toContain('go on')
  })
})

describe('consent', () => {
  const plan = (id: keyof typeof plans) => {
    const found = plans[id]
    if (found === undefined) throw new Error(`no plan ${id}`)
    return found
  }
  const consentTo = (id: string, target = web1) =>
    asking(ports =>
      ports.operator.consent({
        plan: plan(id),
        verdict: { status: 'fail', summary: 'sshd accepts passwords', remedies: [] },
        target: { name: target.name, environment: target.environment, host: target.host },
        attempt: 1,
        confirmation: plan(id).grade === 'destructive' ? target.name : null,
      }),
    )

  test('to what is disruptive is y; enter does nothing', async () => {
    const { services, answers } = consentTo('ssh/turn-password-login-off')
    const terminal = await program({ services, initial: at() })
    await terminal.press('enter', 'enter', 'enter')
    expect(terminal.text()).toContain('Turn password login off?')
    expect(answers).toEqual([])
    await terminal.press('y')
    await terminal.waitFor('run again')
    expect(answers).toMatchObject([{ answer: 'yes' }])
  })

  test('shows every line of every script and diff to whoever scrolls', async () => {
    const { services } = consentTo('ssh/turn-password-login-off')
    const terminal = await program({ services, initial: at() })
    await terminal.press('enter')
    const seen = new Set(terminal.lines())
    for (let page = 0; page < 5; page += 1) {
      await terminal.press('pagedown')
      for (const line of terminal.lines()) seen.add(line)
    }
    const all = [...seen].join('\n')
    for (const line of [
      '- PasswordAuthentication yes',
      '+ PermitRootLogin prohibit-password',
      'systemctl reload ssh',
      'sshd -t -f "$candidate"',
      'rm -f /etc/ssh/sshd_config.d/00-kneeboard.conf',
      'old state',
    ])
      expect(all).toContain(line)
  })

  test('to what is destructive is the name, typed', async () => {
    const { services, answers } = consentTo('disk/remove-old-data', shop)
    const terminal = await program({ services, initial: at(shop) })
    await terminal.press('enter')
    await terminal.waitFor('To go ahead, type shop:')
    expect(footer(terminal)).not.toContain('do it')
    await terminal.press('enter', 'y', 'enter')
    expect(answers).toEqual([])
    await terminal.press('ctrl+u', 'sho', 'enter')
    expect(answers).toEqual([])
    await terminal.press('p')
    expect(footer(terminal)).toContain('↵ do it')
    await terminal.press('enter')
    await terminal.waitFor('run again')
    expect(answers).toMatchObject([{ answer: 'yes', typed: 'shop' }])
  })

  test('in production looks different', async () => {
    const { services } = consentTo('ssh/turn-password-login-off', shop)
    const terminal = await program({ services, initial: at(shop) })
    await terminal.press('enter')
    expect(terminal.lines()[0]).toContain('shop (PRODUCTION)')
    expect(terminal.lines()[1]).toMatch(/^╔═.*═╗$/)
    expect(terminal.text()).toContain('Do this on shop, in production?')
  })

  test('is never given by a paste', async () => {
    const { services, answers } = consentTo('docker/install-from-distribution')
    const terminal = await program({ services, initial: at() })
    await terminal.press('enter')
    await terminal.paste('y\r\n')
    await terminal.paste('\r')
    expect(answers).toEqual([])
    expect(terminal.text()).toContain('Install Docker from the distribution?')
  })

  test('is never given by a key that was pressed before the question could be read', async () => {
    const { services, answers } = consentTo('docker/install-from-distribution')
    const terminal = await program({ services, initial: at(), motion: true })
    await terminal.send('\r\r\r')
    await terminal.waitFor('Install Docker from the distribution?')
    expect(answers).toEqual([])
    await terminal.waitFor('↵ do it')
    await terminal.press('enter')
    await terminal.waitFor('run again')
    expect(answers).toMatchObject([{ answer: 'yes' }])
  })

  test('refused with s ends the run there', async () => {
    const { services, answers } = consentTo('docker/install-from-distribution')
    const terminal = await program({ services, initial: at() })
    await terminal.press('enter', 's')
    await terminal.waitFor('run again')
    expect(answers).toMatchObject([{ answer: 'stop' }])
  })
})

describe('what the connection asks', () => {
  test('a password is masked, wherever it is drawn, and handed over as typed', async () => {
    const { services, answers } = asking(ports =>
      ports.prompter.sudoPassword({ user: 'ada', host: 'web', attempt: 2 }),
    )
    const terminal = await program({ services, initial: at() })
    await terminal.press('enter')
    await terminal.waitFor('sudo refused that password.')
    await terminal.press('s3cret?')
    expect(terminal.text()).toContain('•••••••')
    expect(terminal.text()).not.toContain('s3cret')
    await terminal.press('enter')
    await terminal.waitFor('run again')
    expect(answers).toEqual(['s3cret?'])
  })

  test('several prompts of an authenticator are answered in order, echoing only what may be', async () => {
    const { services, answers } = asking(ports =>
      ports.prompter.keyboardInteractive({
        user: 'ada',
        host: 'web',
        name: 'PAM',
        instructions: 'Two\x1b[31m factors',
        prompts: [
          { prompt: 'Password: ', echo: false },
          { prompt: 'Verification code: ', echo: true },
        ],
      }),
    )
    const terminal = await program({ services, initial: at() })
    await terminal.press('enter')
    await terminal.waitFor('Two␛[31m factors')
    await terminal.press('pw', 'enter', '123456')
    expect(terminal.text()).toMatch(/Password: +••/)
    expect(terminal.text()).toMatch(/Verification code: +123456/)
    await terminal.press('enter')
    await terminal.waitFor('run again')
    expect(answers).toEqual([['pw', '123456']])
  })

  test('escape gives nothing', async () => {
    const { services, answers } = asking(ports =>
      ports.prompter.passphrase({ identity: '~/.ssh/id', attempt: 1 }),
    )
    const terminal = await program({ services, initial: at() })
    await terminal.press('enter', 'x', 'escape')
    await terminal.waitFor('run again')
    expect(answers).toEqual([null])
  })

  test('a key of another kind than the known ones is shown as a danger', async () => {
    const { services, answers } = asking(ports =>
      ports.prompter.hostKey({
        host: 'web',
        port: 2222,
        keyType: 'ssh-rsa',
        fingerprint: 'SHA256:x',
        knownHostsFile: '~/.ssh/known_hosts',
        otherKnownTypes: ['ssh-ed25519'],
      }),
    )
    const terminal = await program({ services, initial: at() })
    await terminal.press('enter')
    await terminal.waitFor('That is how an attack looks')
    expect(terminal.lines()[1]).toMatch(/^╔/)
    await terminal.press('n')
    await terminal.waitFor('run again')
    expect(answers).toEqual([false])
  })
})

describe('somebody else’s lock', () => {
  test('is taken over only with a capital T', async () => {
    const { services, answers } = asking(ports =>
      ports.operator.lockHeld({
        holder: 'ben@laptop',
        since: '2026-08-03T13:50:00.000Z',
        what: 'server-setup',
        stale: false,
      }),
    )
    const terminal = await program({ services, initial: at() })
    await terminal.press('enter')
    await terminal.waitFor('ben@laptop')
    expect(terminal.text()).toContain('That run is alive.')
    await terminal.press('enter', 't', 'y')
    expect(answers).toEqual([])
    await terminal.press('T')
    await terminal.waitFor('run again')
    expect(answers).toEqual(['take-over'])
  })
})

describe('leaving', () => {
  test('Ctrl-C leaves when nothing runs', async () => {
    const terminal = await program()
    await terminal.press('ctrl+c')
    expect(terminal.exits).toEqual([0])
  })

  test('Ctrl-C asks a run to stop, and a question is answered with no change', async () => {
    const terminal = await program({ initial: at() })
    await terminal.press('enter')
    await terminal.waitFor('n no, leave it')
    await terminal.press('ctrl+c')
    await terminal.waitFor('The run was interrupted.')
    expect(terminal.text()).toContain('Nothing was changed on the server.')
    expect(terminal.exits).toEqual([])
    await terminal.press('q')
    expect(terminal.exits).toEqual([130])
  })

  test('Ctrl-C twice leaves at once, with the code of an interruption', async () => {
    const services = testServices({
      start: (_request, ports) =>
        new Promise(resolve =>
          ports.stopNow.addEventListener('abort', () => resolve({ status: 'interrupted', exitCode: 130 })),
        ),
    })
    const terminal = await program({ services, initial: at() })
    await terminal.press('enter', 'ctrl+c')
    await terminal.waitFor('Ctrl-C again stops at once.')
    expect(terminal.exits).toEqual([])
    await terminal.press('ctrl+c')
    expect(terminal.exits).toEqual([130])
  })

  test('the exit code is that of the last run', async () => {
    const terminal = await program({ initial: at() })
    await terminal.press('c')
    await terminal.waitFor('run again')
    await terminal.press('escape')
    await terminal.waitFor('3 servers')
    await terminal.press('q')
    expect(terminal.exits).toEqual([2])
  })
})

describe('a live run', () => {
  test('the list goes along until the operator moves, and f goes along again', async () => {
    const gate = createGate(place => place.startsWith('checking'))
    const terminal = await program({ services: testServices({ pause: gate.pause }), initial: at() })
    await terminal.press('c')
    await gate.reached()
    gate.open()
    await terminal.waitFor(/❯ ◐ The first boot has finished/)
    await terminal.press('k')
    await terminal.waitFor(/❯ ✓ The release is supported/)
    gate.open()
    await terminal.waitFor(/◐ Packages are up to date/)
    expect(terminal.text()).toMatch(/❯ ✓ The release is supported/)
    await terminal.press('f')
    expect(terminal.text()).toMatch(/❯ ◐ Packages are up to date/)
  })

  test('output follows, stops where the operator scrolls to, and follows again', async () => {
    const gate = createGate(place => place === 'running docker/install-from-distribution 0')
    const services = testServices({ pause: gate.pause })
    const terminal = await program({ services, initial: at() })
    await terminal.press('enter')
    for (let question = 0; question < 20 && !terminal.text().includes('which remedy'); question += 1) {
      await terminal.waitFor(/n no, leave it|n none of them/)
      if (!terminal.text().includes('which remedy')) await terminal.press('n')
    }
    await terminal.press('enter')
    await terminal.waitFor('Install Docker from the distribution?')
    await terminal.press('enter')
    await terminal.waitFor('Setting up package 40 of 40')
    expect(terminal.text()).toContain('following')
    await terminal.press('up')
    expect(terminal.text()).toContain('paused')
    expect(terminal.text()).not.toContain('Setting up package 40 of 40')
    await terminal.press('f')
    expect(terminal.text()).toContain('Setting up package 40 of 40')
    await terminal.press('tab')
    expect(footer(terminal)).toContain('o live output')
    await terminal.press('o')
    expect(terminal.text()).toContain('following')
  })

  test('a guard counts down until the server puts the old state back', async () => {
    const gate = createGate(place => place === 'running ssh/turn-password-login-off 1')
    const services = testServices({ pause: gate.pause })
    const terminal = await program({ services, initial: at() })
    await terminal.press('enter')
    for (
      let question = 0;
      question < 20 && !terminal.text().includes('Turn password login off?');
      question += 1
    ) {
      await terminal.waitFor('n no, leave it')
      if (!terminal.text().includes('Turn password login off?')) await terminal.press('n')
    }
    await terminal.press('y')
    await gate.reached()
    await terminal.waitFor(/puts the old state back in 119 s unless the new login works/)
  })
})

describe('the window', () => {
  test('too small says so, and the run goes on behind it', async () => {
    const terminal = await program()
    await terminal.resize(50, 12)
    expect(terminal.text()).toContain('It is 50×12; Kneeboard needs 60×16.')
    await terminal.resize(80, 24)
    expect(terminal.text()).toContain('web-1')
  })

  test('after any resizing looks as if it had always been that size', async () => {
    const terminal = await program({ initial: at() })
    for (const [columns, rows] of [
      [140, 45],
      [61, 16],
      [100, 30],
      [99, 24],
      [300, 80],
      [80, 24],
    ] as const)
      await terminal.resize(columns, rows)
    const fresh = await program({ initial: at() })
    expect(terminal.lines()).toEqual(fresh.lines())
  })

  test('in ASCII holds nothing but ASCII', async () => {
    const terminal = await program({ initial: at(), ascii: true })
    // The words of runbooks are their own; the frame, the signs and the keys are ours.
    expect(terminal.text().replaceAll('’', "'")).toMatch(/^[\x20-\x7e\n]*$/)
  })

  test('the help names every key of the screen, and its own key closes it', async () => {
    const terminal = await program()
    await terminal.press('?')
    expect(terminal.text()).toContain('Add a server')
    await terminal.resize(90, 30)
    await terminal.press('?')
    expect(terminal.text()).toContain('3 servers')
  })
})

describe('what the server says', () => {
  const nasty = [
    '証明書の残り日数が足りない'.repeat(12),
    'x'.repeat(400),
    'שלום עולם, مرحبا بالعالم',
    '👩‍👩‍👧 🇩🇪 e\u0301 \u202e evil',
    'tab\there\x1b[2J\x07',
  ].join('\n')

  test.each([
    [60, 16],
    [80, 24],
    [101, 30],
    [140, 45],
  ] as const)('never breaks a border at %d×%d', async (columns, rows) => {
    const services = testServices({
      async start(_request, ports) {
        ports.emit({ ...begun, target: { name: 'web-1', environment: 'staging', host: 'web' } })
        ports.emit({
          type: 'check-finished',
          at: begun.at,
          check: 'system/supported-release',
          round: 1,
          verdict: {
            status: 'fail',
            summary: nasty,
            measured: nasty,
            expected: 'x',
            remedies: [],
            advice: nasty,
          },
          evidence: [evidence('cat nasty', nasty, { stderr: nasty })],
          durationMs: 5,
        })
        return { status: 'failed', exitCode: 2, failure: { message: nasty, next: nasty } }
      },
    })
    const terminal = await program({ services, initial: at(), columns, rows })
    const bordersHold = () => {
      for (const line of terminal.lines().slice(1, -1)) {
        expect(widthOf(line), terminal.text()).toBe(columns)
        expect(line).toMatch(/^[╭│╰].*[╮│╯]$/)
      }
    }
    await terminal.press('enter')
    await terminal.waitFor('run again')
    bordersHold()
    await terminal.press('c')
    bordersHold()
    await terminal.press('enter')
    for (let page = 0; page < 6; page += 1) {
      bordersHold()
      await terminal.press('pagedown')
    }
  })
})

describe('moving', () => {
  test('a key held down moves as often as it was pressed', async () => {
    const terminal = await program({ initial: at(), rows: 60 })
    await terminal.send('jjjjjjjj')
    await terminal.waitFor(/❯ ○ Password login is refused/)
    await terminal.send('\x1b[A\x1b[A\x1b[Akk')
    await terminal.waitFor(/❯ ○ Packages are up to date/)
  })
})

describe('finding a runbook', () => {
  test('by words, and escape gives the filter up before it goes back', async () => {
    const terminal = await program({ initial: { target: web1 } })
    await terminal.press('/', 'warns')
    expect(terminal.text()).toContain('1 of 3')
    expect(terminal.text()).toContain('❯ Renew the certificate')
    await terminal.press('xx')
    expect(terminal.text()).toContain('No runbook has all of these words.')
    await terminal.press('escape')
    expect(terminal.text()).toContain('3 runbooks')
    await terminal.press('escape')
    expect(terminal.text()).toContain('3 servers')
  })
})

describe('past runs', () => {
  test('a run that was cut off is gone on with; one that ended is not', async () => {
    const terminal = await program()
    await terminal.press('H')
    await terminal.waitFor('2 runs')
    expect(footer(terminal)).not.toContain('go on with it')
    await terminal.press('down')
    expect(footer(terminal)).toContain('r go on with it')
    await terminal.press('r')
    await terminal.waitFor('run again')
    expect(terminal.services.resumed).toEqual(['01K1P9M2XA'])
    expect(terminal.services.started).toEqual([])
  })

  test('two are compared: what got better, what got worse', async () => {
    const services = testServices()
    const { openRun } = services
    services.openRun = async run => {
      const state = await openRun(run)
      const check = state.checks['ssh/password-login-refused']
      if (run !== '01K1P9M2XA' || check === undefined) return state
      const verdict = { status: 'pass' as const, summary: 'refused', remedies: [] }
      return { ...state, checks: { ...state.checks, [check.id]: { ...check, verdict } } }
    }
    const terminal = await program({ services })
    await terminal.press('H')
    await terminal.waitFor('2 runs')
    await terminal.press(' ', 'down', 'c')
    await terminal.waitFor('Two runs')
    expect(terminal.text()).toContain('Worse: 1 check')
    expect(terminal.text()).toMatch(/✗ Password login is refused +mended → failed/)
    await terminal.press('escape')
    await terminal.waitFor('2 runs')
  })

  test('one that cannot be read says so, and the list stays', async () => {
    const services = testServices()
    services.openRun = async () => {
      throw new Error('The journal is damaged in line 12.')
    }
    const terminal = await program({ services })
    await terminal.press('H')
    await terminal.waitFor('2 runs')
    await terminal.press('enter')
    await terminal.waitFor('! The journal is damaged in line 12.')
  })

  test('are listed, opened, and looked through', async () => {
    const terminal = await program()
    await terminal.press('H')
    await terminal.waitFor('2 runs')
    await terminal.press('enter')
    await terminal.waitFor('8 checks failed.')
    expect(footer(terminal)).not.toContain('run again')
    await terminal.press('c')
    expect(terminal.lines()[2]).toContain('Failed')
    await terminal.press('escape', 'escape', 'escape')
    expect(terminal.text()).toContain('3 servers')
  })
})
