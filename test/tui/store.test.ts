import { describe, expect, test } from 'vitest'
import { type RunState, replay } from '../../src/engine/state.ts'
import type { RunEvent } from '../../src/model/event.ts'
import { Target } from '../../src/model/target.ts'
import { farewell } from '../../src/tui/farewell.ts'
import type { RunOutcome, RunPorts } from '../../src/tui/services.ts'
import { COALESCE, createRunStore, mergeOutput } from '../../src/tui/store.ts'
import { unicodeSymbols } from '../../src/tui/symbols.ts'
import { steps } from './fixtures/server-setup.ts'
import { web1 } from './harness/services.ts'

const request = { runbook: 'server-setup', target: web1, params: {}, mode: 'run' as const }
const at = '2026-08-03T14:02:10.000Z'
const started: RunEvent = {
  type: 'run-started',
  at,
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
const output = (text: string, index = 0): RunEvent => ({
  type: 'action-output',
  at,
  remedy: 'm',
  check: 'c',
  attempt: 1,
  index,
  text,
})

/** A store whose run is the test's own, and whose time goes only forward when told. */
function begin(before?: RunState) {
  let ports: RunPorts | undefined
  let finish: (outcome: RunOutcome) => void = () => {}
  let fail: (error: Error) => void = () => {}
  const clock = { now: 0 }
  const timers: { at: number; callback: () => void }[] = []
  const store = createRunStore(
    given => {
      ports = given
      return new Promise<RunOutcome>((resolve, reject) => {
        finish = resolve
        fail = reject
      })
    },
    request,
    {
      ...(before === undefined ? {} : { before }),
      timers: {
        now: () => clock.now,
        set(callback, milliseconds) {
          const timer = { at: clock.now + milliseconds, callback }
          timers.push(timer)
          return timer
        },
        clear: handle => void timers.splice(timers.indexOf(handle as (typeof timers)[number]), 1),
      },
    },
  )
  const done = store.start()
  if (ports === undefined) throw new Error('the run was not started')
  const advance = (milliseconds: number) => {
    clock.now += milliseconds
    for (const timer of timers.filter(({ at: due }) => due <= clock.now)) {
      timers.splice(timers.indexOf(timer), 1)
      timer.callback()
    }
  }
  return {
    store,
    ports,
    advance,
    done,
    finish: (outcome: RunOutcome) => finish(outcome),
    fail: (error: Error) => fail(error),
  }
}

describe('a run as the screen sees it', () => {
  test('a run that is gone on with goes on from where its journal ended', () => {
    const before = replay([started])
    const { store, ports } = begin(before)
    ports.emit({ type: 'run-resumed', at, tool: 't', operator: 'ben', cut: false })
    expect(store.getSnapshot().state?.run).toBe('r')
    expect(store.getSnapshot().state?.connection.state).toBe('connecting')
  })

  test('the first event is there at once, a flood comes in steps', () => {
    const { store, ports, advance } = begin()
    let notified = 0
    store.subscribe(() => {
      notified += 1
    })
    ports.emit(started)
    expect(store.getSnapshot().state?.run).toBe('r')
    const before = notified
    for (let line = 0; line < 1000; line += 1) ports.emit({ type: 'note', at, text: `${line}` })
    expect(notified).toBe(before)
    advance(COALESCE)
    expect(notified).toBe(before + 1)
    expect(store.getSnapshot().state?.notes).toHaveLength(1000)
  })

  test('neighbouring pieces of output become one, and nothing changes places', () => {
    const merged = mergeOutput([
      output('a'),
      output('b'),
      output('c', 1),
      started,
      output('d', 1),
      output('e', 1),
    ])
    expect(merged.map(event => (event.type === 'action-output' ? event.text : event.type))).toEqual([
      'ab',
      'c',
      'run-started',
      'de',
    ])
  })

  test('a question waits for its answer, and what led to it is on the screen before', async () => {
    const { store, ports } = begin()
    ports.emit(started)
    ports.emit({ type: 'note', at, text: 'just before' })
    const answer = ports.operator.choose({
      check: 'c',
      title: 't',
      verdict: { status: 'fail', summary: '', remedies: [] },
      remedies: [],
    })
    expect(store.getSnapshot().state?.notes).toHaveLength(1)
    const { question } = store.getSnapshot()
    expect(question?.kind).toBe('choose')
    if (question?.kind === 'choose') question.answer('remedy')
    expect(await answer).toBe('remedy')
    expect(store.getSnapshot().question).toBeUndefined()
  })

  test('questions are asked one after the other, and an answer counts once', async () => {
    const { store, ports } = begin()
    const first = ports.operator.manual({ title: 'one', instructions: [] })
    const second = ports.operator.manual({ title: 'two', instructions: [] })
    const one = store.getSnapshot().question
    if (one?.kind !== 'manual') throw new Error('no question')
    one.answer('done')
    one.answer('not-done')
    const two = store.getSnapshot().question
    expect(two?.kind === 'manual' && two.request.title).toBe('two')
    if (two?.kind === 'manual') two.answer('not-done')
    expect(await Promise.all([first, second])).toEqual(['done', 'not-done'])
  })

  test('a decision is journalled under the operator’s name', async () => {
    const { store, ports } = begin()
    ports.emit(started)
    const consent = ports.operator.consent({} as Parameters<typeof ports.operator.consent>[0])
    const { question } = store.getSnapshot()
    if (question?.kind === 'consent') question.answer({ answer: 'yes', typed: 'web-1' })
    expect(await consent).toEqual({ answer: 'yes', by: 'ada', typed: 'web-1' })
  })

  test('stopping answers every open and every later question with what changes nothing', async () => {
    const { store, ports } = begin()
    ports.emit(started)
    const open = ports.operator.consent({} as Parameters<typeof ports.operator.consent>[0])
    const queued = ports.prompter.password({ user: 'root', host: 'web', attempt: 1 })
    store.stop()
    expect(ports.signal.aborted).toBe(true)
    expect(ports.stopNow.aborted).toBe(false)
    expect(await open).toMatchObject({ answer: 'stop' })
    expect(await queued).toBeNull()
    const question = {
      host: 'web',
      port: 22,
      keyType: 'k',
      fingerprint: 'f',
      knownHostsFile: 'k',
      otherKnownTypes: [],
    }
    expect(await ports.prompter.hostKey(question)).toBe(false)
    store.stopNow()
    expect(ports.stopNow.aborted).toBe(true)
  })

  test('our own mistake ends as an outcome in plain words', async () => {
    const { store, done, fail } = begin()
    fail(new Error('undefined is not a function'))
    await done
    expect(store.getSnapshot().outcome).toMatchObject({ status: 'interrupted', exitCode: 3 })
    expect(store.getSnapshot().outcome?.failure?.message).toContain('undefined is not a function')
  })
})

describe('what the connection asks', () => {
  test('a wrong password is said so, and what is typed is masked', () => {
    const { store, ports } = begin()
    void ports.prompter.sudoPassword({ user: 'deploy', host: 'web', attempt: 2 })
    const { question } = store.getSnapshot()
    expect(question?.kind === 'secret' && question.request).toMatchObject({
      correction: 'sudo refused that password.',
      fields: [{ isMasked: true }],
    })
  })

  test('a keyboard-interactive request without prompts is answered with nothing, unasked', async () => {
    const { store, ports } = begin()
    const answers = await ports.prompter.keyboardInteractive({
      user: 'u',
      host: 'h',
      name: '',
      instructions: 'hello',
      prompts: [],
    })
    expect(answers).toEqual([])
    expect(store.getSnapshot().question).toBeUndefined()
  })
})

describe('what stays on the normal screen', () => {
  test('a finished run in at most six lines, with the journal and how to run it again', () => {
    const state = replay([started, { type: 'run-finished', at, status: 'unproven', summary: '' }])
    const outcome: RunOutcome = {
      status: 'unproven',
      exitCode: 3,
      journalPath: '/home/ada/a very long path/'.repeat(5),
    }
    const target = Target.parse({
      name: 'web',
      environment: 'staging',
      host: 'web',
      user: 'root',
      port: 2222,
    })
    const lines = farewell(
      {
        request: { ...request, target },
        stopping: 'no',
        isEnding: false,
        outcome,
        ...(state ? { state } : {}),
      },
      unicodeSymbols,
      60,
    )
    expect(lines).toEqual([
      '? server-setup on web (staging): unproven',
      '  0 passed, 18 unproven.',
      '  Nothing was changed.',
      `  journal: ${'/home/ada/a very long path/'.repeat(5)}`,
      '  again:   kneeboard run server-setup -t root@web:2222',
    ])
  })

  test('a run that could not begin says why, and how to try again', () => {
    const outcome: RunOutcome = {
      status: 'interrupted',
      exitCode: 69,
      failure: { message: 'web does not answer on port 22.', next: 'Check the address and the firewall.' },
    }
    expect(farewell({ request, stopping: 'no', isEnding: false, outcome }, unicodeSymbols, 80)).toEqual([
      '↷ server-setup on web-1 (staging): interrupted',
      '  web does not answer on port 22. Check the address and the firewall.',
      '  again:   kneeboard run server-setup -t web-1',
    ])
  })
})
