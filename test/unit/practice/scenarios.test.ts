/** What the practice scenarios are made of. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runbooks } from '../../../runbooks/index.ts'
import { checksOf } from '../../../src/model/runbook.ts'
import { scenarios } from '../../../src/practice/scenarios/index.ts'
import { scenarioTitles } from '../../../src/practice/scenarios/names.ts'
import { DEPLOY_FILES } from '../../../src/practice/world/shop/deploy-files.ts'

test('the command line knows every scenario by its name and title', () => {
  expect(scenarioTitles).toEqual(Object.fromEntries(scenarios.map(({ name, title }) => [name, title])))
})

test('every scenario trains a runbook that there is', () => {
  const known = runbooks.map(({ id }) => id)
  for (const { runbook } of scenarios) expect(known).toContain(runbook)
})

test('every cause is a check of the runbook that is trained, and every mending remedy one of its own', () => {
  for (const { name, runbook, cause, mends = [] } of scenarios) {
    const book = runbooks.find(({ id }) => id === runbook)
    if (cause === undefined || book === undefined) continue
    const checks = checksOf(book)
    expect(
      checks.map(({ id }) => id),
      name,
    ).toContain(cause)
    const remedies = checks.flatMap(check => check.remedies ?? []).map(({ id }) => id)
    for (const mend of mends) expect(remedies, name).toContain(mend)
  }
})

test('the shop is laid out by the same files as the lab’s', () => {
  for (const [path, text] of Object.entries(DEPLOY_FILES))
    expect(text, path).toBe(readFileSync(new URL(`../../lab/shop/deploy/${path}`, import.meta.url), 'utf8'))
})
