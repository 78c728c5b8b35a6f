import { drills, type PastDrill } from '../../src/facts/drill-record.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { quantity } from '../../src/model/figure.ts'
import { pass } from '../../src/model/verdict.ts'
import { drillParams } from './parameters.ts'

/** Drills that the sentence compares with. */
const COMPARED = 5

export const drillTrend = check({
  id: 'drill/trend',
  title: 'The drill is written down, and the next one has its day',
  why: 'A recovery time that grows month by month breaks its target on a day that can be foretold.',
  params: drillParams,
  after: ['drill/held'],
  async probe({ policy, read }) {
    const { history } = await read(drills)
    const last = history.at(-1)
    if (last === undefined) throw new Unreadable('the history of drills is empty')
    const next = new Date((last.endedAt + policy.drillEveryDays * 86_400) * 1000).toISOString()
    return pass(`${trendWords(history)}; the next one is due on ${next.slice(0, 10)}`, {
      due: { at: next, runbook: 'restore-drill', title: 'Restore drill' },
      measured: `${history.length} held`,
      expected: `one every ${policy.drillEveryDays} days`,
    })
  },
})

/** `recovery times 38 s, 41 s, 40 s`: the latest few, oldest first; a drill that did not get there says so. Pure. */
export function trendWords(history: readonly PastDrill[]): string {
  const times = history
    .slice(-COMPARED)
    .map(({ recoverySeconds }) => (recoverySeconds === null ? 'not reached' : quantity(recoverySeconds, 's')))
  return times.length < 2 ? 'the first drill here' : `recovery times so far: ${times.join(', ')}`
}
