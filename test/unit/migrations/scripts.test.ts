/** The scripts run by a real sh; only docker is a stand-in that says what a server would say. */

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { orStartAgain } from '../../../checks/migrations/compose.ts'
import { copyOut } from '../../../checks/migrations/copy-script.ts'
import { unapply } from '../../../checks/migrations/unapply-script.ts'
import type { Script } from '../../../src/model/script.ts'

const FILE = '/opt/shop/docker-compose.yml'

/** @param docker what the stand-in does with its words; it may write to `$SEEN`. */
function run(script: Script, docker: string) {
  const folder = mkdtempSync(join(tmpdir(), 'kneeboard-docker-'))
  const seen = join(folder, 'seen')
  writeFileSync(seen, '')
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\nSEEN=${seen}\n${docker}\n`)
  chmodSync(join(folder, 'docker'), 0o755)
  const { status, stdout, stderr } = spawnSync('sh', ['-s'], {
    input: script.text,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${folder}:${process.env.PATH ?? ''}`, LC_ALL: 'C' },
  })
  return {
    status,
    stdout,
    stderr,
    last: stdout.trimEnd().split('\n').at(-1),
    seen: readFileSync(seen, 'utf8'),
  }
}

const order = {
  composeFile: FILE,
  service: 'backend',
  image: 'shop:v2',
  imageId: 'sha256:2',
  command: ['manage.py', 'migrate', 'shop', '0001', '--noinput'],
  databaseContainer: 'db1',
  database: 'shop',
  history: { sql: 'SELECT history', was: 'abc' },
  lockSeconds: 3,
  tries: 2,
  pauseSeconds: 0,
}
const undo = orStartAgain(unapply(order), FILE, ['celery', 'backend'])

/** The database and the image as they were when the plan was shown; `migrate` is what the one-off does. */
const server = (migrate: string, over: { id?: string; history?: string } = {}) => `
case "$*" in
  *'image inspect'*) echo ${over.id ?? 'sha256:2'} ;;
  *' run --rm '*) echo run >>"$SEEN"; ${migrate} ;;
  *' start '*) echo start >>"$SEEN" ;;
  exec*) asked=$(cat); case $asked in *'SELECT history'*) echo ${over.history ?? 'abc'} ;; *) echo 'pid 7 (psql, shop) idle in transaction since 12:00:00' ;; esac ;;
esac`

describe('undoing', () => {
  test('is done once when it succeeds, and starts nothing: the older release comes next', () => {
    const ended = run(undo, server('echo "Unapplying shop.0002... OK"'))
    expect(ended).toMatchObject({ status: 0, seen: 'run\n' })
    expect(ended.stdout).toContain('Unapplying shop.0002... OK')
  })

  test('gives up when the lock is not to be had, says last who held it, and starts again what was stopped', () => {
    const blocked =
      'sleep 1.2; echo "django.db.utils.OperationalError: canceling statement due to lock timeout" >&2; exit 1'
    const ended = run(undo, server(blocked))
    expect(ended).toMatchObject({
      status: 1,
      seen: 'run\nrun\nstart\n',
      last: 'the lock was not to be had in 2 tries of 3 s; held by pid 7 (psql, shop) idle in transaction since 12:00:00',
    })
    expect(ended.stdout).toContain('try 1: given up after 3 s, the lock is held by pid 7')
    expect(ended.stdout).toContain('started again: celery, backend')
  })

  test('is not tried again after any other failure, whose own words come last', () => {
    const ended = run(
      undo,
      server('echo "IrreversibleError: Operation <RunPython> is not reversible" >&2; exit 1'),
    )
    expect(ended).toMatchObject({
      status: 1,
      seen: 'run\nstart\n',
      last: 'IrreversibleError: Operation <RunPython> is not reversible',
    })
  })

  test('is not begun when somebody has migrated meanwhile, or the image is another one', () => {
    expect(run(undo, server('exit 0', { history: 'other' }))).toMatchObject({
      status: 1,
      seen: 'start\n',
      last: 'somebody has migrated since the plan was shown: nothing was undone',
    })
    expect(run(undo, server('exit 0', { id: 'sha256:3' }))).toMatchObject({
      status: 1,
      seen: 'start\n',
      last: 'shop:v2 is no longer the image that was read: nothing was undone',
    })
  })
})

describe('copying out', () => {
  const folder = () => mkdtempSync(join(tmpdir(), 'kneeboard-copies-'))
  const copy = (backupDirectory: string) =>
    copyOut({
      container: 'db1',
      database: 'shop',
      backupDirectory,
      target: 'shop.0001',
      undoes: ['shop.0002'],
      items: [
        { table: 'shop_product', columns: ['id', 'warehouse'], key: ['id'] },
        { table: 'django_migrations', columns: ['id'], key: ['id'] },
      ],
    })

  test('leaves a list with counts and sums beside the files', () => {
    const directory = folder()
    const ended = run(copy(directory), `cat >/dev/null; printf '2\\n1\\tmain\\n2\\tnorth\\\\nside\\n'`)
    expect(ended.status).toBe(0)
    const [name = ''] = readdirSync(join(directory, 'migrations'))
    expect(name).toMatch(/^shop\.0001-\d{8}T\d{6}Z$/)
    const kept = join(directory, 'migrations', name)
    const list = JSON.parse(readFileSync(join(kept, 'manifest.json'), 'utf8'))
    expect(list).toMatchObject({
      database: 'shop',
      undoes: ['shop.0002'],
      items: [
        { table: 'shop_product', columns: ['id', 'warehouse'], file: '1-shop_product.copy', rows: 2 },
        { table: 'django_migrations', rows: 2 },
      ],
    })
    expect(readFileSync(join(kept, '1-shop_product.copy'), 'utf8')).toBe('1\tmain\n2\tnorth\\nside\n')
  })

  test('one that broke off is none: nothing is left that looks like a copy', () => {
    const directory = folder()
    const ended = run(copy(directory), `cat >/dev/null; printf '2\\n1\\tmain\\n'`)
    expect(ended.status).not.toBe(0)
    expect(ended.stderr).toContain('1-shop_product.copy broke off: 1 of 2 rows')
    expect(readdirSync(join(directory, 'migrations'))).toEqual([])
    // The database refuses: no first line either.
    expect(run(copy(directory), 'cat >/dev/null; exit 1').status).not.toBe(0)
  })
})
