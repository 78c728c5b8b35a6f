/** The jobs as shell text: they parse, quote what comes from outside, and do what must be done in its order. */

import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { restoreJob } from '../../../checks/restore/restore-beside.ts'
import { commentAnew, keepRights, swapScript } from '../../../checks/restore/swap-shell.ts'
import { identifier, literal } from '../../../src/facts/sql-text.ts'
import { type Script, sh } from '../../../src/model/script.ts'

const parses = ({ text }: Script): string => spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' }).stderr

const backup = {
  path: '/opt/web shop/backups/it’s $HOME.dump',
  name: 'it’s $HOME.dump',
  kind: 'custom',
  bytes: 1000,
  mode: '600',
  owner: 'root',
  takenAt: '2026-11-21T12:14:43Z',
  ageSeconds: 7200,
  checksum: 'a'.repeat(64),
  manifest: null,
  manifestProblem: null,
} as const

describe('the restore', () => {
  const job = (kind: 'custom' | 'sql' | 'sql.gz', isLive = true) =>
    restoreJob({
      container: 'c0ffee',
      backup: { ...backup, kind },
      copy: 'restore_20261121t131531z',
      stamp: '20261121t131531z',
      liveName: 'web"shop',
      isLive,
      leaveRestrict: true,
      leaveTimeout: true,
      tables: 16,
    })

  test.each(['custom', 'sql', 'sql.gz'] as const)('of %s parses, and the file is only ever read', kind => {
    for (const script of [job(kind), job(kind, false)]) {
      expect(parses(script)).toBe('')
      expect(script.text).not.toMatch(/(rm|mv|gunzip) [^\n]*backups/)
      expect(script.text).not.toMatch(/>\s*'\/opt/)
    }
  })

  test('drops a copy that did not become whole, and only that', () => {
    const { text } = job('custom')
    const drops = text.match(/DROP DATABASE[^\n]*/g) ?? []
    expect(drops.filter(line => !line.includes('filter'))).toContain(
      'DROP DATABASE IF EXISTS "restore_20261121t131531z";',
    )
    expect(drops.some(line => line.includes('web"'))).toBe(false)
  })
})

describe('the swap', () => {
  const swap = (live: string | null) =>
    swapScript({
      container: 'c0ffee',
      composeFile: '/opt/web shop/compose.yml',
      services: ['celery-beat', 'celery', 'backend'],
      live,
      liveName: 'web"shop',
      next: 'restore_x',
      aside: 'before_restore_x',
      before: live === null ? '' : keepRights(live, 'restore_x'),
      after: commentAnew('web"shop', "''", ''),
      healthy: sh`docker exec c0ffee true <<'END'\nx\nEND`,
      reload: sh`true`,
    })

  test('parses, with a live database and without', () => {
    expect([parses(swap('web"shop')), parses(swap(null))]).toEqual(['', ''])
  })

  test('stops, closes, renames in one transaction, starts', () => {
    const { text } = swap('web"shop')
    const order = [
      'compose stop celery-beat celery backend',
      'ALTER DATABASE "web""shop" WITH ALLOW_CONNECTIONS false;',
      'BEGIN;',
      'ALTER DATABASE "web""shop" RENAME TO "before_restore_x";',
      'ALTER DATABASE "restore_x" RENAME TO "web""shop";',
      'COMMIT;',
      'swapped=yes',
    ].map(words => text.indexOf(words))
    expect(order).not.toContain(-1)
    expect([...order].sort((a, b) => a - b)).toEqual(order)
    expect(text.lastIndexOf('compose start celery-beat celery backend')).toBeGreaterThan(order.at(-1) ?? 0)
    expect(text).not.toContain('DROP')
  })
})

test('names and texts for PostgreSQL are quoted, whatever is in them', () => {
  expect([identifier('a"b'), literal("it's"), literal('a\\b')]).toEqual(['"a""b"', "'it''s'", " E'a\\\\b'"])
})
