import { expect, test } from 'vitest'
import { refusalSinceReload } from '../../../src/facts/fresh-login.ts'

const REFUSED = 'ROOT LOGIN REFUSED FROM 203.0.113.5 port 50000'

test('a refusal counts until sshd starts or reads its files again, and only from our own address', () => {
  const log = (...lines: string[]) => refusalSinceReload(lines.join('\n'), '203.0.113.5')
  expect(log('Server listening on :: port 22.', REFUSED)).toBe(REFUSED)
  expect(log(REFUSED, 'Received SIGHUP; restarting.')).toBeNull()
  expect(log('ROOT LOGIN REFUSED FROM 203.0.113.50 port 50000')).toBeNull()
  expect(log('User root from 203.0.113.5 not allowed because not listed in AllowUsers')).toContain(
    'AllowUsers',
  )
  expect(log('')).toBeNull()
})
