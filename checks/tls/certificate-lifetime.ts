import { z } from 'zod'
import { joined } from '../../src/facts/dns.ts'
import type { Certificate } from '../../src/facts/lineages.ts'
import { servedCertificates } from '../../src/facts/served.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { Policy } from '../../src/model/policy.ts'
import { fail, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { plainNames } from '../dns/parameters.ts'
import { renewNow } from '../renewal/renew-now.ts'
import { acmeDirectory, caBundle, domains, resolvers, siteShape } from './parameters.ts'

const DAY = 86_400_000

export const certificateLifetime = check({
  id: 'tls/certificate-lifetime',
  title: 'The served certificate has enough of its life left',
  why: 'Renewal runs in the last third of a certificate’s life. Less than that means that renewal has already failed.',
  params: z.object({ domains, resolvers, acmeDirectory, caBundle, ...siteShape }),
  remedies: [renewNow],
  timeoutSeconds: 90,
  async probe({ params, read, policy }) {
    const served = await read(
      servedCertificates,
      plainNames(params.domains).join(','),
      joined(params.resolvers),
    )
    const seen = served.flatMap(({ certificate }) => (certificate === null ? [] : [certificate]))
    const [soonest] = seen.sort((one, other) => one.to.getTime() - other.to.getTime())
    if (soonest === undefined) throw new Unreadable('no certificate is served that could be looked at')
    return judge(soonest, policy, new Date())
  },
})

/** Pure. */
export function judge(
  { from, to }: Pick<Certificate, 'from' | 'to'>,
  policy: Pick<Policy, 'certificateLifeWarnFraction' | 'certificateLifeFailFraction'>,
  now: Date,
): Verdict {
  const whole = to.getTime() - from.getTime()
  const left = to.getTime() - now.getTime()
  const said = `${days(left)} of ${days(whole)} days left`
  const details = {
    measured: said,
    expected: `more than ${days(whole * policy.certificateLifeWarnFraction)} days`,
    due: {
      at: new Date(to.getTime() - whole * policy.certificateLifeWarnFraction).toISOString(),
      runbook: 'ssl-renewal',
      title: 'Renewal of the certificate',
    },
  }
  if (left <= 0)
    return fail(`the served certificate ended on ${to.toISOString().slice(0, 10)}`, {
      ...details,
      remedies: [renewNow],
    })
  if (left / whole < policy.certificateLifeFailFraction)
    return fail(said, { ...details, remedies: [renewNow] })
  if (left / whole < policy.certificateLifeWarnFraction)
    return warn(said, { ...details, remedies: [renewNow] })
  return pass(said, details)
}

const days = (span: number): string => (span / DAY).toFixed(span / DAY < 10 ? 1 : 0)
