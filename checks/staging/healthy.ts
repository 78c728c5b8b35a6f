import { containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { stackConfig } from '../../src/facts/stack.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { resetParams } from './parameters.ts'

export const stackHealthy = check({
  id: 'staging/healthy',
  title: 'Every service runs again, and is healthy',
  why: 'An empty shop that does not start tells that it needs data which no migration makes.',
  params: resetParams,
  after: ['staging/reset'],
  async probe({ params, read }) {
    const { services } = await read(stackConfig, params.composeFile)
    const containers = await read(stackContainers, params.composeFile)
    const wanted = services.filter(({ profiles }) => profiles.length === 0)
    const wrong = wanted.flatMap(({ name }) => {
      const found = containerOfService(containers, name)
      if (found === undefined) return [`${name} was not made`]
      if (found.status !== 'running') return [`${name} is ${found.status}`]
      return found.health === null || found.health === 'healthy' ? [] : [`${name} is ${found.health}`]
    })
    const expected = `${wanted.length} running, none unhealthy`
    return wrong.length === 0
      ? pass(`all ${wanted.length} services run`, { measured: `${wanted.length} running`, expected })
      : fail(wrong.join(', '), {
          measured: `${wanted.length - wrong.length} of ${wanted.length}`,
          expected,
          advice: 'The troubleshooting runbook finds out why',
        })
  },
})
