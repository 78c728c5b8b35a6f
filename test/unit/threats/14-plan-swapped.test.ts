import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ConsentRequest } from '../../../src/engine/operator.ts'
import { digestOf } from '../../../src/engine/prepare.ts'
import { writeFile } from '../../../src/model/action.ts'
import type { ShownPlan } from '../../../src/model/event.ts'
import { sh } from '../../../src/model/script.ts'
import { bookOf, fileIsThere, scriptRemedy, stage } from '../engine/stage.ts'

/** Threat 14: what runs is not what was agreed to. */
describe('threat 14, a plan swapped after consent', () => {
  it('what is changed in the plan that was handed out for consent changes nothing that runs', async () => {
    const swap = ({ plan }: ConsentRequest): void => {
      const [action] = plan.actions
      if (action?.type === 'run') (action as { script: string }).script = `touch ${marker}`
    }
    const on = stage({
      consent: request => {
        swap(request)
        return { answer: 'yes', by: 'test' }
      },
    })
    const marker = join(on.folder, 'swapped')
    const made = join(on.folder, 'made')
    const remedy = scriptRemedy('a/make', sh`touch ${made}`)
    await on.play(bookOf([fileIsThere('a/there', made, { remedies: [remedy] })]))
    expect([existsSync(made), existsSync(marker)]).toEqual([true, false])
  })

  it('a plan that changes in memory between consent and execution is not carried out', async () => {
    const action = {
      type: 'run' as const,
      title: 'Make',
      script: '',
      as: 'login',
      timeoutSeconds: 5,
      lasting: false,
    }
    const on = stage({
      consent: () => {
        action.script = `touch ${marker}`
        return { answer: 'yes', by: 'test' }
      },
    })
    const marker = join(on.folder, 'swapped')
    action.script = `touch ${join(on.folder, 'made')}`
    const remedy = scriptRemedy('a/make', sh`true`, {
      plan: async () => ({ actions: [action], touches: [], undo: '' }),
    })
    const state = await on.play(
      bookOf([fileIsThere('a/there', join(on.folder, 'made'), { remedies: [remedy] })]),
    )
    expect(existsSync(marker)).toBe(false)
    expect(state.remedies[0]).toMatchObject({
      outcome: 'failed',
      summary: 'the plan is not the one that was shown; nothing was done',
    })
  })

  it('one byte anywhere in a plan is another digest', () => {
    const write = { ...writeFile('/etc/x', 'a\n'), before: null } as ShownPlan['actions'][number]
    const plan: Omit<ShownPlan, 'digest'> = {
      remedy: 'a/b',
      title: 'T',
      why: 'W',
      risk: 'R',
      grade: 'reversible',
      check: 'a/c',
      actions: [write],
      touches: ['x'],
      undo: 'u',
      guard: { revert: 'mv a b', afterSeconds: 60 },
    }
    const text = JSON.stringify(plan)
    const digests = new Set([digestOf(plan)])
    let tried = 0
    for (let at = 0; at < text.length; at += 1) {
      const changed = `${text.slice(0, at)}${text[at] === '1' ? '2' : '1'}${text.slice(at + 1)}`
      try {
        digests.add(digestOf(JSON.parse(changed)))
        tried += 1
      } catch {
        // Not JSON any more.
      }
    }
    expect(tried).toBeGreaterThan(100)
    expect(digests.size).toBe(tried + 1)
  })
})
