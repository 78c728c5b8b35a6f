import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runbooks } from '../../../runbooks/index.ts'

test.each(runbooks.map(({ id }) => id))('the README names %s', id => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
  expect(readme.slice(readme.indexOf('## What it walks you through'))).toContain(`\`${id}\``)
})
