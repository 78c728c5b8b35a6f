import { z } from 'zod'
import { rehearsal } from '../../src/facts/challenge.ts'
import { joined } from '../../src/facts/dns.ts'
import type { Fetched } from '../../src/facts/outside.ts'
import { siteKey } from '../../src/facts/site.ts'
import { check } from '../../src/model/check.ts'
import { fail, notApplicable, pass, type Verdict } from '../../src/model/verdict.ts'
import { isCloudflare } from '../dns/owner.ts'
import { plainNames } from '../dns/parameters.ts'
import { domains, resolvers, siteShape } from '../tls/parameters.ts'

export const cdnPasses = check({
  id: 'cdn/challenge-passes',
  title: 'A proxy in front of the server lets the CA’s question through',
  why: 'Behind a proxy DNS shows the proxy’s addresses, for IPv6 as well, and the question passes through it. The trap: Full (strict) with forced HTTPS wants a certificate before the first one can exist.',
  params: z.object({ domains, resolvers, ...siteShape }),
  after: ['dns/resolves', 'certbot/available'],
  timeoutSeconds: 150,
  async probe({ params, read }) {
    const names = plainNames(params.domains)
    const { outside, token } = await read(
      rehearsal,
      siteKey(params),
      names.join(','),
      joined(params.resolvers),
    )
    const proxied = outside.filter(
      ({ address, answer }) => isCloudflare(address) || (answer.outcome === 'answered' && answer.cloudflare),
    )
    if (proxied.length === 0) return notApplicable('no proxy stands in front of the server')
    const verdicts = proxied.map(({ domain, answer }) => judge(domain, answer, token))
    return verdicts.find(({ status }) => status === 'fail') ?? verdicts[0] ?? pass('the question passes')
  },
})

/** Cloudflare's own answers about the server behind it (525 and 526 are about its TLS). */
const MODES: Readonly<Record<number, string>> = {
  525: 'cannot speak TLS with the server (525)',
  526: 'does not accept the server’s certificate (526)',
  521: 'is refused by the server (521)',
  522: 'gets no answer from the server (522)',
}

/** Pure. */
export function judge(domain: string, answer: Fetched, token: string): Verdict {
  if (answer.outcome !== 'answered') return fail(`the proxy in front of ${domain} does not answer on port 80`)
  if (answer.status === 200 && answer.body.trim() === token)
    return pass(`the proxy in front of ${domain} passes the CA’s question on`, {
      measured: '200, the right answer',
    })
  const mode = MODES[answer.status]
  const details = { measured: String(answer.status), expected: 'the right answer' }
  if (answer.status === 525 || answer.status === 526)
    return fail(
      `the proxy in front of ${domain} forces HTTPS and ${mode}: that needs the certificate that is to be ordered`,
      {
        ...details,
        advice: `In Cloudflare’s dashboard set SSL/TLS to “Full” and turn “Always Use HTTPS” off (or set the record of ${domain} to “DNS only”), order, then set “Full (strict)” again`,
      },
    )
  return fail(`the proxy in front of ${domain} ${mode ?? `answers ${answer.status} to the CA’s question`}`, {
    ...details,
    advice: 'Look for rules of its firewall that hold back strangers or countries: the CA asks from several',
  })
}
