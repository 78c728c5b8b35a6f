/** A database from nothing, and from every state in which one is found: made, mended, or left exactly as it is. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { findFault } from './faults/index.ts'
import { type Lab, type LabServer, openLab, startShopServer } from './index.ts'
import { type Kneeboard, kneeboard, notGood, type Report } from './kneeboard.ts'

let lab: Lab
let server: LabServer
let on: Kneeboard
beforeAll(async () => {
  lab = await openLab()
  server = (await startShopServer(lab)).server
  on = kneeboard()
})
afterAll(async () => {
  await lab?.close()
})

const words = ['--environment', 'staging']
const run = (consent: 'reversible' | 'disruptive' = 'reversible') =>
  on.json(server, 'run', 'database-creation', ...words, '--consent', consent)
const look = () => on.json(server, 'check', 'database-creation', ...words)
const saysOf = (report: Report, id: string) => report.checks.find(check => check.id === id)?.summary ?? ''
const applied = (report: Report) => report.actions.map(({ remedy, outcome }) => `${remedy} ${outcome}`)
const inShop = (script: string) =>
  server.must(`cd /opt/webshop; compose() { docker compose -f docker-compose.prod.yml "$@"; }; ${script}`)
const sql = (statement: string, database = '$POSTGRES_DB') =>
  server.must(`docker exec -i webshop-db-1 sh -c 'psql -XAtq -U "$POSTGRES_USER" -d "${database}"'`, {
    input: statement,
  })
const orders = async () => (await sql('SELECT count(*) FROM orders_order')).trim()

test('a healthy shop: everything is proven, and nothing changed', async () => {
  const before = await sql('SELECT pg_postmaster_start_time()')
  const { report, exitCode } = await run()
  expect(notGood(report)).toEqual([])
  expect([exitCode, report.actions]).toEqual([0, []])
  expect(saysOf(report, 'database/exists')).toMatch(/POSTGRES_DB when it fills an empty data directory/)
  expect(await sql('SELECT pg_postmaster_start_time()')).toBe(before)
})

test('the key of PostgreSQL can be read by others: named as the cause, mended, and the database is back', async () => {
  const before = await orders()
  await findFault('postgres-key-readable').inject(server, lab)
  const found = (await look()).report
  expect(found.diagnosis[0]?.cause).toBe('database/tls-key')
  expect(found.diagnosis[0]?.explains).toContain('database/ready')
  const { report } = await run()
  expect(notGood(report)).toEqual([])
  expect(applied(report)[0]).toBe('database/repair-tls-key proven')
  expect(await orders()).toBe(before)
})

test('the application has another password than the database: found from where it stands, and put right', async () => {
  const before = await orders()
  await findFault('db-password-mismatch').inject(server, lab)
  const found = (await look()).report
  expect(found.checks.find(({ id }) => id === 'configuration/database-password-agrees')?.status).toBe('fail')
  expect(found.diagnosis.map(({ cause }) => cause)).toContain('configuration/database-password-agrees')
  const { report } = await run('disruptive')
  expect(notGood(report)).toEqual([])
  expect(await orders()).toBe(before)
})

test('only the role’s password is another one: the application’s own refusal tells, and the role is changed', async () => {
  await sql("ALTER ROLE webshop_prod PASSWORD 'somebody changed it by hand'")
  const found = (await look()).report
  expect(saysOf(found, 'database/application-connects')).toMatch(/its password is refused/)
  const { report } = await run('disruptive')
  expect(notGood(report)).toEqual([])
  expect(applied(report)).toEqual(['database/set-password proven'])
  const password = (await inShop("sed -n 's/^DB_PASSWORD=//p' backend/.env.production")).trim()
  expect(password.length).toBeGreaterThan(10)
  expect(JSON.stringify(report)).not.toContain(password)
  expect((await server.must('docker logs webshop-db-1 2>&1')).includes(password)).toBe(false)
})

test('a right of the role was taken away: PostgreSQL 15’s own trap', async () => {
  await sql(
    `CREATE ROLE narrow LOGIN; ALTER ROLE narrow PASSWORD 'narrow'; CREATE DATABASE narrow OWNER webshop_prod`,
  )
  await inShop(`cp backend/.env.production /root/env.kept
    sed -i 's/^DB_USER=.*/DB_USER=narrow/; s/^DB_NAME=.*/DB_NAME=narrow/; s/^\\(DB\\|POSTGRES\\)_PASSWORD=.*/\\1_PASSWORD=narrow/' backend/.env.production
    compose stop backend celery celery-beat; compose rm -f backend celery celery-beat`)
  const found = (await look()).report
  expect(saysOf(found, 'database/schema-rights')).toMatch(/may not create tables/)
  await inShop('cp /root/env.kept backend/.env.production; compose up -d')
  await sql('DROP DATABASE narrow; ', 'postgres').catch(() => '')
})

test('from nothing: the database alone is started, migrated, given its first user; twice changes nothing', async () => {
  await inShop('compose down -v --timeout 2')
  const { report, exitCode } = await run()
  expect(notGood(report)).toEqual([])
  expect([exitCode, report.status]).toEqual([0, 'passed'])
  expect(applied(report)).toEqual([
    'database/start proven',
    'database/migrate proven',
    'database/create-staff-user proven',
  ])
  const running = await inShop("compose ps --format '{{.Service}}'")
  expect(running.trim()).toBe('db')
  expect((await run()).report.actions).toEqual([])
})

test('a data directory that is not empty, and another POSTGRES_DB: it is created, and said why it was not there', async () => {
  await inShop(`sed -i 's/^DB_NAME=.*/DB_NAME=webshop_second/; s/^POSTGRES_DB=.*/POSTGRES_DB=webshop_second/' backend/.env.production
    compose up -d --no-deps db`)
  const found = (await look()).report
  expect(saysOf(found, 'database/exists')).toMatch(
    /POSTGRES_DB is read when the data directory is empty, and this one was not/,
  )
  const { report } = await run()
  expect(notGood(report)).toEqual([])
  expect(applied(report)[0]).toBe('database/create proven')
  const made = await sql(
    "SELECT pg_encoding_to_char(encoding), pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'webshop_second'",
    'postgres',
  )
  expect(made.trim()).toBe('UTF8|webshop_prod')
})
