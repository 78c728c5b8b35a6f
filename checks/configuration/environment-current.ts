import { stackEnvironment } from '../../src/facts/env-files.ts'
import { check } from '../../src/model/check.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { configurationParams } from './parameters.ts'
import { recreateStale, staleServices } from './recreate.ts'

export const environmentCurrent = check({
  id: 'configuration/environment-current',
  title: 'Every container runs with the values that stand in the files now',
  why: 'Somebody changed a value and restarted the service. The container still has the old one: `restart` reads nothing again.',
  params: configurationParams,
  after: ['configuration/compose-variables-set'],
  remedies: [recreateStale],
  async probe({ params, read }) {
    const state = await read(stackEnvironment, params.composeFile)
    const stale = staleServices(state, params)
    const compared = state.running?.length ?? 0
    const expected = 'no variable differs'
    if (compared === 0) return notApplicable('nothing of the stack runs, so nothing can be out of date')
    if (stale.length === 0)
      return pass(`${compared} containers have what the files say`, { measured: 'none differs', expected })
    const measured = stale.map(({ service, names }) => `${service}: ${names.join(', ')}`).join('; ')
    return fail(`out of date: ${measured}`, { measured, expected, remedies: [recreateStale] })
  },
})
