import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPreferences } from '../../../src/config/preferences.ts'
import { readJournal } from '../../../src/engine/journal.ts'
import { harmless } from '../../../src/host/evidence.ts'
import { createRedactor } from '../../../src/host/redact.ts'
import { sh } from '../../../src/model/script.ts'
import { reportJson } from '../../../src/report/json.ts'
import { bookOf, fileIsThere, scriptRemedy, stage } from './stage.ts'

const place = () => join(mkdtempSync(join(tmpdir(), 'kneeboard-summary-')), 'log', 'kneeboard')

function staged(folder: string, script = 'true') {
  const redactor = createRedactor()
  const on = stage({
    ports: {
      serverSummary: { folder, render: reportJson },
      clean: text => harmless(text, redactor),
    },
  })
  const made = join(on.folder, 'made')
  const remedy = scriptRemedy('a/make', { text: `${script}; touch ${made}` })
  return { on, book: bookOf([fileIsThere('a/there', made, { remedies: [remedy] })]) }
}

test('a run that changed the server leaves its summary there, for root alone, with the head of its journal', async () => {
  const folder = place()
  const { on, book } = staged(folder)
  const { run } = await on.play(book)
  const file = join(folder, `${run}.json`)
  expect([statSync(folder).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600])
  const left = JSON.parse(readFileSync(file, 'utf8'))
  expect(left).toMatchObject({
    run,
    operator: 'tester@test',
    tool: 'kneeboard test',
    schema: 1,
    target: { name: 'web-1', environment: 'staging' },
    actions: [{ remedy: 'a/make', consent: 'yes', outcome: 'proven' }],
  })
  expect(readJournal(on.journalPath).hashes).toContain(left.journalHead)
})

test('one that changed nothing leaves nothing, and neither does one that is told so', async () => {
  const folder = place()
  const { on, book } = staged(folder)
  await on.play(book, { mode: 'check' })
  expect(existsSync(folder)).toBe(false)
  const without = stage()
  const made = join(without.folder, 'made')
  const remedy = scriptRemedy('a/make', sh`touch ${made}`)
  await without.play(bookOf([fileIsThere('a/there', made, { remedies: [remedy] })]))
  expect(without.machine.ran.some(script => script.includes('/var/log'))).toBe(false)
})

test('no secret is in it', async () => {
  const folder = place()
  const { on, book } = staged(folder, 'echo password=hunter2hunter2 >&2; exit 3')
  const { run } = await on.play(book)
  const left = readFileSync(join(folder, `${run}.json`), 'utf8')
  expect(left).toContain('password=[secret]')
  expect(left).not.toContain('hunter2')
})

test('where it cannot be left the run says so in a note, and ends as it would have', async () => {
  const folder = place()
  mkdirSync(join(folder, '..'), { recursive: true })
  symlinkSync(tmpdir(), folder)
  const { on, book } = staged(folder)
  const state = await on.play(book)
  expect(state.status).toBe('passed')
  expect(state.notes.at(-1)?.text).toContain('it is a link or belongs to somebody else')
})

test('its place is a preference, which can turn it off', () => {
  const home = mkdtempSync(join(tmpdir(), 'kneeboard-preferences-'))
  const reading = (text: string) => {
    writeFileSync(join(home, 'preferences.json'), text)
    return () => readPreferences(home)
  }
  expect(readPreferences(home)).toEqual({ summaryOnServer: '/var/log/kneeboard' })
  expect(reading('{"summaryOnServer": false}')()).toEqual({ summaryOnServer: false })
  expect(reading('{"summaryOnServer": "/srv/audit"}')()).toEqual({ summaryOnServer: '/srv/audit' })
  for (const wrong of ['"relative"', '"/var/../etc"', '"/"', '"/a/"', 'true', '""']) {
    expect(reading(`{"summaryOnServer": ${wrong}}`)).toThrow(expect.objectContaining({ exitCode: 78 }))
  }
  expect(reading('{"other": 1}')).toThrow(expect.objectContaining({ exitCode: 78 }))
})
