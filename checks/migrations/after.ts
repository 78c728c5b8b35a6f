/** After the rollback: code and schema are of one release, and everything that was stopped works again. */

import { type Container, containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { backendView, parseHealth } from '../../src/facts/health.ts'
import type { ModelTable } from '../../src/facts/migrations.ts'
import { readState } from '../../src/facts/migrations-read.ts'
import { type Release, readReleases, releaseFor, tagOf } from '../../src/facts/migrations-releases.ts'
import { databaseTables, type TableFacts } from '../../src/facts/migrations-rows.ts'
import { stackConfig } from '../../src/facts/stack.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, notApplicable, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { startServices } from './compose.ts'
import { READING_SECONDS } from './history.ts'
import { type MigrationParams, migrationParams, withHealthParams, withReleaseParams } from './parameters.ts'
import { appliedAfter, listed, readMigrations } from './situation.ts'
import { putReleaseBack, waitUntilHealthy } from './switch-release.ts'

type Context = ProbeContext<MigrationParams>
const AFTER = ['migrations/target-reached']

/** The services that run the application's image, where the file has them. */
async function applicationServices({ params, read }: Context): Promise<string[]> {
  const { services } = await read(stackConfig, params.composeFile)
  const there = new Set(services.map(({ name }) => name))
  return [params.backendService, params.workerService, params.beatService].filter(name => there.has(name))
}

export const releaseFits = check({
  id: 'migrations/release-fits',
  title: 'The release that runs has nothing left to migrate',
  why: 'This is what “migrate --check” asks, without its signals. A release with migrations that are not applied fails on the schema, or applies them when it next starts.',
  params: withReleaseParams,
  after: AFTER,
  remedies: [putReleaseBack],
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    const { params, policy, read } = context
    const { running, state } = await readMigrations(context)
    const own = await readState(context, params, running.name, { app: '', target: '' })
    const pending = own.pending.map(({ key }) => key)
    const containers = await read(stackContainers, params.composeFile)
    const services = await applicationServices(context)
    const strangers = services.filter(name => {
      const found = containerOfService(containers, name)
      return found !== undefined && found.imageId !== running.id
    })
    const release =
      pending.length === 0
        ? undefined
        : releaseFor(
            await readReleases(context, params, policy.migrationImagesRead),
            running,
            appliedAfter(state),
          )
    return judgeFit({ running: running.name, pending, strangers, release })
  },
})

export function judgeFit(facts: {
  readonly running: string
  readonly pending: readonly string[]
  /** Services that run another image than the backend. */
  readonly strangers: readonly string[]
  readonly release: Release | undefined
}): Verdict {
  const { running, pending, strangers, release } = facts
  const expected = 'nothing to migrate, and one image in backend, worker and scheduler'
  if (pending.length > 0)
    return fail(`${running} has migrations that are not applied: ${listed(pending)}`, {
      measured: `${pending.length} to migrate`,
      expected,
      ...(release === undefined
        ? {
            advice:
              'No older image on this server fits the schema: bring it here (docker pull), or fix it forward',
          }
        : { remedies: [putReleaseBack], advice: `${tagOf(release.name)} fits` }),
    })
  if (strangers.length > 0)
    return fail(`${strangers.join(', ')} run another image than ${running}`, {
      measured: strangers.join(', '),
      expected,
      advice: 'docker compose up -d makes them anew from the image that the file means',
    })
  return pass(`${running} has nothing to migrate`, { measured: '0 to migrate', expected })
}

export const schemaFitsCode = check({
  id: 'migrations/schema-fits-code',
  title: 'Every column that the code names is in the database',
  why: 'A migration that changed a table behind the models’ back leaves the record in order and every page broken. The health endpoint does not see it.',
  params: migrationParams,
  after: AFTER,
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    const { params, read } = context
    const { running } = await readMigrations(context)
    const own = await readState(context, params, running.name, { app: '', target: '' })
    if (own.models.length === 0) return notApplicable('the models cannot be read for this tool')
    const tables = await read(databaseTables, params.composeFile, params.databaseService, own.database)
    return judgeSchema(own.models, tables)
  },
})

export function judgeSchema(models: readonly ModelTable[], tables: readonly TableFacts[]): Verdict {
  const missing = models.flatMap(({ table, columns }) => {
    const found = tables.find(({ name }) => name === table)
    if (found === undefined) return [`the table ${table}`]
    return columns.filter(column => !found.columns.includes(column)).map(column => `${table}.${column}`)
  })
  const expected = 'all that the models name'
  const columns = models.reduce((sum, model) => sum + model.columns.length, 0)
  return missing.length === 0
    ? pass(`${columns} columns of ${models.length} tables are there`, { measured: 'all', expected })
    : fail(`the code names what is not there: ${listed(missing)}`, {
        measured: `${missing.length} missing`,
        expected,
        advice:
          'The record says that they were made. A migration changed them by SQL, or was faked: look at the newest ones',
      })
}

export const startWriters = remedy({
  id: 'migrations/start-writers',
  title: 'Start what was stopped',
  why: 'Payments, mails and everything that is timed wait for the workers.',
  risk: 'They begin at once with what has gathered in the queue meanwhile.',
  grade: 'reversible',
  params: migrationParams,
  async plan(context) {
    const { params, policy, read } = context
    const containers = await read(stackContainers, params.composeFile)
    const stopped = (await applicationServices(context)).filter(name => !runs(containers, name))
    return {
      actions: [
        lastingAction(`Start ${stopped.join(', ')}`, startServices(params.composeFile, stopped), {
          timeoutSeconds: 120,
        }),
        waitUntilHealthy(params.composeFile, stopped, policy.releaseHealthySeconds),
      ],
      touches: stopped.map(name => `the container of ${name}`),
      undo: `docker compose -f ${params.composeFile} stop ${stopped.join(' ')}`,
      expectedSeconds: 15,
    }
  },
})

const runs = (containers: readonly Container[], service: string): boolean =>
  containerOfService(containers, service)?.status === 'running'

export const writersRun = check({
  id: 'migrations/writers-run',
  title: 'Backend, workers and scheduler run again',
  why: 'They were stopped for the rollback. A worker that nobody started again is noticed days later, by the mails that never came.',
  params: migrationParams,
  after: AFTER,
  remedies: [startWriters],
  async probe(context) {
    const containers = await context.read(stackContainers, context.params.composeFile)
    const services = await applicationServices(context)
    const stopped = services.filter(name => !runs(containers, name))
    const expected = `${services.join(', ')} running`
    const sick = services.filter(name => containerOfService(containers, name)?.health === 'unhealthy')
    if (stopped.length > 0)
      return fail(`not running: ${stopped.join(', ')}`, {
        measured: 'stopped',
        expected,
        remedies: [startWriters],
      })
    if (sick.length > 0)
      return fail(`running, but unhealthy: ${sick.join(', ')}`, {
        measured: 'unhealthy',
        expected,
        advice: `docker compose logs --tail 50 ${sick.join(' ')}`,
      })
    return pass(`${services.join(', ')} run`, { measured: 'running', expected })
  },
})

export const healthy = check({
  id: 'migrations/healthy',
  title: 'The health endpoint says that every component is healthy',
  why: 'A status of 200 alone is not enough: with dead workers it stays 200 and says “degraded” in its text.',
  params: withHealthParams,
  after: [...AFTER, 'migrations/writers-run'],
  async probe({ params, read }) {
    const { composeFile, backendService, backendPort, healthPath } = params
    const view = await read(
      backendView,
      composeFile,
      backendService,
      backendPort,
      healthPath,
      'localhost',
      '',
    )
    if (!view.hasClient) return warn('the image has no program that could ask its health endpoint')
    const { status, body } = view.health
    const expected = '200, and every component healthy'
    if (status === 0) return fail(`${healthPath} does not answer`, { measured: 'no answer', expected })
    const { status: overall, components } = parseHealth(body)
    const sick = components.filter(component => component.status !== 'healthy')
    const measured = `${status}, ${overall}`
    if (status === 200 && sick.length === 0 && components.length > 0)
      return pass(`${components.map(({ name }) => name).join(', ')}: healthy`, { measured, expected })
    return fail(
      `${overall}: ${sick.map(component => `${component.name} ${component.status} (${component.message})`).join('; ')}`,
      { measured, expected },
    )
  },
})
