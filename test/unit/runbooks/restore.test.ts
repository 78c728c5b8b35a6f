import { expect, test } from 'vitest'
import { restore } from '../../../runbooks/restore.ts'
import { restoreDrill } from '../../../runbooks/restore-drill.ts'
import { restoreUndo } from '../../../runbooks/restore-undo.ts'
import { resolveParameters } from '../../../src/engine/parameters.ts'
import { Failure } from '../../../src/model/failure.ts'
import { checksOf, parametersOf } from '../../../src/model/runbook.ts'

test.each([restore, restoreUndo, restoreDrill])(
  '$id needs nothing to be given, and explains what may be',
  book => {
    const parameters = parametersOf(checksOf(book))
    expect(resolveParameters(parameters, {}, {})).toMatchObject({ databaseName: '', databaseService: 'db' })
    for (const { name, description } of parameters) expect([name, description]).not.toEqual([name, ''])
  },
)

test('a backup is named by its file alone: no path leads elsewhere', () => {
  const parameters = parametersOf(checksOf(restore))
  expect(resolveParameters(parameters, {}, { backup: 'old.sql.gz' })).toMatchObject({ backup: 'old.sql.gz' })
  for (const backup of ['../shadow.dump', '/etc/passwd', '-c', 'a b'])
    expect(() => resolveParameters(parameters, {}, { backup })).toThrow(Failure)
})

test('nothing is swapped in before everything that proves the copy holds', () => {
  const steps = Object.fromEntries(restore.steps.map(({ id, checks }) => [id, checks.map(check => check.id)]))
  const [swapped] = restore.steps.find(({ id }) => id === 'swap')?.checks ?? []
  expect([...(swapped?.after ?? [])].sort()).toEqual(
    [...(steps.beside ?? []), ...(steps.verify ?? [])].sort(),
  )
  const [beside] = restore.steps.find(({ id }) => id === 'beside')?.checks ?? []
  expect([...(beside?.after ?? [])].sort()).toEqual([...(steps.choose ?? [])].sort())
})

test('what takes data out of the shop is destructive; the drill is not', () => {
  const graded = [restore, restoreUndo, restoreDrill].flatMap(book =>
    checksOf(book).flatMap(check => (check.remedies ?? []).map(({ id, grade }) => `${id} ${grade}`)),
  )
  expect([...new Set(graded)].sort()).toEqual([
    'backup/close-credentials reversible',
    'backup/install-tools reversible',
    'drill/hold reversible',
    'drill/remove-leftovers reversible',
    'restore/allow-connections reversible',
    'restore/fetch-backup reversible',
    'restore/migrate-copy reversible',
    'restore/restore-beside reversible',
    'restore/start-services reversible',
    'restore/swap-back disruptive',
    'restore/swap-in destructive',
  ])
})
