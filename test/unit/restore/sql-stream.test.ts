/** The filter that a dump passes on its way into psql, in the machine's own awk. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ENDS_EARLY, LEAVES_DATABASE, SQL_FILTER } from '../../../src/facts/restore-sql-stream.ts'

const folder = mkdtempSync(join(tmpdir(), 'kneeboard-sql-'))
const program = join(folder, 'filter.awk')
writeFileSync(program, SQL_FILTER.text)

function filtered(dump: string, variables: Readonly<Record<string, string>> = {}) {
  const counts = join(folder, 'held')
  writeFileSync(counts, '')
  const words = Object.entries({ counts, ...variables }).flatMap(([name, value]) => [
    '-v',
    `${name}=${value}`,
  ])
  const { status, stdout, stderr } = spawnSync('awk', [...words, '-f', program], {
    input: dump,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  return { status, stdout, stderr, held: readFileSync(counts, 'utf8').trim().split('\n').sort() }
}

const dump = String.raw`--
-- PostgreSQL database dump
--

\restrict TOKEN

-- Dumped by pg_dump version 17.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET transaction_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE TABLE public.note (id integer, words text);

COPY public.note (id, words) FROM stdin;
1	\restrict TOKEN
2	SET transaction_timeout = 0;
\unrestrict TOKEN
-- PostgreSQL database dump complete
\\connect webshop
\.

COPY public."Odd Name" (id) FROM stdin;
\.

--
-- PostgreSQL database dump complete
--

\unrestrict TOKEN
`

test('a dump that the tools understand passes as it is, byte for byte, and its rows are counted', () => {
  const { status, stdout, held } = filtered(dump)
  expect([status, stdout]).toEqual([0, dump])
  expect(held).toEqual(['held public.Odd Name 0', 'held public.note 5'])
})

test('what older tools do not know is left out before the first statement, and nowhere else', () => {
  const { status, stdout } = filtered(dump, { restrict: '1', timeout: '1' })
  expect(status).toBe(0)
  const kept = dump
    .replace('\\restrict TOKEN\n\n-- Dumped', '\n-- Dumped')
    .replace('SET lock_timeout = 0;\nSET transaction_timeout = 0;\n', 'SET lock_timeout = 0;\n')
    .replace(/\\unrestrict TOKEN\n$/, '')
  expect(stdout).toBe(kept)
})

test('a dump that ends early ends in an error, in the middle of a table too: psql must not commit it', () => {
  for (const length of [0, dump.indexOf('2\tSET'), dump.lastIndexOf('-- PostgreSQL')]) {
    const { status, stdout, stderr } = filtered(dump.slice(0, length))
    expect(status).toBe(ENDS_EARLY)
    expect(stderr).toContain('it ends before pg_dump’s last line')
    expect(stdout).toMatch(/\\\.\nDO \$\$BEGIN RAISE EXCEPTION '.*'; END\$\$;\n$/)
  }
})

test.each([
  '\\connect webshop_prod',
  '\\c webshop_prod',
  'CREATE DATABASE webshop_prod;',
  'DROP DATABASE webshop_prod;',
])('%s would leave the database: it ends there', line => {
  const { status, stdout } = filtered(dump.replace('CREATE TABLE', `${line}\nCREATE TABLE`))
  expect(status).toBe(LEAVES_DATABASE)
  expect(stdout).not.toContain(line)
  expect(stdout).not.toContain('CREATE TABLE')
})

test('only looked at, nothing is printed', () => {
  expect(filtered(dump, { quiet: '1' })).toMatchObject({ status: 0, stdout: '' })
})
