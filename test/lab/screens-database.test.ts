/** The runbooks of the database at the screen: each from where it naturally begins to `passed`, by keys alone. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildProgram, newHome, openProgram } from '../pty/program.ts'
import { makeBackup, sqlIn } from './backup-by-hand.ts'
import { findFault } from './faults/index.ts'
import { sayYes } from './first-day.ts'
import { type Lab, type LabServer, openLab, startShopServer, targetArguments } from './index.ts'
import type { Shop } from './shop/site.ts'

let lab: Lab
let server: LabServer
let shop: Shop
let program: ReturnType<typeof buildProgram>
beforeAll(async () => {
  program = buildProgram()
  lab = await openLab()
  ;({ server, shop } = await startShopServer(lab))
})
afterAll(async () => {
  await lab?.close()
  program?.remove()
})

const NEW_ORDER = `INSERT INTO orders_order (email, status, total, created_at) VALUES ('visitor@webshop.test', 'open', 12, now())`

interface Walked {
  readonly runbook: string
  /** Makes the server what it is like before it. */
  readonly begin: () => Promise<unknown>
  readonly words?: readonly string[]
  /** Titles of what was consented to, in order. */
  readonly applied: readonly string[]
  readonly size: readonly [columns: number, rows: number]
}

const walks: readonly Walked[] = [
  {
    runbook: 'backup',
    begin: async () => {},
    applied: [
      'Back the database up every night, and prove each backup bef…',
      'Make the first backup as the timer makes it',
    ],
    size: [80, 24],
  },
  {
    runbook: 'restore-drill',
    begin: () => makeBackup(server),
    applied: ['Restore the newest automated backup into a container of its own, and start the release on it'],
    size: [140, 45],
  },
  {
    runbook: 'restore',
    begin: () => sqlIn(server, NEW_ORDER),
    applied: [
      'Restore the backup beside the live database',
      'Stop the application, swap the copy in, start it again',
    ],
    size: [80, 24],
  },
  {
    runbook: 'restore-undo',
    begin: async () => {},
    applied: ['Stop the application, swap the old database back, start it again'],
    size: [140, 45],
  },
  {
    runbook: 'migration-rollback',
    begin: () => findFault('bad-migration').inject(server),
    words: ['--set', 'migrationApp=products', '--set', 'migrationTarget=0006'],
    applied: [
      'Copy out what would be dropped',
      'Undo the migrations with the image that has them',
      'Put the older release in place',
    ],
    size: [80, 24],
  },
  {
    runbook: 'database-creation',
    begin: () => shop.run('compose down -v --timeout 2'),
    applied: [
      'Start the database, and nothing else',
      'Apply the migrations that the database lacks',
      'Make the first user of the administration',
    ],
    size: [140, 45],
  },
]

/** Opens the program for a runbook, says yes to all it asks, and leaves by `q`. */
async function walkThrough(on: LabServer, { runbook, words = [], size }: Walked): Promise<readonly string[]> {
  const [columns, rows] = size
  const home = newHome()
  const start = ['run', runbook, ...targetArguments(on), '--environment', 'staging', ...words]
  const terminal = openProgram(program.path, home, start, { columns, rows })
  try {
    await terminal.waitFor(/Parameters of|nothing has run yet/, 60)
    if (terminal.text().includes('Parameters of')) terminal.press('enter')
    await terminal.waitFor('nothing has run yet')
    terminal.press('enter')
    const { applied } = await sayYes(terminal, () => {}, on.ipv4)
    expect(terminal.text()).toContain('Everything is proven. Nothing is left to do.')
    terminal.press('q')
    expect(await terminal.ended).toMatchObject({ exitCode: 0 })
    expect(terminal.text()).toContain(`${runbook} on ${on.ipv4} (staging): passed`)
    return applied
  } finally {
    await terminal.close()
    home.remove()
  }
}

test.each(walks)('$runbook', async walked => {
  await walked.begin()
  expect(await walkThrough(server, walked)).toEqual(walked.applied)
})

test('staging-reset', async () => {
  const staging = (await startShopServer(lab, { environment: 'staging', name: 'staging' })).server
  const applied = await walkThrough(staging, {
    runbook: 'staging-reset',
    begin: async () => {},
    words: ['--set', 'composeFile=/opt/webshop/docker-compose.staging.yml'],
    applied: [],
    size: [80, 24],
  })
  expect(applied).toEqual(['Throw all data of the shop away, and start it empty'])
})
