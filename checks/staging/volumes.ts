/** Which volumes hold the data, by their labels; and that nobody else uses them. */

import { type ProjectVolume, projectVolumes } from '../../src/facts/project-volumes.ts'
import { type StackConfig, stackConfig } from '../../src/facts/stack.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { type ResetParams, resetParams } from './parameters.ts'

/** Names in the Compose file of the volumes that the database and Redis keep their data in. Pure. */
export function dataVolumes(
  config: StackConfig,
  services: readonly string[],
): { readonly labels: readonly string[]; readonly binds: readonly string[] } {
  const mounts = config.services
    .filter(({ name }) => services.includes(name))
    .flatMap(service => service.mounts)
    // What it may only read is no data of its own.
    .filter(({ readOnly }) => !readOnly)
  return {
    labels: [...new Set(mounts.filter(({ type }) => type === 'volume').map(({ source }) => source))],
    binds: mounts.filter(({ type }) => type === 'bind').map(({ source }) => source),
  }
}

/** The volumes to be thrown away. @throws Unreadable when one is not this project's, or cannot be told. */
export async function volumesToReset({
  params,
  read,
}: Pick<ProbeContext<ResetParams>, 'params' | 'read'>): Promise<{
  readonly project: string
  readonly volumes: readonly ProjectVolume[]
}> {
  const config = await read(stackConfig, params.composeFile)
  const { labels, binds } = dataVolumes(config, [params.databaseService, params.redisService])
  if (binds.length > 0)
    throw new Unreadable(
      `data lie in directories of the server (${binds.join(', ')}), and only volumes are reset here`,
    )
  if (labels.length === 0)
    throw new Unreadable(`${params.databaseService} and ${params.redisService} have no volume`)
  const all = await read(projectVolumes, config.project)
  return { project: config.project, volumes: all.filter(({ label }) => labels.includes(label)) }
}

export const resetVolumes = check({
  id: 'staging/volumes',
  title: 'The volumes that hold the data are this stack’s, and nobody else’s',
  why: 'The name of a volume begins with the project’s, and the project’s is that of a directory: a guessed name has deleted another stack’s data before.',
  params: resetParams,
  after: ['staging/is-staging'],
  explains: ['staging/reset'],
  async probe(context) {
    const { project, volumes } = await volumesToReset(context)
    const strangers = volumes.flatMap(({ name, users }) =>
      users.filter(user => user.project !== project).map(({ container }) => `${container} uses ${name}`),
    )
    const expected = `labelled ${project}, used by ${project} alone`
    if (strangers.length > 0)
      return fail(`others use them too: ${strangers.join(', ')}`, {
        measured: strangers.join(', '),
        expected,
        advice: 'Stop and remove those containers, or give them volumes of their own',
      })
    if (volumes.length === 0)
      return pass(`${project} has no data yet: nothing would be lost`, { measured: 'none', expected })
    return pass(`found by their labels: ${volumes.map(sized).join(', ')}`, {
      measured: volumes.map(({ name }) => name).join(', '),
      expected,
    })
  },
})

/** `webshop_postgres_data (71 MB)`. */
export const sized = ({ name, bytes }: ProjectVolume): string => `${name} (${Math.round(bytes / 1e6)} MB)`
