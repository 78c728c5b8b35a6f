import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { makeKeyPair } from '../../../src/practice/server/keys.ts'

/** One in 256 that ssh2 makes is malformed: of a thousand some would be. */
test('every pair can be read again', () => {
  const pairs = Array.from({ length: 1000 }, () => makeKeyPair('practice'))
  const unread = pairs.filter(({ privateKey }) => ssh2.utils.parseKey(privateKey) instanceof Error)
  expect(unread).toEqual([])
})
