/** Which migrations the application's image has, asked of Django's own files, without its database. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh, verbatim } from '../model/script.ts'
import { containerOfService, insideContainer, stackContainers } from './containers.ts'
import { composeCommand } from './stack.ts'

export interface ImageMigrations {
  /** The image's name, as the container was made from it. */
  readonly image: string
  readonly migrations: readonly ImageMigration[]
  /** Apps that the image knows, with or without migrations. */
  readonly apps: readonly string[]
}

export interface ImageMigration {
  readonly app: string
  readonly name: string
  /** For a squashed one: what it stands for, as `app.name`. */
  readonly replaces: readonly string[]
}

const ANSWER = 'KNEEBOARD-MIGRATIONS '

const READER = verbatim(String.raw`
import json, os, re, sys
sys.path.insert(0, os.getcwd())
if not os.environ.get('DJANGO_SETTINGS_MODULE'):
    found = re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)", open('manage.py').read())
    os.environ['DJANGO_SETTINGS_MODULE'] = found.group(1)
import django
django.setup()
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
loader = MigrationLoader(None, load=False)
loader.load_disk()
print('${ANSWER}' + json.dumps({
    'apps': sorted(config.label for config in apps.get_app_configs()),
    'migrations': [
        {'app': app, 'name': name, 'replaces': ['%s.%s' % tuple(key) for key in migration.replaces]}
        for (app, name), migration in sorted(loader.disk_migrations.items())
    ],
}))
`)

/**
 * @throws Unreadable when the application is no Django, or neither its container runs nor its image can be asked.
 */
export const imageMigrations = fact(
  'restore/image-migrations',
  async (context, composeFile: string, service: string): Promise<ImageMigrations> => {
    const container = containerOfService(await context.read(stackContainers, composeFile), service)
    const script =
      container?.status === 'running'
        ? insideContainer(container, sh`python - <<'END_OF_PYTHON'\n${READER}\nEND_OF_PYTHON\n`)
        : sh`
          ${composeCommand(composeFile)} run --rm --no-deps -T --entrypoint python ${service} - <<'END_OF_PYTHON'
          ${READER}
          END_OF_PYTHON
        `
    const text = outputOf(
      await context.run(script, { as: 'root', timeoutSeconds: 55 }),
      'the migrations in the application’s image',
    )
    return { image: container?.image ?? service, ...parseImageMigrations(text) }
  },
)

/** Reads the reader's one line, past whatever else was printed. Pure. @throws Unreadable without it. */
export function parseImageMigrations(text: string): Omit<ImageMigrations, 'image'> {
  const line = text.split('\n').find(candidate => candidate.startsWith(ANSWER))
  if (line === undefined) throw new Unreadable('the application’s image did not name its migrations')
  return JSON.parse(line.slice(ANSWER.length)) as Omit<ImageMigrations, 'image'>
}

export interface Applied {
  readonly app: string
  readonly name: string
}

/**
 * What a database lacks of an image's migrations, and what it has that the image does not know. Squashed ones count
 * as what they stand for, either way. Rows of apps that the image does not have are left alone. Pure.
 */
export function compareMigrations(
  { apps, migrations }: Omit<ImageMigrations, 'image'>,
  applied: readonly Applied[],
): { readonly pending: readonly string[]; readonly unknown: readonly string[] } {
  const done = new Set(applied.map(({ app, name }) => `${app}.${name}`))
  const squashed = migrations.filter(({ replaces }) => replaces.length > 0)
  for (const { app, name, replaces } of squashed) {
    if (done.has(`${app}.${name}`)) for (const replaced of replaces) done.add(replaced)
    else if (replaces.every(replaced => done.has(replaced))) done.add(`${app}.${name}`)
  }
  const known = new Set(migrations.flatMap(({ app, name, replaces }) => [`${app}.${name}`, ...replaces]))
  return {
    pending: migrations.map(({ app, name }) => `${app}.${name}`).filter(key => !done.has(key)),
    unknown: applied
      .filter(({ app }) => apps.includes(app))
      .map(({ app, name }) => `${app}.${name}`)
      .filter(key => !known.has(key)),
  }
}
