/** A small real project with Alembic on a lab server: two services, three releases, migrations of each kind. */

import type { LabServer } from './server.ts'
import { waitFor } from './shell.ts'

const HOME = '/opt/notes'
const IMAGE = 'registry.lab/notes-api'

const files: Record<string, string> = {
  'alembic.ini': '[alembic]\nscript_location = migrations\n',
  'migrations/env.py': `import os

from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ['DATABASE_URL']).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
`,
  'health.json': '{"status": "healthy", "checks": {"api": {"status": "healthy", "message": "it serves"}}}',
}

const revision = (name: string, before: string | null, upgrade: string, downgrade: string) => `"""${name}"""
import sqlalchemy as sa
from alembic import op

revision = '${name}'
down_revision = ${before === null ? 'None' : `'${before}'`}


def upgrade():
${indented(upgrade)}


def downgrade():
${indented(downgrade)}
`
const indented = (text: string) => text.replace(/^/gm, '    ')

const revisions: Record<string, string> = {
  '0001': revision(
    '0001',
    null,
    "op.create_table('note', sa.Column('id', sa.Integer, primary_key=True), sa.Column('body', sa.Text, nullable=False))\nop.execute(\"INSERT INTO note (body) SELECT 'note ' || n FROM generate_series(1, 500) AS n\")",
    "op.drop_table('note')",
  ),
  '0002': revision(
    '0002',
    '0001',
    "op.add_column('note', sa.Column('author', sa.String(length=40), server_default='nobody', nullable=False))",
    "op.drop_column('note', 'author')",
  ),
  '0003': revision(
    '0003',
    '0002',
    "op.add_column('note', sa.Column('mood', sa.String(length=10), nullable=True))\nop.execute(\"UPDATE note SET mood = 'good' WHERE id % 2 = 0\")",
    "op.drop_column('note', 'mood')",
  ),
  '0004': revision(
    '0004',
    '0003',
    "op.alter_column('note', 'body', new_column_name='text')",
    "op.alter_column('note', 'text', new_column_name='body')",
  ),
  '0005': revision(
    '0005',
    '0004',
    "op.execute('UPDATE note SET author = upper(author)')",
    "raise NotImplementedError('the names are gone')",
  ),
}

const releases: Record<string, readonly string[]> = {
  v1: ['0001', '0002'],
  v2: ['0001', '0002', '0003', '0004'],
  v3: ['0001', '0002', '0003', '0004', '0005'],
}

export interface NotesProject {
  /** Parameters of the rollback that this project has in place of the shop's. */
  readonly params: Readonly<Record<string, unknown>>
  /** Runs a release, and applies all that it has. */
  deploy(tag: string): Promise<void>
  /** Goes back to the database as that release's own migrations made it, and runs it. */
  start(tag: string): Promise<void>
  heads(): Promise<string>
  sql(text: string): Promise<string>
}

export async function notesProject(server: LabServer): Promise<NotesProject> {
  await server.must(`mkdir -p ${HOME}/backups && cat > ${HOME}/docker-compose.yml`, { input: COMPOSE })
  await server.must(`printf 'TAG=v1\\nPOSTGRES_PASSWORD=notes\\n' > ${HOME}/.env`)
  await server.must(`set -e
mirror=$(ip -4 route show default | awk '{ print $3 }')
docker run --name notes-runtime --network host --add-host "deb.debian.org:$mirror" --user root registry.lab/webshop-backend:v1.0.0 sh -c \
  'apt-get update -q && apt-get install -qy --no-install-recommends python3-alembic python3-psycopg2' > /dev/null
docker commit notes-runtime notes-runtime > /dev/null && docker rm notes-runtime > /dev/null`)
  for (const [tag, names] of Object.entries(releases)) await buildRelease(server, tag, names)
  const compose = (words: string) => server.must(`cd ${HOME} && docker compose ${words} < /dev/null`)
  const sql = async (text: string) =>
    (await compose(`exec -T db psql -XAtq -U notes -d notes -c "${text}"`)).trim()
  const run = async (tag: string) => {
    await server.must(`sed -i 's/^TAG=.*/TAG=${tag}/' ${HOME}/.env`)
    await compose('up -d')
    await waitFor('the database of the notes', async () => {
      const { exitCode } = await server.exec(
        `cd ${HOME} && docker compose exec -T api python3 -c 'import os, psycopg2; psycopg2.connect(os.environ["DATABASE_URL"])' < /dev/null`,
      )
      return exitCode === 0
    })
  }
  return {
    params: {
      migrationTool: 'alembic',
      composeFile: `${HOME}/docker-compose.yml`,
      backendService: 'api',
      backupDirectory: `${HOME}/backups`,
      nginxRunsIn: 'compose',
      nginxService: 'web',
      healthPath: '/health.json',
    },
    async deploy(tag) {
      await run(tag)
      await compose('exec -T api python3 -m alembic upgrade head')
    },
    async start(tag) {
      await compose('down -v')
      await run(tag)
      await compose('exec -T api python3 -m alembic upgrade head')
    },
    heads: () => sql('SELECT version_num FROM alembic_version'),
    sql,
  }
}

async function buildRelease(server: LabServer, tag: string, names: readonly string[]): Promise<void> {
  const folder = `/tmp/notes-${tag}`
  const all = {
    ...files,
    ...Object.fromEntries(names.map(name => [`migrations/versions/${name}.py`, revisions[name] ?? ''])),
  }
  for (const [path, text] of Object.entries(all)) {
    await server.must(`mkdir -p $(dirname ${folder}/${path}) && cat > ${folder}/${path}`, { input: text })
  }
  await server.must(`set -e
id=$(docker create --workdir /notes --user root --entrypoint '' notes-runtime python3 -m http.server 8000)
docker cp ${folder}/. $id:/notes
docker commit --change 'WORKDIR /notes' --change 'CMD ["python3", "-m", "http.server", "8000"]' $id ${IMAGE}:${tag} > /dev/null
docker rm $id > /dev/null`)
}

const COMPOSE = `services:
  api:
    image: ${IMAGE}:\${TAG}
    init: true
    environment:
      DATABASE_URL: postgresql://notes:\${POSTGRES_PASSWORD}@db/notes
  web:
    image: nginx:1.22
    init: true
  db:
    image: postgres:15
    environment:
      POSTGRES_USER: notes
      POSTGRES_PASSWORD: \${POSTGRES_PASSWORD}
    volumes: [notes_data:/var/lib/postgresql/data]
volumes:
  notes_data:
`
