import { expect, test } from 'vitest'
import { sslIssuance } from '../../../runbooks/ssl-issuance.ts'
import { sslRenewal } from '../../../runbooks/ssl-renewal.ts'
import { resolveParameters } from '../../../src/engine/parameters.ts'
import { Failure } from '../../../src/model/failure.ts'
import { checksOf, parametersOf } from '../../../src/model/runbook.ts'

test.each([sslIssuance, sslRenewal])('$id needs the names and nothing else', book => {
  const parameters = parametersOf(checksOf(book))
  const values = resolveParameters(parameters, {}, { domains: 'shop.example,www.shop.example' })
  expect(values).toMatchObject({
    domains: ['shop.example', 'www.shop.example'],
    acmeDirectory: 'https://acme-v02.api.letsencrypt.org/directory',
    resolvers: ['1.1.1.1', '8.8.8.8'],
  })
  expect(() => resolveParameters(parameters, {}, {})).toThrow(Failure)
  for (const { name, description } of parameters) expect([name, description]).not.toEqual([name, ''])
})

test('the order stands after everything that could make it fail, and everything served and renewed stands after the order', () => {
  const checks = checksOf(sslIssuance)
  const at = checks.findIndex(({ id }) => id === 'issuance/certificate-issued')
  // What the server itself resolves is of no concern to the CA: a warning at most.
  const before = checks.slice(0, at).filter(({ id }) => id !== 'dns/server-agrees')
  expect([...(checks[at]?.after ?? [])].sort()).toEqual(before.map(({ id }) => id).sort())
  for (const check of checks.slice(at + 1)) {
    if (check.id === 'tls/nginx-configuration-valid') continue
    expect(check.after, check.id).toSatisfy(
      (after: string[]) =>
        after.includes('issuance/certificate-issued') || after.includes('tls/https-served'),
    )
  }
})
