/** What a backup's file says of itself, as the lab's server printed it. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { leavesRestrict, leavesTimeout } from '../../../checks/restore/tools-can-read.ts'
import { type ArchiveHead, parseHead } from '../../../src/facts/restore-archive.ts'

const captured = (name: string): ArchiveHead =>
  parseHead(readFileSync(new URL(`./captured/head-${name}.txt`, import.meta.url), 'utf8'))

test('an archive says which version made it, and who owns what is in it', () => {
  expect(captured('dump')).toMatchObject({
    refusal: '',
    format: '1.14',
    dumpedFrom: '15.20',
    dumpedBy: '15.20',
    psqlVersion: '15.20',
    tables: 16,
    owners: ['webshop_prod'],
  })
})

test('one that is cut off, empty or newer is told by what pg_restore says', () => {
  expect(captured('xcut.dump').refusal).toContain('could not read from input file: end of file')
  expect(captured('xcut.dump').format).toBe('1.14')
  expect(captured('xempty.dump')).toMatchObject({ refusal: expect.stringContaining('too short'), format: '' })
  expect(captured('xnewer.dump')).toMatchObject({
    refusal: expect.stringContaining('unsupported version (1.99)'),
    format: '1.99',
  })
})

test('a dump as SQL, a cluster’s, and one that went through a terminal', () => {
  expect(captured('xplain.sql')).toMatchObject({
    isDump: true,
    isCluster: false,
    hasCarriageReturns: false,
    restricts: true,
    setsTransactionTimeout: false,
    dumpedBy: '15.20',
  })
  expect(captured('xall.sql').isCluster).toBe(true)
  expect(captured('xcr.sql').hasCarriageReturns).toBe(true)
})

test.each([
  ['15.13', true],
  ['15.14', false],
  ['14.18', true],
  ['17.5', true],
  ['17.6', false],
  ['12.22', true],
  ['18.0', false],
])('psql %s: \\restrict is left out: %s', (psqlVersion, left) => {
  expect(leavesRestrict({ ...captured('xplain.sql'), psqlVersion })).toBe(left)
  expect(leavesRestrict({ ...captured('xplain.sql'), psqlVersion, restricts: false })).toBe(false)
})

test('transaction_timeout is left out below PostgreSQL 17, where it is set at all', () => {
  const head = { ...captured('xplain.sql'), setsTransactionTimeout: true }
  expect([leavesTimeout(head), leavesTimeout({ ...head, psqlVersion: '17.0' })]).toEqual([true, false])
  expect(leavesTimeout(captured('xplain.sql'))).toBe(false)
})
