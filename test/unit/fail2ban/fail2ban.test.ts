import { describe, expect, test } from 'vitest'
import { closesPort } from '../../../checks/fail2ban/ports.ts'
import { parseFail2ban, parseJail } from '../../../src/facts/fail2ban.ts'

/** The script's output on the lab's Debian 13, as the package comes. */
const TRIXIE = `Status
|- Number of jail:	1
\`- Jail list:	sshd
Status for the jail: sshd
|- Filter
|  |- Currently failed:	0
|  |- Total failed:	0
|  \`- Journal matches:	_SYSTEMD_UNIT=ssh.service + _COMM=sshd
\`- Actions
   |- Currently banned:	0
   |- Total banned:	0
   \`- Banned IP list:	
maxretry=5
findtime=600
bantime=600
action=nftables
port=ssh
`

describe('the jail for sshd', () => {
  test('is read whole', () => {
    expect(parseJail(TRIXIE)).toEqual({
      journalMatch: '_SYSTEMD_UNIT=ssh.service + _COMM=sshd',
      files: [],
      maxRetry: 5,
      findTime: 600,
      banTime: 600,
      actions: ['nftables'],
      ports: ['ssh'],
      banned: 0,
    })
  })
  test('may read files instead', () => {
    const text = TRIXIE.replace(/Journal matches:.*/, 'File list:\t/var/log/auth.log /var/log/b')
    expect(parseJail(text)).toMatchObject({ journalMatch: '', files: ['/var/log/auth.log', '/var/log/b'] })
  })
  test('may not be there; half of one is not taken for a whole', () => {
    expect(parseJail('Status\n|- Number of jail:\t0\n`- Jail list:\t\n')).toBeNull()
    expect(() => parseJail(TRIXIE.replace('maxretry=5', 'maxretry='))).toThrow('names no maxretry')
  })
})

test('a silent fail2ban says why', () => {
  const text =
    'installed=yes\nstate=failed\nenabled=enabled\nping=ERROR Failed to access socket path\nerror=ERROR Have not found any log file for sshd jail\n'
  expect(parseFail2ban(text)).toMatchObject({
    answers: false,
    complaint: 'ERROR Have not found any log file for sshd jail',
  })
  expect(parseFail2ban('installed=no\n').installed).toBe(false)
  expect(() => parseFail2ban('')).toThrow('could not be read')
})

test('a ban closes the ports it names', () => {
  expect(closesPort(['ssh'], 22)).toBe(true)
  expect(closesPort(['ssh'], 2222)).toBe(false)
  expect(closesPort(['0:65535'], 2222)).toBe(true)
  expect(closesPort(['22', '2222'], 2222)).toBe(true)
  expect(closesPort([], 2222)).toBe(true)
})
