import { expect, test } from 'vitest'
import { parseLookUps } from '../../../src/facts/look-up.ts'

test('a name has its addresses in the order of their letters, and none where it is unknown', () => {
  expect([...parseLookUps(['db 172.20.0.3 172.20.0.12', 'nobody'])]).toEqual([
    ['db', ['172.20.0.12', '172.20.0.3']],
    ['nobody', []],
  ])
})
