/** The data of a staging shop thrown away on purpose: of that shop, on that server, and nowhere else. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Lab, type LabServer, openLab, startShopServer } from './index.ts'
import { type Kneeboard, kneeboard, notGood } from './kneeboard.ts'

let lab: Lab
let server: LabServer
let on: Kneeboard
beforeAll(async () => {
  lab = await openLab()
  server = (await startShopServer(lab, { environment: 'staging' })).server
  on = kneeboard()
})
afterAll(async () => {
  await lab?.close()
})

const words = (environment = 'staging') => [
  ...['--environment', environment],
  ...['--set', 'composeFile=/opt/webshop/docker-compose.staging.yml'],
]
const sql = (statement: string) =>
  server.must(`docker exec -i webshop-db-1 sh -c 'psql -XAtq -U "$POSTGRES_USER" -d "$POSTGRES_DB"'`, {
    input: statement,
  })
const orders = async () => (await sql('SELECT count(*) FROM orders_order')).trim()
const cluster = async () => (await sql('SELECT system_identifier FROM pg_control_system()')).trim()
const volumes = () => server.must('docker volume ls -q | sort')

test('a target that is called production: it refuses, whatever it is told', async () => {
  const before = [await orders(), await cluster()]
  const { report, exitCode } = await on.json(
    server,
    'run',
    'staging-reset',
    ...words('production'),
    ...['--consent', 'disruptive', '--confirm', server.ipv4],
  )
  expect([exitCode, report.status]).toEqual([2, 'failed'])
  expect(report.diagnosis[0]?.cause).toBe('staging/is-staging')
  expect(report.actions).toEqual([])
  expect([await orders(), await cluster()]).toEqual(before)
})

test('a target that is called staging and has a live payment key: it refuses, too', async () => {
  const file = '/opt/webshop/backend/.env.staging'
  await server.must(
    `cp -p ${file} /root/kept && sed -i 's/^MOLLIE_API_KEY=test_/MOLLIE_API_KEY=live_/' ${file}`,
  )
  const { report } = await on.json(server, 'check', 'staging-reset', ...words())
  const found = report.checks.find(({ id }) => id === 'staging/is-staging')
  expect([found?.status, found?.summary]).toEqual([
    'fail',
    expect.stringContaining('MOLLIE_API_KEY is a live key'),
  ])
  await server.must(`cp -p /root/kept ${file}`)
})

test('another stack uses the volume, too: it refuses, and names the container', async () => {
  await server.must(
    'docker run -d --name report --network none -v webshop_postgres_data:/data:ro --entrypoint sleep postgres:15 600',
  )
  const { report } = await on.json(server, 'check', 'staging-reset', ...words())
  const found = report.checks.find(({ id }) => id === 'staging/volumes')
  expect([found?.status, found?.summary]).toEqual([
    'fail',
    expect.stringContaining('report uses webshop_postgres_data'),
  ])
  await server.must('docker rm -f report')
})

test('without the typed name, or with a wrong one, nothing goes', async () => {
  const before = [await orders(), await cluster()]
  for (const confirm of [[], ['--confirm', 'webshop']]) {
    const { report } = await on.json(
      server,
      'run',
      'staging-reset',
      ...words(),
      '--consent',
      'disruptive',
      ...confirm,
    )
    expect(report.status).toBe('failed')
  }
  expect([await orders(), await cluster()]).toEqual(before)
})

test('with it: an empty shop, migrated, with its first user and healthy; other volumes are as they were', async () => {
  await server.must(`docker volume create other_stack_postgres_data
    docker volume create --label com.docker.compose.project=other --label com.docker.compose.volume=postgres_data other_data`)
  const [before, all] = [await cluster(), await volumes()]
  expect(await orders()).toBe('20000')
  const confirmed = [...words(), '--consent', 'disruptive', '--confirm', server.ipv4]
  const { report, exitCode } = await on.json(server, 'run', 'staging-reset', ...confirmed)
  expect(notGood(report)).toEqual([])
  expect([exitCode, report.status]).toEqual([0, 'passed'])
  expect(report.actions.map(({ remedy, outcome }) => [remedy, outcome])).toEqual([
    ['staging/reset-data', 'proven'],
  ])
  expect(await orders()).toBe('0')
  expect((await sql('SELECT count(*) FROM auth_user WHERE is_staff')).trim()).toBe('1')
  expect(await cluster()).not.toBe(before)
  expect(await volumes()).toBe(all)

  await sql(
    "INSERT INTO orders_order (email, status, total, created_at) VALUES ('a@b.test', 'open', 1, now())",
  )
  const again = await on.json(server, 'run', 'staging-reset', ...confirmed)
  expect(again.report.actions).toEqual([])
  expect(await orders()).toBe('1')
})
