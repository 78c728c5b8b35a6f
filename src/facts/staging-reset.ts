/** When the data of a staging stack were last thrown away by us, and whether they are still those that were made then. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { containerOfService, stackContainers } from './containers.ts'

/** One line a reset: seconds since 1970, the project, and the new cluster's own number. */
export const RESET_RECORD = '/var/lib/kneeboard/staging-resets.tsv'

/** Prints the number that PostgreSQL gave the cluster when it was made: another cluster has another one. */
export const CLUSTER_NUMBER = 'SELECT system_identifier FROM pg_control_system()'

export interface StagingReset {
  /** Seconds since the last one, by the server's clock; null when there was none, or the data are others by now. */
  readonly ageSeconds: number | null
  /** True when there was a reset, and somebody has put other data in its place since. */
  readonly replaced: boolean
}

export const stagingReset = fact(
  'staging/reset',
  async (context, composeFile: string, project: string, databaseService: string): Promise<StagingReset> => {
    const database = containerOfService(await context.read(stackContainers, composeFile), databaseService)
    const running = database?.status === 'running' ? database.id : ''
    const result = await context.run(
      sh`
        echo "now $(date +%s)"
        [ ! -f ${RESET_RECORD} ] || awk -F '\\t' -v project=${project} '$2 == project { line = $1 " " $3 } END { if (line) print "reset " line }' ${RESET_RECORD}
        [ -z ${running} ] || echo "cluster $(docker exec -i ${running} sh -c 'psql -XAtq -U "\${POSTGRES_USER:-postgres}" -d postgres -c "$0"' ${CLUSTER_NUMBER} </dev/null)"
        exit 0
      `,
      { as: 'root' },
    )
    return parseReset(outputOf(result, 'when the data were last reset'))
  },
)

/** Reads what {@link stagingReset} prints. Pure. */
export function parseReset(text: string): StagingReset {
  const now = Number(/^now (\d+)$/m.exec(text)?.[1])
  const [, at = '', number = ''] = /^reset (\d+) (\d+)$/m.exec(text) ?? []
  const cluster = /^cluster (\d+)$/m.exec(text)?.[1] ?? ''
  if (at === '') return { ageSeconds: null, replaced: false }
  return cluster === number
    ? { ageSeconds: now - Number(at), replaced: false }
    : { ageSeconds: null, replaced: true }
}
