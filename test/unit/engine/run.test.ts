import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { exitCodeOf } from '../../../src/engine/run.ts'
import { replay } from '../../../src/engine/state.ts'
import { check } from '../../../src/model/check.ts'
import { outputOf } from '../../../src/model/command.ts'
import { fact } from '../../../src/model/fact.ts'
import { sh } from '../../../src/model/script.ts'
import { fail, pass } from '../../../src/model/verdict.ts'
import { bookOf, fileIsThere, scriptRemedy, stage } from './stage.ts'

test('a failed check is mended by its remedy, and proven by looking again', async () => {
  const on = stage()
  const path = join(on.folder, 'here')
  const state = await on.play(
    bookOf([fileIsThere('a/there', path, { remedies: [scriptRemedy('a/make', sh`touch ${path}`)] })]),
  )
  expect(state.status).toBe('passed')
  expect(exitCodeOf(state)).toBe(0)
  expect(state.remedies).toMatchObject([
    { remedy: 'a/make', outcome: 'proven', consent: { answer: 'yes', by: 'test' } },
  ])
  expect(state.checks['a/there']).toMatchObject({ firstStatus: 'fail', verdict: { status: 'pass' } })
})

test('the journal alone gives back the very state that the screen showed', async () => {
  const on = stage()
  const path = join(on.folder, 'here')
  const state = await on.play(
    bookOf([
      fileIsThere('a/there', path, { remedies: [scriptRemedy('a/make', sh`touch ${path}; echo made`)] }),
    ]),
  )
  const again = replay(on.replayed())
  const withoutLiveOutput = {
    ...state,
    remedies: state.remedies.map(remedy => ({
      ...remedy,
      actions: remedy.actions.map(action => ({ ...action, output: '' })),
    })),
  }
  expect(again).toEqual(JSON.parse(JSON.stringify(withoutLiveOutput)))
})

test('without consent nothing is changed, and the run says that it failed', async () => {
  const on = stage({ consent: () => ({ answer: 'no', by: 'test', reason: 'not now' }) })
  const path = join(on.folder, 'here')
  const state = await on.play(
    bookOf([fileIsThere('a/there', path, { remedies: [scriptRemedy('a/make', sh`touch ${path}`)] })]),
  )
  expect(existsSync(path)).toBe(false)
  expect(state.status).toBe('failed')
  expect(exitCodeOf(state)).toBe(2)
  expect(state.remedies[0]).toMatchObject({ intended: false, consent: { answer: 'no', reason: 'not now' } })
})

test('the intent is on disk before the first action runs', async () => {
  const order: string[] = []
  const on = stage({ onEvent: event => order.push(event.type) })
  const path = join(on.folder, 'here')
  await on.play(
    bookOf([fileIsThere('a/there', path, { remedies: [scriptRemedy('a/make', sh`touch ${path}`)] })]),
  )
  const interesting = order.filter(type =>
    [
      'remedy-shown',
      'consent',
      'lock-taken',
      'remedy-intent',
      'action-started',
      'action-finished',
      'remedy-finished',
    ].includes(type),
  )
  expect(interesting).toEqual([
    'remedy-shown',
    'consent',
    'lock-taken',
    'remedy-intent',
    'action-started',
    'action-finished',
    'remedy-finished',
  ])
})

test('a remedy that does not help is called unproven, not done', async () => {
  const on = stage()
  const state = await on.play(
    bookOf([
      fileIsThere('a/there', join(on.folder, 'here'), { remedies: [scriptRemedy('a/nothing', sh`true`)] }),
    ]),
  )
  expect(state.remedies[0]).toMatchObject({ outcome: 'unproven' })
  expect(state.status).toBe('failed')
})

test('a failing action stops the rest of its plan', async () => {
  const on = stage()
  const path = join(on.folder, 'here')
  const script = (title: string, text: string) => ({
    type: 'run' as const,
    title,
    script: text,
    as: 'login',
    timeoutSeconds: 10,
    lasting: false,
  })
  const broken = scriptRemedy('a/broken', sh`true`, {
    plan: async () => ({
      actions: [script('first', 'echo no >&2; exit 4'), script('second', sh`touch ${path}`.text)],
      touches: [],
      undo: '',
    }),
  })
  const state = await on.play(bookOf([fileIsThere('a/there', path, { remedies: [broken] })]))
  expect(existsSync(path)).toBe(false)
  expect(state.remedies[0]).toMatchObject({
    outcome: 'failed',
    summary: '“first”: exit status 4 (no)',
    actions: [{ progress: 'failed' }, { progress: 'waiting' }],
  })
})

test('a check is blocked, not failed, while what it stands after fails, and read once that is mended', async () => {
  const on = stage()
  const first = join(on.folder, 'first')
  const second = join(on.folder, 'second')
  const book = bookOf(
    [fileIsThere('a/first', first, { remedies: [scriptRemedy('a/make', sh`touch ${first}`)] })],
    [
      fileIsThere('a/second', second, {
        after: ['a/first'],
        remedies: [scriptRemedy('a/make-second', sh`touch ${second}`)],
      }),
    ],
  )
  const state = await on.play(book)
  const verdicts = on.events.flatMap(event =>
    event.type === 'check-finished' && event.check === 'a/second' ? [event.verdict] : [],
  )
  expect(verdicts[0]).toMatchObject({ status: 'skipped', blockedBy: 'a/first' })
  expect(state.status).toBe('passed')
})

test('a fact is read once for all checks of a round, and its command is evidence of each of them', async () => {
  const on = stage()
  const counter = join(on.folder, 'counter')
  const shared = fact('a/shared', async ({ run }) =>
    outputOf(await run(sh`echo x >> ${counter}; echo read`), 'the fact'),
  )
  const reader = (id: string) =>
    check({
      id,
      title: id,
      why: '',
      params: z.object({}),
      probe: async ({ read }) => pass((await read(shared)).trim()),
    })
  const state = await on.play(bookOf([reader('a/one'), reader('a/two'), reader('a/three')]), {
    mode: 'check',
  })
  expect(on.machine.ran).toHaveLength(1)
  for (const id of ['a/one', 'a/two', 'a/three'])
    expect(state.checks[id]?.evidence).toMatchObject([{ stdout: 'read\n' }])
})

test('what could not be read is unknown, and a run with unknowns is never passed', async () => {
  const on = stage()
  const unreadable = check({
    id: 'a/unreadable',
    title: '',
    why: '',
    params: z.object({}),
    probe: async ({ run }) => pass(outputOf(await run(sh`no-such-command-here`), 'the answer')),
  })
  const state = await on.play(bookOf([unreadable]), { mode: 'check' })
  expect(state.checks['a/unreadable']?.verdict).toMatchObject({
    status: 'unknown',
    summary: expect.stringContaining('a needed command is not installed'),
  })
  expect(state.status).toBe('unproven')
  expect(exitCodeOf(state)).toBe(3)
})

test('a check that never answers is unknown after its time limit', async () => {
  const on = stage()
  const silent = check({
    id: 'a/silent',
    title: '',
    why: '',
    params: z.object({}),
    timeoutSeconds: 1,
    probe: () => new Promise(() => {}),
  })
  const state = await on.play(bookOf([silent]), { mode: 'check' })
  expect(state.checks['a/silent']?.verdict).toMatchObject({
    status: 'unknown',
    summary: 'it gave no answer within 1 s',
  })
})

test('a check that throws is our own mistake, named as such, and does not end the run', async () => {
  const on = stage()
  const broken = check({
    id: 'a/broken',
    title: '',
    why: '',
    params: z.object({}),
    probe: async () => JSON.parse('{'),
  })
  const state = await on.play(bookOf([broken, fileIsThere('a/there', on.folder)]), { mode: 'check' })
  expect(state.checks['a/broken']?.verdict?.summary).toMatch(/^the check itself broke: /)
  expect(state.checks['a/there']?.verdict?.status).toBe('pass')
})

test('check mode asks nobody and plans nothing', async () => {
  const on = stage()
  const state = await on.play(
    bookOf([fileIsThere('a/there', join(on.folder, 'x'), { remedies: [scriptRemedy('a/make', sh`true`)] })]),
    { mode: 'check' },
  )
  expect(on.asked).toEqual([])
  expect(state.remedies).toEqual([])
  expect(state.checks['a/there']?.verdict?.remedies).toMatchObject([{ id: 'a/make', grade: 'reversible' }])
})

test('a destructive remedy runs only when the name was typed exactly', async () => {
  const destructive = (path: string) => scriptRemedy('a/destroy', sh`touch ${path}`, { grade: 'destructive' })
  const wrong = stage({ consent: () => ({ answer: 'yes', by: 'test', typed: 'web-2' }) })
  const path = join(wrong.folder, 'x')
  const refused = await wrong.play(bookOf([fileIsThere('a/there', path, { remedies: [destructive(path)] })]))
  expect(existsSync(path)).toBe(false)
  expect(refused.remedies[0]?.consent).toMatchObject({
    answer: 'no',
    reason: 'the name typed was not “web-1”',
  })
  const right = stage({
    consent: ({ confirmation }) => ({ answer: 'yes', by: 'test', typed: confirmation ?? '' }),
  })
  const there = join(right.folder, 'x')
  expect(
    (await right.play(bookOf([fileIsThere('a/there', there, { remedies: [destructive(there)] })]))).status,
  ).toBe('passed')
})

test('stop ends the walk after the survey, and leaves the rest of the remedies unasked', async () => {
  const on = stage({ consent: () => ({ answer: 'stop', by: 'test' }) })
  const one = fileIsThere('a/one', join(on.folder, 'one'), {
    remedies: [scriptRemedy('a/make-one', sh`true`)],
  })
  const two = fileIsThere('a/two', join(on.folder, 'two'), {
    remedies: [scriptRemedy('a/make-two', sh`true`)],
  })
  const state = await on.play(bookOf([one], [two]))
  expect(on.asked).toHaveLength(1)
  expect(state.status).toBe('failed')
})

test('an interrupted run says so, and is not called failed or passed', async () => {
  const controller = new AbortController()
  const on = stage({
    signal: controller.signal,
    consent: () => {
      controller.abort()
      return { answer: 'no', by: 'test' }
    },
  })
  const state = await on.play(
    bookOf([fileIsThere('a/one', join(on.folder, 'one'), { remedies: [scriptRemedy('a/make', sh`true`)] })]),
  )
  expect(state.interrupted).toBe('stopped by the operator')
  expect(exitCodeOf(state)).toBe(130)
})

test('only and skip choose steps, and a wrong step is refused with the right ones', async () => {
  const on = stage()
  const book = bookOf([fileIsThere('a/one', '/')], [fileIsThere('a/two', '/')])
  expect(Object.keys((await on.play(book, { only: ['step-2'] })).checks)).toEqual(['a/two'])
  await expect(stage().play(book, { skip: ['step-9'] })).rejects.toThrow('has no step “step-9”')
})

test('a verdict from before a change is taken again before its remedy is offered', async () => {
  const on = stage()
  const path = join(on.folder, 'both')
  const make = scriptRemedy('a/make', sh`touch ${path}`)
  const state = await on.play(
    bookOf(
      [fileIsThere('a/one', path, { remedies: [make] })],
      [fileIsThere('a/two', path, { remedies: [make] })],
    ),
  )
  expect(on.asked).toHaveLength(1)
  expect(state.status).toBe('passed')
})

test('after a change everything is looked at once more at the end', async () => {
  const on = stage()
  const path = join(on.folder, 'x')
  const fragile = join(on.folder, 'fragile')
  const book = bookOf(
    [fileIsThere('a/fragile', fragile)],
    [fileIsThere('a/there', path, { remedies: [scriptRemedy('a/make', sh`touch ${path}; rm ${fragile}`)] })],
  )
  const { writeFileSync } = await import('node:fs')
  writeFileSync(fragile, '')
  const state = await on.play(book)
  expect(state.checks['a/fragile']).toMatchObject({ firstStatus: 'pass', verdict: { status: 'fail' } })
  expect(state.status).toBe('failed')
})

test('a dry run shows plans, asks nobody and changes nothing', async () => {
  const on = stage()
  const path = join(on.folder, 'x')
  const state = await on.play(
    bookOf([fileIsThere('a/there', path, { remedies: [scriptRemedy('a/make', sh`touch ${path}`)] })]),
    { dryRun: true },
  )
  expect(on.asked).toEqual([])
  expect(existsSync(path)).toBe(false)
  expect(state.remedies[0]?.plan?.actions).toMatchObject([{ type: 'run', script: `touch ${path}` }])
})

test('a warning alone ends with warnings', async () => {
  const on = stage()
  const warning = check({
    id: 'a/warn',
    title: '',
    why: '',
    params: z.object({}),
    probe: async () => ({ ...fail('so so'), status: 'warn' as const }),
  })
  const state = await on.play(bookOf([warning]), { mode: 'check' })
  expect([state.status, exitCodeOf(state)]).toEqual(['warnings', 1])
})
