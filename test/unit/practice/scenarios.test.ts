/** What the practice scenarios are made of. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runbooks } from '../../../runbooks/index.ts'
import { checksOf } from '../../../src/model/runbook.ts'
import { scenarios } from '../../../src/practice/scenarios/index.ts'
import { scenarioBriefs, scenarioTitles } from '../../../src/practice/scenarios/names.ts'
import { DEPLOY_FILES } from '../../../src/practice/world/shop/deploy-files.ts'

test('the command line knows every scenario by its name and title', () => {
  expect(scenarioTitles).toEqual(Object.fromEntries(scenarios.map(({ name, title }) => [name, title])))
})

test('a scenario has a score when it has a cause, and the list says so', () => {
  for (const brief of scenarioBriefs) {
    const scenario = scenarios.find(({ name }) => name === brief.name)
    expect(scenario?.isScored, brief.name).toBe(scenario?.cause !== undefined)
  }
})

test('what has a score has three hints, a causal chain, a fastest way, and something that is asked in the end', () => {
  for (const { name, isScored, hints, debrief, fastest, healthy, outOfReach } of scenarios) {
    expect((hints ?? []).length, name).toBeLessThanOrEqual(3)
    if (!isScored) continue
    expect(hints, name).toHaveLength(3)
    expect(debrief?.length, name).toBeGreaterThan(1)
    expect(fastest?.length, name).toBeGreaterThan(1)
    expect(healthy ?? outOfReach, name).toBeDefined()
  }
})

test('what is told of a remedy is its own title', () => {
  const titles = runbooks.flatMap(book =>
    checksOf(book).flatMap(check => (check.remedies ?? []).map(({ title }) => title)),
  )
  for (const { name, fastest = [] } of scenarios)
    for (const line of fastest)
      for (const [, quoted = ''] of line.matchAll(/Agree to “([^”]+)”/g))
        expect(titles, name).toContain(quoted)
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
