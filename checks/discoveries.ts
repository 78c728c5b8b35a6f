/** What servers are asked about parameters, so that the form need not be filled in from memory. One entry a parameter. */

import { composeFiles } from '../src/facts/compose-files.ts'
import { queryRows } from '../src/facts/database.ts'
import { serviceImage } from '../src/facts/migrations-image.ts'
import { releaseImages, tagOf } from '../src/facts/migrations-releases.ts'
import { nginxConfiguration, serverBlocks } from '../src/facts/nginx-configuration.ts'
import { siteKey } from '../src/facts/site.ts'
import type { ReadContext } from '../src/model/check.ts'
import type { Choice, Discovery, Found } from '../src/model/discovery.ts'
import { backupChoices } from './restore/choices.ts'
import { siteParams, wrongWith } from './tls/parameters.ts'

type Params = Readonly<Record<string, string>>

/** What was found as an answer; null when it is nothing. */
function foundOf(choices: readonly Choice[], from: string, isSuggested = true): Found | null {
  const [first, ...rest] = choices
  return first === undefined ? null : { choices: [first, ...rest], from, isSuggested }
}

const composeFile: Discovery = {
  parameter: 'composeFile',
  async find({ read }) {
    const files = await read(composeFiles)
    return foundOf(
      files.map(({ path, running }) => ({
        value: path,
        note: running === 0 ? 'nothing of it runs' : `${running} containers run from it`,
      })),
      'the Compose files on the server',
      // A file that nothing runs from may be a leftover: it is shown, and not put in.
      (files[0]?.running ?? 0) > 0,
    )
  },
}

const domains: Discovery = {
  parameter: 'domains',
  async find({ read }, params) {
    const site = siteParams.safeParse(params)
    if (!site.success) return null
    const { files } = await read(nginxConfiguration, siteKey(site.data))
    const sets = files
      .flatMap(serverBlocks)
      .map(({ names }) => names.filter(name => wrongWith(name) === '' && name !== 'localhost').join(', '))
      .filter(names => names !== '')
    return foundOf(
      [...new Set(sets)].map(value => ({ value, note: '' })),
      'the names that nginx answers to',
    )
  },
}

const backup: Discovery = {
  parameter: 'backup',
  async find(context, params) {
    const { choices, from } = await backupChoices(context, params)
    // Which one is the operator's decision; the default says “newest”.
    return foundOf(choices, from, false)
  },
}

interface Applied {
  readonly app: string
  readonly name: string
  readonly applied: string
}

/** What Django's own table says was applied, the newest first. */
function applied(context: ReadContext, params: Params): Promise<Applied[]> {
  const { composeFile: file = '', databaseService = 'db' } = params
  return queryRows<Applied>(context, file, databaseService, {
    what: 'the migrations that were applied',
    sql: `SELECT app, name, to_char(applied AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS applied
          FROM django_migrations ORDER BY id DESC LIMIT 500`,
  })
}

const migrationApp: Discovery = {
  parameter: 'migrationApp',
  async find(context, params) {
    const newest = new Map<string, Applied>()
    for (const row of await applied(context, params)) if (!newest.has(row.app)) newest.set(row.app, row)
    return foundOf(
      [...newest.values()].map(row => ({ value: row.app, note: `${row.name}, applied ${row.applied} UTC` })),
      'the migrations that were applied last',
      false,
    )
  },
}

const migrationTarget: Discovery = {
  parameter: 'migrationTarget',
  async find(context, params) {
    const app = params.migrationApp ?? ''
    if (app === '') return null
    const rows = (await applied(context, params)).filter(row => row.app === app)
    // The newest one is where the database stands now: going back starts at the one before it.
    const targets = rows.slice(1).map(row => ({ value: row.name, note: `applied ${row.applied} UTC` }))
    return foundOf(
      [...targets, { value: 'zero', note: 'before the first one' }],
      `the migrations of ${app}`,
      false,
    )
  },
}

/** Releases whose images are on the server: of those it is known that they can be started. */
const release = (parameter: string): Discovery => ({
  parameter,
  async find({ read }, { composeFile: file = '', backendService = 'backend' }) {
    const [images, running] = await Promise.all([
      read(releaseImages, file, backendService),
      read(serviceImage, file, backendService),
    ])
    return foundOf(
      images.map(({ name, id, createdAt }) => ({
        value: tagOf(name),
        note: `made ${createdAt.slice(0, 10)}${id === running.id ? ', runs now' : ''}`,
      })),
      'the images on the server',
      false,
    )
  },
})

export const discoveries: readonly Discovery[] = [
  composeFile,
  domains,
  backup,
  migrationApp,
  migrationTarget,
  release('releaseTag'),
  release('rollbackTag'),
]
