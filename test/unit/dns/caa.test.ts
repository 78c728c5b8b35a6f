import { describe, expect, test } from 'vitest'
import { parseCaa, rule } from '../../../checks/dns/caa.ts'

const question = { wildcard: false, identities: ['letsencrypt.org'], accounts: ['https://ca.test/acct/7'] }
const ruling = (records: string[], over: Partial<typeof question> = {}) =>
  rule(records.map(parseCaa), { ...question, ...over })

describe('what a set of CAA records allows', () => {
  test.each([
    ['the CA by its name', ['0 issue letsencrypt.org'], true],
    ['the CA among others', ['0 issue other.example', '0 issue letsencrypt.org'], true],
    ['a set that says nothing of issue', ['0 iodef mailto:a@b.example'], true],
    ['this proof', ['0 issue letsencrypt.org; validationmethods=dns-01, http-01'], true],
    ['this account', ['0 issue letsencrypt.org; accounturi=https://ca.test/acct/7'], true],
    ['names of the CA in capitals', ['0 issue LetsEncrypt.org'], true],
    ['an unknown tag that is not critical', ['0 tbs unknown', '0 issue letsencrypt.org'], true],
    // The other bits of the flags mean nothing: 1 is not critical, whatever some checkers think.
    ['an unknown tag with the flag 1', ['1 tbs unknown'], true],
    ['issuewild alone, for a plain name', ['0 issuewild other.example'], true],
  ])('allows: %s', (_, records, allowed) => {
    expect(ruling(records)).toMatchObject({ allowed })
  })

  test.each([
    ['another CA', ['0 issue other.example'], /only other\.example may issue, not letsencrypt\.org/],
    ['nobody', ['0 issue ;'], /no CA at all/],
    ['an unknown critical tag', ['128 tbs unknown', '0 issue letsencrypt.org'], /critical tag “tbs”/],
    ['another proof', ['0 issue letsencrypt.org; validationmethods=dns-01'], /only dns-01 is allowed/],
    [
      'another account',
      ['0 issue letsencrypt.org; accounturi=https://ca.test/acct/8'],
      /acct\/8.*certbot’s is .*acct\/7/,
    ],
  ])('forbids: %s', (_, records, reason) => {
    const found = ruling(records)
    expect(found.allowed).toBe(false)
    expect(found.reason).toMatch(reason)
  })

  test('for a wildcard issuewild counts, and issue only where there is none', () => {
    const wildcard = { wildcard: true }
    expect(ruling(['0 issue letsencrypt.org', '0 issuewild ;'], wildcard).allowed).toBe(false)
    expect(ruling(['0 issue other.example', '0 issuewild letsencrypt.org'], wildcard).allowed).toBe(true)
    expect(ruling(['0 issue letsencrypt.org'], wildcard).allowed).toBe(true)
  })

  test('a CA that does not say its name is unknown, unless nobody is allowed', () => {
    expect(ruling(['0 issue other.example'], { identities: [] }).allowed).toBeNull()
    expect(ruling(['0 issue ;'], { identities: [] }).allowed).toBe(false)
  })

  test('an account that is asked for before there is one is named', () => {
    const found = ruling(['0 issue letsencrypt.org; accounturi=https://ca.test/acct/7'], { accounts: [] })
    expect(found).toMatchObject({
      allowed: false,
      reason: expect.stringContaining('has no account there yet'),
    })
  })
})
