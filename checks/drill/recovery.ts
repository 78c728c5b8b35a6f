/** What the drill came to: how long the shop would be gone, and what it would have lost. */

import type { DrillRecord } from '../../src/facts/drill-record.ts'
import { check } from '../../src/model/check.ts'
import { quantity } from '../../src/model/figure.ts'
import type { Policy } from '../../src/model/policy.ts'
import { fail, pass, type Verdict, type VerdictDetails } from '../../src/model/verdict.ts'
import { drillOf, drillParams } from './parameters.ts'
import { notMade, SAME_SECONDS } from './rungs.ts'

const span = (seconds: number): string => quantity(seconds, 's')

/** The phases as they are read. */
const PHASES: Readonly<Record<string, string>> = {
  reading: 'reading',
  starting: 'PostgreSQL',
  restoring: 'restoring',
  checking: 'checking',
  booting: 'booting',
}

export const recoveryTime = check({
  id: 'drill/recovery-time',
  title: 'The recovery time keeps its target (RTO)',
  why: 'From the decision to restore to an application that answers: how long the shop would be gone.',
  params: drillParams,
  after: ['drill/boots'],
  async probe(context) {
    const record = await drillOf(context)
    const { recoverySeconds, seconds } = record
    const target = context.policy.recoveryTimeHours * 3600
    if (recoverySeconds === null) return notMade('the recovery time was not measured')
    const waited = Math.max(0, record.startedAt - record.decidedAt)
    const phases = [
      { words: 'deciding', value: waited },
      ...Object.entries(PHASES).flatMap(([phase, words]) =>
        seconds[phase] === undefined ? [] : [{ words, value: seconds[phase] }],
      ),
    ]
    const details: VerdictDetails = {
      measured: span(recoverySeconds),
      expected: `at most ${span(target)}`,
      figures: [
        { name: 'Recovery time', value: recoverySeconds, unit: 's', target },
        ...phases.map(({ words, value }) => ({ name: `Recovery time, ${words}`, value, unit: 's' as const })),
      ],
    }
    const words = `${span(recoverySeconds)} from the decision to an answer: ${phases.map(phase => `${phase.words} ${span(phase.value)}`).join(', ')}`
    if (recoverySeconds > target)
      return fail(words, { ...details, advice: 'A larger server, or a smaller database, restores faster.' })
    return pass(words, details)
  },
})

export const recoveryPoint = check({
  id: 'drill/recovery-point',
  title: 'The recovery point keeps its target (RPO)',
  why: 'The time since the newest business row of the backup: what would be lost, had the server died when the drill was decided.',
  params: drillParams,
  after: ['drill/business'],
  async probe(context) {
    return judgePoint(await drillOf(context), context.policy)
  },
})

/** A quiet shop loses nothing by its silence: what counts then is that nothing newer stands in the live database. Pure. */
export function judgePoint({ decidedAt, newest, liveNewest }: DrillRecord, policy: Policy): Verdict {
  if (newest === null) return notMade('the recovery point was not measured')
  const target = policy.recoveryPointHours * 3600
  const age = Math.max(0, decidedAt - newest)
  const details: VerdictDetails = {
    measured: span(age),
    expected: `at most ${span(target)}`,
    figures: [{ name: 'Recovery point', value: age, unit: 's', target }],
  }
  if (age <= target) return pass(`${span(age)} of business would be lost`, details)
  if (liveNewest !== null && liveNewest - newest < SAME_SECONDS)
    return pass(`the newest row is ${span(age)} old, and none has come since: nothing would be lost`, {
      ...details,
      measured: '0 s',
      figures: [
        { name: 'Recovery point', value: 0, unit: 's', target },
        { name: 'Age of the newest row', value: age, unit: 's' },
      ],
    })
  return fail(`${span(age)} of business would be lost: the target cannot be kept by backups this far apart`, {
    ...details,
    advice:
      'Back up more often (OnCalendar of the backup’s timer), archive the write-ahead log, or set recoveryPointHours of the policy to what the business accepts.',
  })
}
