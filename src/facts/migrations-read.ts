/** Migrations of an image and of the database, read by the reader that fits the tool. */

import type { ReadContext } from '../model/check.ts'
import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { queryRows } from './database.ts'
import { ImageMigrations, MigrationState, parseAnswer } from './migrations.ts'
import { ALEMBIC_READER } from './migrations-alembic-reader.ts'
import { DJANGO_READER } from './migrations-django-reader.ts'
import { oneOff, READER_SECONDS, runReader, serviceImage, withRequest } from './migrations-image.ts'

export type MigrationTool = 'django' | 'alembic'

/** Where migrations are read: the parameters that every fact here needs. */
export interface MigrationPlace {
  readonly composeFile: string
  readonly backendService: string
  readonly databaseService: string
  readonly migrationTool: MigrationTool
}

/**
 * An image's migrations beside the database's, and what reaching a target would undo.
 *
 * @param target a migration's name or its beginning, `zero`, or empty: then the state alone
 * @throws Unreadable when image or database cannot be read.
 */
export const migrationState = fact(
  'migrations/state',
  async (
    context,
    composeFile: string,
    backendService: string,
    databaseService: string,
    tool: string,
    image: string,
    app: string,
    target: string,
  ): Promise<MigrationState> => {
    const place = { composeFile, service: backendService, image }
    const what = `the migrations in ${image}`
    if (tool === 'alembic') {
      const request = {
        target,
        database: '',
        heads: await alembicHeads(context, composeFile, databaseService),
        obeysOptions: await alembicObeys(context, place),
      }
      const result = await runReader(context, place, withRequest(request, ALEMBIC_READER))
      return inOurQuotes(parseAnswer(MigrationState, outputOf(result, what), what))
    }
    const request = { app, target, alias: 'default', connect: true, lockTimeout: '2s' }
    const result = await runReader(context, place, withRequest(request, DJANGO_READER))
    return inOurQuotes(parseAnswer(MigrationState, outputOf(result, what), what))
  },
)

/** What {@link migrationState} gives for a place, in the image that has the files. */
export async function readState(
  context: ReadContext,
  place: MigrationPlace,
  image: string,
  wanted: { readonly app: string; readonly target: string },
): Promise<MigrationState> {
  const { composeFile, backendService, databaseService, migrationTool } = place
  return context.read(
    migrationState,
    composeFile,
    backendService,
    databaseService,
    migrationTool,
    image,
    wanted.app,
    wanted.target,
  )
}

/** Which migrations an image contains; nothing is connected to. @throws Unreadable when the image cannot be read. */
export const imageMigrations = fact(
  'migrations/image',
  async (
    context,
    composeFile: string,
    backendService: string,
    tool: string,
    image: string,
  ): Promise<ImageMigrations> => {
    const what = `the migrations in ${image}`
    const alembic = { target: '', database: '', heads: [], obeysOptions: false }
    const django = { app: '', target: '', alias: 'default', connect: false, lockTimeout: '' }
    const python =
      tool === 'alembic' ? withRequest(alembic, ALEMBIC_READER) : withRequest(django, DJANGO_READER)
    const result = await runReader(context, { composeFile, service: backendService, image }, python)
    return parseAnswer(ImageMigrations, outputOf(result, what), what)
  },
)

/** What an image contains and the database lacks: what a deployment of it has to apply. */
export const lackingInDatabase = (
  image: ImageMigrations,
  applied: readonly { readonly key: string }[],
): string[] => {
  const there = new Set(applied.map(({ key }) => key))
  return image.known.filter(key => !there.has(key))
}

async function alembicHeads(context: ReadContext, composeFile: string, database: string): Promise<string[]> {
  const [found] = await queryRows<{ there: boolean }>(context, composeFile, database, {
    what: 'whether Alembic’s table is there',
    sql: `SELECT to_regclass('alembic_version') IS NOT NULL AS there`,
  })
  if (found?.there !== true) return []
  const rows = await queryRows<{ version: string }>(context, composeFile, database, {
    what: 'what Alembic has applied',
    sql: 'SELECT version_num AS version FROM alembic_version ORDER BY 1',
  })
  return rows.map(({ version }) => version)
}

/**
 * Alembic's connection is made by the project's own env.py. A setting that PostgreSQL refuses tells whether
 * `PGOPTIONS` gets there: `current` then fails by its name, and touches nothing.
 */
async function alembicObeys(
  context: ReadContext,
  place: { readonly composeFile: string; readonly service: string; readonly image: string },
): Promise<boolean> {
  await context.read(serviceImage, place.composeFile, place.service)
  const words = ['-e', 'PGOPTIONS=-c lock_timeout=refuse-this']
  const { prepare, run } = oneOff(place, words, ['-m', 'alembic', 'current'])
  const result = await context.run(sh`${prepare}\n${run} </dev/null 2>&1\n`, {
    as: 'root',
    timeoutSeconds: READER_SECONDS,
  })
  const said = outputOf(result, 'whether Alembic obeys PGOPTIONS', [0, 1])
  if (result.exitCode === 0) return false
  if (/invalid value for parameter "lock_timeout"/.test(said)) return true
  throw new Unreadable(
    `whether Alembic obeys PGOPTIONS could not be read: ${said.trim().split('\n').at(-1) ?? ''}`,
  )
}

/** The readers are plain ASCII. */
function inOurQuotes(state: MigrationState): MigrationState {
  const problem = state.target.problem.replace(/"([^"]*)"/g, '“$1”')
  return { ...state, target: { ...state.target, problem } }
}
