/** Checks of what only a person can see. They pass for as long as somebody's word is fresh enough, and say whose it is. */

import { z } from 'zod'
import { CONFIRMATIONS, confirmations, confirmScript } from '../../src/facts/confirmations.ts'
import { type Action, runAction } from '../../src/model/action.ts'
import { type Check, check, type ProbeContext } from '../../src/model/check.ts'
import type { Policy } from '../../src/model/policy.ts'
import { remedy } from '../../src/model/remedy.ts'
import { pass, unknown } from '../../src/model/verdict.ts'

export const confirmedBy = z
  .string()
  .trim()
  .regex(/^[^\x00-\x1f\x7f]{0,60}$/, 'a name of at most 60 characters')
  .default('')
  .describe('Your name, for the record of what you confirm; empty: the login')

export interface Confirmable<P> {
  /** `area/what-is-true`. */
  readonly id: string
  readonly title: string
  readonly why: string
  /** What to do and what to look for, one line each. */
  readonly instructions: (policy: Policy) => readonly string[]
  /** Days that a confirmation lasts. */
  readonly days: (policy: Policy) => number
  readonly params: z.ZodType<P>
  readonly after?: readonly string[]
  /** What is done on the server before the person is asked: a test event is sent. */
  readonly first?: (context: ProbeContext<P>) => Promise<readonly Action[]>
  /** What those actions touch. */
  readonly touches?: readonly string[]
}

/** A check whose remedy asks a person, and writes down on the server who confirmed and when. */
export function confirmable<P extends { readonly confirmedBy: string }>(item: Confirmable<P>): Check<P> {
  const ask = remedy<P>({
    id: `${item.id}-confirm`,
    title: `Confirm: ${item.title}`,
    why: item.why,
    risk: 'None to the server: your word is written down, with your name and the time.',
    grade: 'reversible',
    params: item.params,
    async plan(context) {
      const first = (await item.first?.(context)) ?? []
      return {
        actions: [
          ...first,
          { type: 'ask', title: item.title, instructions: [...item.instructions(context.policy)] },
          runAction(
            'Write down who confirmed it, and when',
            confirmScript(item.id, context.params.confirmedBy),
          ),
        ],
        touches: [...(item.touches ?? []), `${CONFIRMATIONS}: one more line`],
        undo: `Remove the line from ${CONFIRMATIONS}`,
      }
    },
  })
  return check<P>({
    id: item.id,
    title: item.title,
    why: item.why,
    params: item.params,
    ...(item.after === undefined ? {} : { after: item.after }),
    remedies: [ask] as never,
    async probe({ read, policy }) {
      const { entries, now } = await read(confirmations)
      const last = entries.findLast(entry => entry.item === item.id)
      const days = item.days(policy)
      const expected = `confirmed within ${days} days`
      const offer = { expected, remedies: [ask] as never }
      if (last === undefined)
        return unknown('nobody has confirmed it yet', { ...offer, measured: 'never confirmed' })
      const age = Math.floor((now.getTime() - last.at.getTime()) / 86_400_000)
      const measured = `${last.at.toISOString().slice(0, 10)} by ${last.who}`
      if (age > days) return unknown(`${last.who} confirmed it ${age} days ago`, { ...offer, measured })
      return pass(`${last.who} confirmed it on ${last.at.toISOString().slice(0, 10)}`, { measured, expected })
    },
  })
}
