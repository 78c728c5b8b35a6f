import { z } from 'zod'
import { joined } from '../../src/facts/dns.ts'
import { certbotState } from '../../src/facts/lineages.ts'
import { blocksFor, nginxConfiguration } from '../../src/facts/nginx-configuration.ts'
import { type Served, servedCertificates } from '../../src/facts/served.ts'
import { siteKey } from '../../src/facts/site.ts'
import { runAction } from '../../src/model/action.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, pass, unknown, type Verdict, warn } from '../../src/model/verdict.ts'
import { plainNames } from '../dns/parameters.ts'
import { covers, lineageFor } from '../issuance/lineage-of.ts'
import { reload } from '../web/change-nginx.ts'
import { domains, resolvers, siteParams, siteShape } from './parameters.ts'
import { serveHttps } from './serve-https.ts'

const params = z.object({ domains, resolvers, ...siteShape })
type Context = ProbeContext<z.infer<typeof params>>

export const reloadNginx = remedy({
  id: 'tls/reload-nginx',
  title: 'Have nginx read the certificate that is on disk',
  why: 'nginx reads certificates when it starts and when it is told to. A reload drops no connection; a restart would.',
  risk: 'None known: the configuration is tested in the running nginx first.',
  grade: 'reversible',
  params: siteParams,
  async plan({ params: site }) {
    return {
      actions: [runAction('Test the configuration in the running nginx, then reload it', reload(site))],
      touches: ['nginx, which reads its configuration and certificates again'],
      undo: 'Not needed: what is on disk is what nginx would serve after any restart',
      expectedSeconds: 2,
    }
  },
})

export const httpsServed = check({
  id: 'tls/https-served',
  title: 'The world is served the certificate that is on disk',
  why: 'A renewed certificate that nobody loaded ends with the old one: judged by the fingerprint that visitors get.',
  params,
  after: ['tls/nginx-configuration-valid'],
  explains: ['tls/certificate-lifetime'],
  remedies: [serveHttps, reloadNginx],
  timeoutSeconds: 90,
  async probe(context) {
    const { params: given, read } = context
    const names = plainNames(given.domains)
    const lineage = lineageFor(await read(certbotState, siteKey(given)), given.domains)
    if (lineage?.certificate == null)
      throw new Unreadable(`there is no certificate ${given.domains[0]} on disk`)
    const served = await read(servedCertificates, names.join(','), joined(given.resolvers))
    return judge(served, lineage.certificate.fingerprint, await configured(context))
  },
})

/** Whether nginx has a part for HTTPS at all. */
async function configured({ params: given, read }: Context): Promise<boolean> {
  const { files } = await read(nginxConfiguration, siteKey(given))
  return blocksFor(files, given.domains[0] ?? '', 443).length > 0
}

/** Pure. @param onDisk the fingerprint of the leaf that certbot keeps. */
export function judge(served: readonly Served[], onDisk: string, hasHttps: boolean): Verdict {
  const expected = short(onDisk)
  const measured = served
    .map(
      ({ domain, address, certificate, failure }) =>
        `${domain} at ${address}: ${certificate ? short(certificate.fingerprint) : failure}`,
    )
    .join('; ')
  const details = { measured, expected }
  const silent = served.find(({ failure }) => failure !== '' && failure !== 'no-route-from-here')
  if (silent !== undefined) {
    if (!hasHttps) return fail('nginx has no part for HTTPS yet', { ...details, remedies: [serveHttps] })
    const how =
      { refused: 'refused', 'timed-out': 'not answered', broken: 'broken off' }[silent.failure] ??
      silent.failure
    return fail(`HTTPS for ${silent.domain} at ${silent.address} is ${how}`, {
      ...details,
      telling: silent.address,
      remedies: [reloadNginx],
      advice: 'When nginx has it, look at port 443 in the firewall and in the ports of the Compose file',
    })
  }
  const seen = served.filter(({ certificate }) => certificate !== null)
  if (seen.length === 0)
    return unknown(
      'HTTPS cannot be seen from your machine, which has no route to any of the addresses',
      details,
    )
  const stale = seen.find(({ certificate }) => certificate?.fingerprint !== onDisk)
  if (stale?.certificate != null) {
    const ends = stale.certificate.to.toISOString().slice(0, 10)
    return fail(`${stale.domain} is served another certificate than the one on disk (it ends on ${ends})`, {
      ...details,
      telling: short(stale.certificate.fingerprint),
      remedies: hasHttps ? [reloadNginx] : [serveHttps],
    })
  }
  const uncovered = seen.find(({ certificate, domain }) => !covers(certificate?.names ?? [], domain))
  if (uncovered !== undefined)
    return fail(`the certificate that is served does not cover ${uncovered.domain}`, details)
  if (seen.length < served.length)
    return warn(
      'what is served over IPv6 cannot be seen from your machine; over IPv4 it is the one on disk',
      details,
    )
  return pass(`every name is served the certificate on disk, ${short(onDisk)}`, details)
}

const short = (fingerprint: string): string => `${fingerprint.slice(0, 23)}…`

export const chainComplete = check({
  id: 'tls/chain-complete',
  title: 'The whole chain is served',
  why: 'Browsers find a missing link by themselves; payment providers, phones and curl do not.',
  params,
  after: ['tls/https-served'],
  async probe({ params: given, read }) {
    const lineage = lineageFor(await read(certbotState, siteKey(given)), given.domains)
    const served = await read(
      servedCertificates,
      plainNames(given.domains).join(','),
      joined(given.resolvers),
    )
    const chain = lineage?.chain ?? []
    const bare = served.find(
      ({ certificate, chain: sent }) => certificate !== null && sent.length < chain.length,
    )
    const details = {
      expected: `${chain.length} certificates`,
      measured: `${served[0]?.chain.length ?? 0} certificates`,
    }
    if (bare !== undefined)
      return fail(`only ${bare.chain.length} of ${chain.length} certificates are served for ${bare.domain}`, {
        ...details,
        advice: 'nginx is given cert.pem: ssl_certificate has to name fullchain.pem',
      })
    return pass(`${chain.length} certificates are served, as certbot keeps them`, details)
  },
})
