/** From a name to HTTPS that renews itself: every reason why an order would fail is looked at before one is sent. */

import { directoryAnswers } from '../checks/acme/directory.ts'
import { cdnPasses } from '../checks/cdn/challenge-passes.ts'
import { certbotAvailable } from '../checks/certbot/available.ts'
import { lineagesSound } from '../checks/certbot/lineages.ts'
import { answersInside, caArrives, webrootWritable } from '../checks/challenge/rehearsed.ts'
import { caaAllows } from '../checks/dns/caa-allows.ts'
import { aaaaLeadsHere, aLeadsHere } from '../checks/dns/leads-here.ts'
import { namesValid } from '../checks/dns/names-valid.ts'
import { resolves } from '../checks/dns/resolves.ts'
import { addressesRoutable } from '../checks/dns/routable.ts'
import { serverAgrees } from '../checks/dns/server-agrees.ts'
import { port80Open } from '../checks/firewall/port-80-open.ts'
import { budget } from '../checks/issuance/budget.ts'
import { certificateIssued } from '../checks/issuance/issued.ts'
import { renewalProven } from '../checks/renewal/proven.ts'
import { renewalScheduled } from '../checks/renewal/scheduled.ts'
import { clockRight } from '../checks/system/clock.ts'
import { certificateLifetime } from '../checks/tls/certificate-lifetime.ts'
import { chainComplete, httpsServed } from '../checks/tls/https-served.ts'
import { nginxValid } from '../checks/tls/nginx-valid.ts'
import { port80Listens } from '../checks/web/port-80-listens.ts'
import type { AnyCheck } from '../src/model/check.ts'
import { runbook } from '../src/model/runbook.ts'

/** What is served and renewed says something only once the certificate is there. */
const once = (check: AnyCheck): AnyCheck => ({
  ...check,
  after: ['issuance/certificate-issued', ...(check.after ?? [])],
})

export const sslIssuance = runbook({
  id: 'ssl-issuance',
  title: 'Get the first certificate',
  purpose:
    'For a site on port 80 that is to have HTTPS. It finds every reason why the CA would refuse before an order is spent, orders, has nginx serve the certificate, and proves that renewal works by running it.',
  group: 'First day',
  minutes: 10,
  steps: [
    {
      id: 'names',
      title: 'The names and the CA',
      why: 'The CA can be reached, and may issue for these names.',
      checks: [namesValid, directoryAnswers, clockRight],
    },
    {
      id: 'dns',
      title: 'DNS',
      why: 'Every name server leads the CA to this server, over IPv6 as over IPv4.',
      checks: [resolves, addressesRoutable, aLeadsHere, aaaaLeadsHere, serverAgrees, caaAllows],
    },
    {
      id: 'certbot',
      title: 'Certbot',
      why: 'It is there, nothing of an earlier try is in its way, and the CA’s limits leave room.',
      checks: [certbotAvailable, lineagesSound, budget],
    },
    {
      id: 'port-80',
      title: 'The CA’s question, rehearsed',
      why: 'A token is written where certbot writes, and fetched from everywhere the CA could come from.',
      checks: [webrootWritable, answersInside, port80Listens, port80Open, cdnPasses, caArrives],
    },
    {
      id: 'order',
      title: 'The order',
      why: 'At the CA’s staging first, and only then for real.',
      checks: [certificateIssued],
    },
    {
      id: 'https',
      title: 'HTTPS',
      why: 'nginx serves the certificate that is on disk, with its whole chain.',
      checks: [nginxValid, once(httpsServed), chainComplete, once(certificateLifetime)],
    },
    {
      id: 'renewal',
      title: 'Renewal',
      why: 'It runs by itself, and has been seen to work down to what visitors are served.',
      checks: [once(renewalScheduled), once(renewalProven)],
    },
  ],
})
