import { expect, test } from 'vitest'
import { withSection } from '../../bench/document.ts'

const before = '# Benchmarks\n\nWords.\n\n## Screens\n\nold\n\n## Sweep\n\nkept\n'

test('a part measured anew takes its own place, and leaves the others', () => {
  expect(withSection(before, 'Screens', 'new\n')).toBe(
    '# Benchmarks\n\nWords.\n\n## Screens\n\nnew\n\n## Sweep\n\nkept\n',
  )
  expect(withSection(before, 'Sweep', 'new')).toBe(
    '# Benchmarks\n\nWords.\n\n## Screens\n\nold\n\n## Sweep\n\nnew\n',
  )
})

test('a part that was never measured comes at the end', () => {
  expect(withSection(before, 'Backup', 'new')).toBe(`${before}\n## Backup\n\nnew\n`)
})
