import { type StackEnvironment, stackEnvironment } from '../../src/facts/env-files.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { resetParams } from './parameters.ts'

export const isStaging = check({
  id: 'staging/is-staging',
  title: 'This is a staging server, by its name and by what runs on it',
  why: 'What follows throws every order away. A target that is called staging and serves production has happened to others: so what runs there is asked too.',
  params: resetParams,
  explains: ['staging/volumes', 'staging/reset'],
  async probe({ params, read, target }) {
    const expected = 'staging'
    if (target.environment !== 'staging')
      return fail(`${target.name} is ${target.environment}: data are reset on staging alone`, {
        measured: target.environment,
        expected,
        advice: 'There is nothing to override here. Choose the staging server',
      })
    const environment = await read(stackEnvironment, params.composeFile)
    const signs = productionSigns(environment, params.backendService)
    if (signs.length > 0)
      return fail(`${target.name} is called staging, and runs production: ${signs.join(', ')}`, {
        measured: signs.join(', '),
        expected,
        advice:
          'If it really is staging, its env file has to say so first: another payment key, another SENTRY_ENVIRONMENT, another file',
      })
    return pass(`${target.name} is staging, and nothing that runs there says otherwise`, {
      measured: 'staging',
      expected,
    })
  },
})

/** What gives production away, whatever the target is called. Pure. @throws Unreadable when Compose refuses the file. */
export function productionSigns(
  { resolved, files, refusal }: Pick<StackEnvironment, 'resolved' | 'files' | 'refusal'>,
  backendService: string,
): string[] {
  if (resolved === null) throw new Unreadable(`what runs there cannot be told: ${refusal}`)
  const values = resolved.get(backendService)
  if (values === undefined) throw new Unreadable(`the Compose file has no service ${backendService}`)
  const live = values.find(({ prefix }) => prefix === 'live_')
  const named = values.findLast(({ name }) => name === 'SENTRY_ENVIRONMENT')?.plain
  const file = files.find(
    ({ role, exists, path }) => role === 'service' && exists && /\bprod(uction)?\b/i.test(path),
  )
  return [
    ...(live === undefined ? [] : [`${live.name} is a live key`]),
    ...(named === 'production' ? ['SENTRY_ENVIRONMENT is production'] : []),
    ...(file === undefined ? [] : [`its env file is ${file.path}`]),
  ]
}
