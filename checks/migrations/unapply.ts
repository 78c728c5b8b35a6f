/** Undoing the migrations, and whether the database is at its target. */

import { createHash } from 'node:crypto'
import { runningContainer } from '../../src/facts/containers.ts'
import { type MigrationState, nameOf } from '../../src/facts/migrations.ts'
import { worstOf } from '../../src/facts/migrations-effects.ts'
import { releaseImages } from '../../src/facts/migrations-releases.ts'
import { stackConfig } from '../../src/facts/stack.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { orStartAgain, stopServices } from './compose.ts'
import { copyNeeds } from './copy.ts'
import { copyOut } from './copy-script.ts'
import { READING_SECONDS } from './history.ts'
import { type MigrationParams, migrationParams } from './parameters.ts'
import { listed, readGoingBack, readOutlook } from './situation.ts'
import { type UnapplyOrder, unapply } from './unapply-script.ts'

type Context = ProbeContext<MigrationParams>

export const undoMigrations = remedy({
  id: 'migrations/undo',
  title: 'Undo the migrations with the image that has them',
  why: 'Only that image has the files that say how. Its entry point is left out, because many apply migrations when they start and would do again what is undone here.',
  risk: 'What was dropped is gone but for the copy and the backup. Each migration is undone in its own transaction: if one fails, those before it stay undone.',
  grade: 'disruptive',
  params: migrationParams,
  async plan(context) {
    const { params, policy } = context
    const outlook = await readGoingBack(context)
    if (outlook === null) throw new Unreadable('nothing is to be undone')
    const { state, image } = outlook.reading
    const loses = worstOf(outlook.effects) === 'destroys'
    const stopped = await writersOf(context, loses)
    const { composeFile } = params
    const copy = await copyAction(context, stopped)
    const undo = unapply(await orderOf(context, state, image))
    const undone = state.back.map(({ key }) => key)
    return {
      grade: loses ? 'destructive' : 'disruptive',
      actions: [
        lastingAction(
          `Let ${stopped.join(', ')} end what they are at, and stop them`,
          orStartAgain(
            stopServices(composeFile, stopped, policy.migrationDrainSeconds),
            composeFile,
            stopped,
          ),
          { timeoutSeconds: policy.migrationDrainSeconds * stopped.length + 60 },
        ),
        ...copy,
        lastingAction(
          `Undo ${listed(undone)} in a container of ${image}`,
          orStartAgain(undo, composeFile, stopped),
          {
            timeoutSeconds: 3600,
          },
        ),
      ],
      touches: [
        ...undone.map(key => `the migration ${key}`),
        ...outlook.effects.filter(({ live }) => live !== null).map(({ says }) => says),
        `the containers of ${stopped.join(', ')}: stopped until the older release is put in place, or they are started again`,
      ],
      interrupts: `${stopped.join(', ')}: for about half a minute, or until the older release runs`,
      undo: `deploy the release again: its migrations run anew. Dropped data are in the copy below ${params.backupDirectory}/migrations (COPY … FROM) and in the backup`,
      expectedSeconds: 30,
    }
  },
})

/** Who writes. The backend only where data go: what it wrote after the copy would be lost. */
async function writersOf({ params, read }: Context, loses: boolean): Promise<string[]> {
  const { services } = await read(stackConfig, params.composeFile)
  const there = new Set(services.map(({ name }) => name))
  const writers = [params.beatService, params.workerService, ...(loses ? [params.backendService] : [])]
  return writers.filter(service => there.has(service))
}

/** Once more, now that nobody writes: the copy then holds the very last row. */
async function copyAction(context: Context, stopped: readonly string[]) {
  const { params, read } = context
  const needs = await copyNeeds(context)
  if (needs === null || needs.items.length === 0) return []
  const { id } = await read(runningContainer, params.composeFile, params.databaseService)
  const script = copyOut({ ...needs, container: id, backupDirectory: params.backupDirectory })
  return [
    lastingAction(
      `Copy ${needs.items.map(({ table }) => table).join(', ')} once more, now that nobody writes`,
      orStartAgain(script, params.composeFile, stopped),
      { timeoutSeconds: 3600 },
    ),
  ]
}

async function orderOf(
  { params, policy, read }: Context,
  state: MigrationState,
  image: string,
): Promise<UnapplyOrder> {
  const { id } = await read(runningContainer, params.composeFile, params.databaseService)
  const images = await read(releaseImages, params.composeFile, params.backendService)
  const imageId = images.find(({ name }) => name === image)?.id
  if (imageId === undefined) throw new Unreadable(`${image} is not on the server by this name`)
  return {
    composeFile: params.composeFile,
    service: params.backendService,
    image,
    imageId,
    command: commandOf(state),
    databaseContainer: id,
    database: state.database,
    history: historyOf(state),
    lockSeconds: policy.migrationLockSeconds,
    tries: policy.migrationLockTries,
    pauseSeconds: policy.migrationLockPauseSeconds,
  }
}

function commandOf({ tool, target }: MigrationState): string[] {
  if (tool === 'alembic') return ['-m', 'alembic', 'downgrade', target.key]
  const app = target.key.slice(0, target.key.indexOf('.'))
  return ['manage.py', 'migrate', app, nameOf(target.key), '--noinput']
}

/** What is applied, as one sum: a plan is made for exactly this. */
export function historyOf({
  tool,
  recorded,
}: Pick<MigrationState, 'tool' | 'recorded'>): UnapplyOrder['history'] {
  const name = tool === 'alembic' ? 'version_num' : `app || '.' || name`
  const table = tool === 'alembic' ? 'alembic_version' : 'django_migrations'
  return {
    sql: `SELECT md5(coalesce(string_agg((${name})::text, ',' ORDER BY (${name})::text COLLATE "C"), '')) FROM ${table}`,
    was: createHash('md5')
      .update([...recorded].sort().join(','))
      .digest('hex'),
  }
}

export const targetReached = check({
  id: 'migrations/target-reached',
  title: 'The database is at the target',
  why: 'This is what the rollback is for. It is read again from the database’s own record after the undoing.',
  params: migrationParams,
  after: [
    'migrations/history-sound',
    'migrations/target-named',
    'migrations/really-applied',
    'migrations/plan-reversible',
    'migrations/exit',
    'migrations/backup-before',
    'migrations/copy-kept',
    'migrations/nobody-blocks',
  ],
  remedies: [undoMigrations],
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    const { reading, recommendation } = await readOutlook(context)
    const { key } = reading.state.target
    const back = reading.state.back.map(migration => migration.key)
    const expected = `nothing after ${key}`
    if (back.length === 0) return pass(`nothing after ${key} is applied`, { measured: 'nothing', expected })
    if (recommendation.exit === 'image-only')
      return notApplicable(`${listed(back)} stay applied: the release that runs works with them`)
    return fail(`${back.length} to undo: ${listed(back)}`, {
      measured: listed(back),
      expected,
      remedies: [undoMigrations],
    })
  },
})
