import { DRILL_LABEL, drillLeftovers, drills } from '../../src/facts/drill-record.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { lasting } from '../restore/parameters.ts'
import { holdDrill } from './hold.ts'
import { automatedBackup, drillParams } from './parameters.ts'

export const drillHeld = check({
  id: 'drill/held',
  title: 'The newest automated backup has been through a drill',
  why: 'The rungs after this one are judged by what that drill measured.',
  params: drillParams,
  after: ['drill/backup-by-automation', 'drill/room'],
  remedies: [holdDrill],
  async probe(context) {
    const { policy, read } = context
    const backup = await automatedBackup(context)
    const { last, now, history } = await read(drills)
    const name = backup?.name ?? 'the newest automated backup'
    const before = history.at(-1)
    const lastTime =
      before === undefined
        ? 'none was held here yet'
        : `the last one was ${lasting(now - before.endedAt)} ago`
    if (last === null || last.sha256 !== backup?.manifest?.sha256)
      return fail(`no drill was held with ${name}; ${lastTime}`, {
        expected: `one every ${policy.drillEveryDays} days`,
        remedies: [holdDrill],
      })
    if (last.endedAt === null)
      return fail(`the drill that began ${lasting(now - last.startedAt)} ago did not come to its end`, {
        expected: 'a whole drill',
        remedies: [holdDrill],
      })
    const failed = Object.entries(last.rungs).filter(([, { ok }]) => !ok)
    const age = now - last.endedAt
    const [first] = failed
    // What has just failed fails again: the rung that says why comes after this check, and is looked at first.
    if (first !== undefined && age > policy.drillRetryMinutes * 60)
      return fail(`the drill ${lasting(age)} ago failed: ${first[1].words}`, {
        expected: 'a drill that passed',
        remedies: [holdDrill],
      })
    return pass(`it was held ${lasting(age)} ago, with ${last.backup}`, { measured: lasting(age) })
  },
})

export const removeLeftovers = remedy({
  id: 'drill/remove-leftovers',
  title: 'Remove what the drill has left',
  why: 'It holds a copy of all customers’ data, and takes memory and disk.',
  risk: 'Only what bears the drill’s label is removed.',
  grade: 'reversible',
  params: drillParams,
  async plan({ read }) {
    const { names } = await read(drillLeftovers)
    const label = `label=${DRILL_LABEL}`
    return {
      actions: [
        runAction(
          'Remove containers, volumes and networks with the label',
          sh`
            docker ps -aq --filter ${label} | xargs -r docker rm -f -v
            docker volume ls -q --filter ${label} | xargs -r docker volume rm -f
            docker network ls -q --filter ${label} | xargs -r docker network rm
          `,
          { timeoutSeconds: 120 },
        ),
      ],
      touches: names,
      undo: 'Not needed: a drill makes its own',
      expectedSeconds: 5,
    }
  },
})

export const drillRemoved = check({
  id: 'drill/removed',
  title: 'Nothing of the drill is left',
  why: 'A forgotten copy of the customers’ data is a leak that waits to happen.',
  params: drillParams,
  after: ['drill/held'],
  remedies: [removeLeftovers],
  async probe({ read }) {
    const { names } = await read(drillLeftovers)
    if (names.length === 0)
      return pass('no container, volume or network bears the drill’s label', {
        measured: '0 left',
        expected: '0 left',
      })
    return fail(`left behind: ${names.join(', ')}`, {
      measured: `${names.length} left`,
      expected: '0 left',
      remedies: [removeLeftovers],
    })
  },
})
