import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Intent, Intents } from '../../../src/engine/intents.ts'
import type { Review } from '../../../src/engine/operator.ts'
import { replay } from '../../../src/engine/state.ts'
import type { RunEvent } from '../../../src/model/event.ts'
import { sh } from '../../../src/model/script.ts'
import { bookOf, fileIsThere, scriptRemedy, stage } from './stage.ts'

/** Somebody at the keyboard who says something when they see an event. */
function somebody(): Intents & { say(intent: Intent): void } {
  const listeners = new Set<(intent: Intent) => void>()
  return {
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    say(intent) {
      for (const listener of listeners) listener(intent)
    },
  }
}

const started = (check: string) => (event: RunEvent) =>
  event.type === 'check-started' && event.check === check

test('a note is in the journal, at the check it was written for', async () => {
  const intents = somebody()
  const sees = started('a/one')
  const on = stage({
    intents,
    onEvent(event) {
      if (sees(event)) intents.say({ type: 'note', text: 'looks odd', check: 'a/one' })
    },
  })
  const state = await on.play(bookOf([fileIsThere('a/one', '/')]))
  expect(state.notes).toMatchObject([{ text: 'looks odd', check: 'a/one' }])
  expect(replay(on.replayed())?.notes).toHaveLength(1)
})

test('a check that was skipped is not offered a remedy, blocks what stands after it, and is not green', async () => {
  const intents = somebody()
  const sees = started('a/one')
  const on = stage({
    intents,
    onEvent(event) {
      if (sees(event)) intents.say({ type: 'skip', check: 'a/one', reason: 'known, ticket 12' })
    },
  })
  const path = join(on.folder, 'here')
  const remedies = [scriptRemedy('a/make', sh`touch ${path}`)]
  const state = await on.play(
    bookOf([fileIsThere('a/one', path, { remedies }), fileIsThere('a/two', '/', { after: ['a/one'] })]),
  )
  expect(state.checks['a/one']?.verdict).toMatchObject({ status: 'skipped', summary: 'known, ticket 12' })
  expect(state.checks['a/two']?.verdict).toMatchObject({
    status: 'skipped',
    blockedBy: 'a/one',
    summary: expect.stringContaining('was skipped'),
  })
  expect(on.asked).toEqual([])
  expect(existsSync(path)).toBe(false)
  expect(state.status).toBe('unproven')
})

test('while everything is held nothing new starts, and nothing is lost when it is released', async () => {
  const intents = somebody()
  const order: string[] = []
  const on = stage({
    intents,
    consent: () => {
      intents.say({ type: 'freeze' })
      setTimeout(() => {
        order.push('released')
        intents.say({ type: 'release' })
      }, 50)
      return { answer: 'yes', by: 'test' }
    },
    onEvent: event => order.push(event.type),
  })
  const path = join(on.folder, 'here')
  const remedies = [scriptRemedy('a/make', sh`touch ${path}`)]
  const state = await on.play(bookOf([fileIsThere('a/one', path, { remedies })]))
  expect(order.indexOf('remedy-intent')).toBeGreaterThan(order.indexOf('released'))
  expect(order.filter(type => type.startsWith('run-'))).toEqual([
    'run-started',
    'run-frozen',
    'run-released',
    'run-finished',
  ])
  expect(state).toMatchObject({ status: 'passed', frozen: false })
})

test('a run that is held can be stopped, and then changes nothing more', async () => {
  const intents = somebody()
  const stop = new AbortController()
  const on = stage({
    intents,
    signal: stop.signal,
    consent: () => {
      intents.say({ type: 'freeze' })
      setTimeout(() => stop.abort(), 20)
      return { answer: 'yes', by: 'test' }
    },
  })
  const path = join(on.folder, 'here')
  const remedies = [scriptRemedy('a/make', sh`touch ${path}`)]
  const state = await on.play(bookOf([fileIsThere('a/one', path, { remedies })]))
  expect(existsSync(path)).toBe(false)
  expect(state.interrupted).toBe('stopped by the operator')
})

test('a check is looked at again on fresh facts, a skip taken back with it', async () => {
  const intents = somebody()
  let isFirst = true
  const on = stage({
    intents,
    onEvent(event) {
      if (!isFirst || event.type !== 'check-finished' || event.check !== 'a/two') return
      isFirst = false
      intents.say({ type: 'skip', check: 'a/one', reason: 'not now' })
      intents.say({ type: 'again', checks: ['a/one', 'a/two'] })
    },
  })
  const state = await on.play(bookOf([fileIsThere('a/one', '/'), fileIsThere('a/two', '/')]), {
    mode: 'check',
  })
  expect(state.checks['a/two']).toMatchObject({ rounds: 2 })
  expect(state.checks['a/one']?.verdict?.status).toBe('pass')
})

test('what was skipped stays skipped when the run is gone on with', async () => {
  const { openDesk } = await import('../../../src/engine/intents.ts')
  const intents = somebody()
  const sees = started('a/one')
  const on = stage({
    intents,
    onEvent(event) {
      if (sees(event)) intents.say({ type: 'skip', check: 'a/one', reason: 'known' })
    },
  })
  const before = await on.play(bookOf([fileIsThere('a/one', '/missing'), fileIsThere('a/two', '/missing')]))
  const desk = openDesk({
    intents: undefined,
    signal: new AbortController().signal,
    before,
    record: () => {},
  })
  expect([desk.isSkipped('a/one'), desk.isSkipped('a/two')]).toEqual([true, false])
})

/** An operator who gives these answers, then finishes. */
const reviewing = (...answers: Review[]) => {
  const seen: (string | undefined)[] = []
  return {
    seen,
    async review(state: { checks: Record<string, { verdict?: { status: string } }> } | object) {
      seen.push(
        (state as { checks: Record<string, { verdict?: { status: string } }> }).checks['a/one']?.verdict
          ?.status,
      )
      return answers.shift() ?? ({ do: 'finish' } as const)
    },
  }
}

test('what was declined can be reconsidered over the same connection, and the lock is not held meanwhile', async () => {
  const who = reviewing({ do: 'mend', check: 'a/one' })
  let isSecond = false
  const on = stage({
    review: who.review,
    consent: () => {
      const answer = isSecond ? 'yes' : 'no'
      isSecond = true
      return { answer, by: 'test' }
    },
  })
  const path = join(on.folder, 'here')
  const remedies = [scriptRemedy('a/make', sh`touch ${path}`)]
  const state = await on.play(
    bookOf([fileIsThere('a/one', path, { remedies }), fileIsThere('a/two', path, { after: ['a/one'] })]),
  )
  expect(who.seen).toEqual(['fail'])
  expect(state.status).toBe('passed')
  expect(state.locked).toBe(false)
  expect(on.events.filter(event => event.type === 'run-finished')).toHaveLength(1)
})

test('a review may look at everything again, and a run without anything left to do has none', async () => {
  const who = reviewing({ do: 'again', checks: [] }, { do: 'again', checks: ['a/one'] })
  const on = stage({ review: who.review })
  const state = await on.play(bookOf([fileIsThere('a/one', '/missing'), fileIsThere('a/two', '/')]))
  expect(who.seen).toEqual(['fail', 'fail', 'fail'])
  expect(state.checks['a/one']?.rounds).toBe(3)
  expect(state.checks['a/two']?.rounds).toBe(2)
  const happy = reviewing()
  await stage({ review: happy.review }).play(bookOf([fileIsThere('a/one', '/')]))
  expect(happy.seen).toEqual([])
})

test('checks only: a review mends nothing', async () => {
  const who = reviewing({ do: 'mend', check: 'a/one' })
  const on = stage({ review: who.review })
  const path = join(on.folder, 'here')
  const remedies = [scriptRemedy('a/make', sh`touch ${path}`)]
  await on.play(bookOf([fileIsThere('a/one', path, { remedies })]), { mode: 'check' })
  expect(existsSync(path)).toBe(false)
})
