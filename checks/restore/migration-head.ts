import { z } from 'zod'
import { queryRows } from '../../src/facts/database.ts'
import { type Applied, compareMigrations, imageMigrations } from '../../src/facts/restore-migrations.ts'
import { composeCommand } from '../../src/facts/stack.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh, verbatim } from '../../src/model/script.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { backendService } from '../stack-parameters.ts'
import { restoredDatabase } from './copy-sound.ts'
import { chosenBackup, restoreShape } from './parameters.ts'

const params = z.object({ ...restoreShape, backendService })

export const migrateCopy = remedy({
  id: 'restore/migrate-copy',
  title: 'Apply the image’s newer migrations to the copy',
  why: 'The backup is from before a release. The image that will run on it expects its own tables and columns.',
  risk: 'Migrations change the copy alone; should one fail, the copy is dropped and restored again. The live database is not touched.',
  grade: 'reversible',
  params,
  async plan(context) {
    const { composeFile, backendService: service } = context.params
    const { databases } = await chosenBackup(context)
    const { name } = await restoredDatabase(context)
    if (name === databases.liveName)
      throw new Unreadable('it is the live database already: deploy, or follow the runbook for migrations')
    return {
      actions: [
        lastingAction(
          `Run migrate in ${name}`,
          sh`
            ${composeCommand(composeFile)} run --rm --no-deps -T --entrypoint python ${service} - ${databases.liveName} ${name} <<'END_OF_PYTHON'
            ${MIGRATE}
            END_OF_PYTHON
          `,
        ),
      ],
      touches: [`the database ${name}`, `a container of ${service} for the time it takes`],
      undo: `Drop ${name} and restore it again`,
      expectedSeconds: 20,
    }
  },
})

/** Whatever of the environment names the live database names the copy instead; proven before anything is applied. */
const MIGRATE = verbatim(String.raw`
import os, re, sys
live, copy = sys.argv[1:3]
for name, value in list(os.environ.items()):
    if value == live and not name.endswith('USER'):
        os.environ[name] = copy
    elif '://' in value:
        os.environ[name] = re.sub('/%s(?=$|[?])' % re.escape(live), '/' + copy, value)
sys.path.insert(0, os.getcwd())
if not os.environ.get('DJANGO_SETTINGS_MODULE'):
    found = re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)", open('manage.py').read())
    os.environ['DJANGO_SETTINGS_MODULE'] = found.group(1)
import django
django.setup()
from django.core.management import call_command
from django.db import connection
if connection.settings_dict['NAME'] != copy:
    sys.exit('the application does not take its database’s name from the environment: nothing was done')
call_command('migrate', interactive=False)
`)

export const migrationHead = check({
  id: 'restore/migration-head',
  title: 'The copy’s migrations are those of the image',
  why: 'An image that runs on the tables of another release fails on the first page that needs a column which is not there.',
  params,
  after: ['restore/restored-beside'],
  remedies: [migrateCopy],
  async probe(context) {
    const { composeFile, databaseService, backendService: service } = context.params
    const { databases } = await chosenBackup(context)
    const { name } = await restoredDatabase(context)
    const ask = <Row>(sql: string) =>
      queryRows<Row>(context, composeFile, databaseService, {
        what: `the migrations of ${name}`,
        database: name,
        sql,
      })
    const [there] = await ask<{ there: boolean }>(
      "SELECT to_regclass('public.django_migrations') IS NOT NULL AS there",
    )
    if (there?.there !== true) return notApplicable(`${name} has no table of Django’s migrations`)
    const applied = await ask<Applied>('SELECT app, name FROM public.django_migrations ORDER BY id')
    const image = await context.read(imageMigrations, composeFile, service)
    const { pending, unknown } = compareMigrations(image, applied)
    if (unknown.length > 0)
      return fail(`the backup is newer than ${image.image}: that image does not know ${named(unknown)}`, {
        measured: `${unknown.length} unknown`,
        expected: 'none',
        advice: 'Deploy the release that made the backup first, or choose an older backup.',
      })
    if (pending.length > 0)
      return fail(`the backup is older than ${image.image}: it lacks ${named(pending)}`, {
        measured: `${pending.length} to apply`,
        expected: 'none',
        ...(name === databases.liveName
          ? {
              advice:
                'Deploy the release that made the backup, or apply the migrations as a deployment does.',
            }
          : { remedies: [migrateCopy] }),
      })
    return pass(`${applied.length} migrations, and ${image.image} has no other`, {
      measured: `${applied.length} applied`,
    })
  },
})

const named = (keys: readonly string[]): string =>
  `${keys.slice(0, 3).join(', ')}${keys.length > 3 ? ` and ${keys.length - 3} more` : ''}`
