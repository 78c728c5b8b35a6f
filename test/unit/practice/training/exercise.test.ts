/** An exercise from its clock to its debrief: real events of a real engine run, a server that answers what it is told to. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { reduce } from '../../../../src/engine/state.ts'
import type { RunEvent, StoredVerdict } from '../../../../src/model/event.ts'
import { Target } from '../../../../src/model/target.ts'
import { openBestScores } from '../../../../src/practice/training/best-scores.ts'
import { debriefText } from '../../../../src/practice/training/debrief.ts'
import { createExercise, type ExercisePorts, type Task } from '../../../../src/practice/training/exercise.ts'

const folder = mkdtempSync(join(tmpdir(), 'kneeboard-training-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const task: Task = {
  name: '502-after-deploy',
  title: '502 after a deploy',
  briefing: 'The shop’s API answers 502.',
  runbook: 'troubleshooting',
  cause: 'nginx/addresses-current',
  needed: ['nginx/reload'],
  isBroken: true,
  hints: ['gentle', 'middling', 'telling'],
  chain: ['The address changed.', 'nginx asked the old one.'],
  fastest: ['Walk the runbook.'],
}
const target = Target.parse({ name: 'practice', environment: 'practice', host: '127.0.0.1' })
const at = '2026-11-21T12:00:00.000Z'
const planned = (id: string, explains: string[] = []) => ({
  id,
  title: id,
  why: 'A test needs it.',
  after: [],
  explains,
  remedies: [],
})

function started(changes: Partial<Task> = {}, ports: Partial<ExercisePorts> = {}) {
  const clock = { now: 1_000_000 }
  const kept: number[] = []
  let closed = 0
  const exercise = createExercise({ ...task, ...changes }, target, {
    now: () => clock.now,
    works: async () => true,
    close() {
      closed += 1
    },
    keep(points) {
      kept.push(points)
      return { points, isNew: true }
    },
    ...ports,
  })
  let state = reduce(undefined, {
    type: 'run-started',
    at,
    run: 'r',
    tool: 't',
    operator: 'ada',
    mode: 'run',
    runbook: 'troubleshooting',
    title: 'Something is wrong',
    target: { name: 'practice', environment: 'practice', host: '127.0.0.1' },
    params: {},
    steps: [
      {
        id: 'all',
        title: 'All',
        checks: [planned('disk/space', ['nginx/addresses-current']), planned('nginx/addresses-current')],
      },
    ],
  })
  const tell = (event: RunEvent) => {
    state = reduce(state, event)
    exercise.watch(event, state)
  }
  const finish = (check: string, status: StoredVerdict['status']) =>
    tell({
      type: 'check-finished',
      at,
      check,
      round: 1,
      verdict: { status, summary: 'seen', remedies: [] },
      evidence: [],
      durationMs: 1,
    })
  const ran = (remedy: string) =>
    tell({ type: 'remedy-intent', at, remedy, check: 'nginx/addresses-current', attempt: 1, digest: 'd' })
  return { exercise, clock, kept, finish, ran, state: () => state, closed: () => closed }
}

describe('the cause', () => {
  test('counts from the moment that a diagnosis has it, and only the first time', async () => {
    const { exercise, clock, finish } = started()
    clock.now += 180_000
    finish('nginx/addresses-current', 'fail')
    clock.now += 600_000
    finish('nginx/addresses-current', 'fail')
    const { isCauseFound, score } = await exercise.finish()
    expect(isCauseFound).toBe(true)
    expect(score?.rules[1]?.why).toMatch(/^Shown after 3 min\./)
  })

  test('that could not be checked is not found', async () => {
    const { exercise, finish } = started()
    finish('nginx/addresses-current', 'unknown')
    expect((await exercise.finish()).isCauseFound).toBe(false)
  })

  test('folded under another one is found by whoever opens its page', async () => {
    const folded = started()
    folded.finish('disk/space', 'fail')
    folded.finish('nginx/addresses-current', 'fail')
    folded.exercise.look(folded.state(), 'disk/space')
    expect((await folded.exercise.finish()).isCauseFound).toBe(false)
    const opened = started()
    opened.finish('disk/space', 'fail')
    opened.finish('nginx/addresses-current', 'fail')
    opened.exercise.look(opened.state(), 'nginx/addresses-current')
    expect((await opened.exercise.finish()).isCauseFound).toBe(true)
  })
})

describe('hints', () => {
  test('say their cost first, come one by one, and end', () => {
    const { exercise } = started()
    const seen: (number | undefined)[] = [exercise.getSnapshot().nextHintCosts]
    for (let taken = 0; taken < 4; taken += 1) {
      exercise.takeHint()
      seen.push(exercise.getSnapshot().nextHintCosts)
    }
    expect(seen).toEqual([5, 10, 15, undefined, undefined])
    expect(exercise.getSnapshot().hints).toEqual(['gentle', 'middling', 'telling'])
  })

  test('cost what they said', async () => {
    const { exercise, finish, ran, kept } = started()
    exercise.takeHint()
    finish('nginx/addresses-current', 'fail')
    ran('nginx/reload')
    const { score, best } = await exercise.finish()
    expect(score?.total).toBe(95)
    expect(kept).toEqual([95])
    expect(best).toEqual({ points: 95, isNew: true })
  })
})

describe('the end', () => {
  test('is asked of the server, once, and the server is let go of', async () => {
    let asked = 0
    const works = async () => {
      asked += 1
      return false
    }
    const { exercise, finish, closed } = started({}, { works })
    finish('nginx/addresses-current', 'fail')
    const [one, other] = await Promise.all([exercise.finish(), exercise.finish()])
    expect(one).toBe(other)
    expect(one.works).toBe(false)
    expect(one.score?.total).toBe(60)
    expect([asked, closed()]).toEqual([1, 1])
  })

  test('a server that does not answer is not taken for one that works', async () => {
    const works = () => Promise.reject(new Error('it has ended'))
    const { exercise, finish } = started({}, { works })
    finish('nginx/addresses-current', 'fail')
    const { problem, score } = await exercise.finish()
    expect(problem).toContain('it has ended')
    expect(score?.rules[0]?.points).toBe(0)
  })

  test('what happens after it changes nothing any more', async () => {
    const { exercise, finish, ran } = started()
    finish('nginx/addresses-current', 'fail')
    const before = await exercise.finish()
    ran('docker/start-missing')
    exercise.takeHint()
    expect(await exercise.finish()).toBe(before)
  })

  test('a score that cannot be kept is told, and takes nothing from the debrief', async () => {
    const keep = () => {
      throw new Error('no space left')
    }
    const { exercise, finish } = started({}, { keep })
    finish('nginx/addresses-current', 'fail')
    const debrief = await exercise.finish()
    expect(debrief.problem).toBe('The score could not be kept: no space left.')
    expect(debrief.score?.total).toBe(100)
  })

  test('without anything to find there is no score, and nothing is claimed', async () => {
    const { cause: _none, ...rest } = task
    const exercise = createExercise({ ...rest, isBroken: false, hints: [], chain: [], fastest: [] }, target, {
      now: () => 0,
      works: () => Promise.reject(new Error('never asked')),
      close() {},
      keep: () => ({ points: 0, isNew: true }),
    })
    const debrief = await exercise.finish()
    expect(debrief).not.toHaveProperty('score')
    expect(debriefText(debrief)).toContain('Nothing was broken.')
  })

  test('given up, there is nothing to debrief', () => {
    const { exercise, finish, closed } = started()
    finish('nginx/addresses-current', 'fail')
    expect(exercise.getSnapshot().isUnderWay).toBe(true)
    exercise.giveUp()
    finish('nginx/addresses-current', 'fail')
    expect(exercise.getSnapshot().isUnderWay).toBe(false)
    expect(closed()).toBe(1)
  })
})

test('the debrief fits the terminal, and tells score, causal chain and fastest way', async () => {
  const { exercise, clock, finish } = started({ reveals: 'What it was' })
  clock.now += 45_000
  finish('nginx/addresses-current', 'fail')
  const text = debriefText(await exercise.finish(), 60)
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(60)
  expect(text).toContain('Practice, 502 after a deploy (What it was): Everything works')
  expect(text).toContain('Score: 100 of 100, your best so far')
  expect(text).toContain('  1. The address changed.\n  2. nginx asked the old one.')
  expect(text).toContain('The fastest way:\n  1. Walk the runbook.')
  expect(text).toContain('Again: kneeboard practice 502-after-deploy')
})

describe('best scores', () => {
  test('only a better one takes their place, and they outlive the program', () => {
    expect(openBestScores(folder).keep('full-disk', 60)).toEqual({ points: 60, isNew: true })
    expect(openBestScores(folder).keep('full-disk', 40)).toEqual({ points: 60, isNew: false })
    expect(openBestScores(folder).keep('full-disk', 85)).toEqual({ points: 85, isNew: true })
    expect(openBestScores(folder).keep('surprise', 10)).toEqual({ points: 10, isNew: true })
    expect(openBestScores(folder).read()).toEqual({ 'full-disk': 85, surprise: 10 })
  })

  test('a broken file is told, and left as it is', () => {
    const other = mkdtempSync(join(folder, 'broken-'))
    writeFileSync(join(other, 'practice.json'), '{"best": {"full-disk": 400}}')
    expect(() => openBestScores(other).read()).toThrow(/practice\.json/)
    expect(() => openBestScores(other).keep('full-disk', 50)).toThrow(/practice\.json/)
  })
})
