import { expect, test } from 'vitest'
import { diagnose, statusOf, summarise } from '../../../src/engine/outcome.ts'
import { type RunState, replay } from '../../../src/engine/state.ts'
import type { RunEvent, StoredVerdict } from '../../../src/model/event.ts'

const at = '2026-11-21T03:12:00.000Z'

interface Given {
  readonly status: StoredVerdict['status']
  readonly blockedBy?: string
  readonly explains?: string[]
  readonly remedy?: string
}

function stateWith(given: Record<string, Given>): RunState {
  const checks = Object.entries(given).map(([id, { explains = [] }]) => ({
    id,
    title: id,
    why: '',
    after: [],
    explains,
    remedies: [],
  }))
  const events: RunEvent[] = [
    {
      type: 'run-started',
      at,
      run: 'R',
      tool: 't',
      operator: 'me',
      mode: 'check',
      runbook: 'b',
      title: 'B',
      target: { name: 't', environment: 'staging', host: 'h' },
      params: {},
      steps: [{ id: 's', title: 'S', checks }],
    },
    ...Object.entries(given).map(
      ([check, { status, blockedBy, remedy }]): RunEvent => ({
        type: 'check-finished',
        at,
        check,
        round: 1,
        evidence: [],
        durationMs: 1,
        verdict: {
          status,
          summary: `${check} is ${status}`,
          remedies: remedy ? [{ id: remedy, title: remedy, grade: 'reversible' }] : [],
          ...(blockedBy ? { blockedBy } : {}),
        },
      }),
    ),
  ]
  const state = replay(events)
  if (state === undefined) throw new Error('no state')
  return state
}

test.each([
  [{ a: 'pass', b: 'not-applicable' }, 'passed'],
  [{ a: 'pass', b: 'warn' }, 'warnings'],
  [{ a: 'warn', b: 'unknown' }, 'unproven'],
  [{ a: 'unknown', b: 'fail' }, 'failed'],
  [{ a: 'pass', b: 'skipped' }, 'unproven'],
] as const)('%o together are %s', (statuses, expected) => {
  const given = Object.fromEntries(Object.entries(statuses).map(([id, status]) => [id, { status }]))
  expect(statusOf(stateWith(given))).toBe(expected)
})

test('a check that was never reached is unproven', () => {
  const state = stateWith({ a: { status: 'pass' } })
  const unreached = {
    ...state,
    checks: { ...state.checks, b: { ...state.checks.a, id: 'b', verdict: undefined } as never },
  }
  expect(statusOf(unreached)).toBe('unproven')
})

test('the summary counts what a person wants to know', () => {
  expect(
    summarise(
      stateWith({
        a: { status: 'pass' },
        b: { status: 'fail' },
        c: { status: 'unknown' },
        d: { status: 'warn' },
      }),
    ),
  ).toBe('1 passed, 1 failed, 1 warning, 1 unproven')
})

test('the most upstream failure comes first, with what it blocks folded under it, through several stages', () => {
  const state = stateWith({
    alone: { status: 'fail' },
    docker: { status: 'fail', remedy: 'docker/install' },
    compose: { status: 'skipped', blockedBy: 'docker' },
    stack: { status: 'skipped', blockedBy: 'compose' },
  })
  expect(diagnose(state)).toEqual([
    { cause: 'docker', explains: ['compose', 'stack'], summary: 'docker is fail', remedy: 'docker/install' },
    { cause: 'alone', explains: [], summary: 'alone is fail' },
  ])
})

test('what a failure declares to explain is folded under it only while it fails', () => {
  const failing = stateWith({ site: { status: 'fail' }, backend: { status: 'fail', explains: ['site'] } })
  expect(diagnose(failing)).toMatchObject([{ cause: 'backend', explains: ['site'] }])
  const healthy = stateWith({ site: { status: 'fail' }, backend: { status: 'pass', explains: ['site'] } })
  expect(diagnose(healthy)).toMatchObject([{ cause: 'site', explains: [] }])
})

test('an unknown is never folded away', () => {
  const state = stateWith({ backend: { status: 'fail', explains: ['site'] }, site: { status: 'unknown' } })
  expect(diagnose(state).map(({ cause }) => cause)).toEqual(['backend', 'site'])
})

test('of two failures that explain each other one stays as the cause', () => {
  const state = stateWith({ a: { status: 'fail', explains: ['b'] }, b: { status: 'fail', explains: ['a'] } })
  expect(diagnose(state)).toMatchObject([{ cause: 'b', explains: ['a'] }])
})
