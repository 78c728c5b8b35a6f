/** A certificate near its end: why it was not renewed, put right, and proven. */

import { directoryAnswers } from '../checks/acme/directory.ts'
import { certbotAvailable } from '../checks/certbot/available.ts'
import { lineagesSound } from '../checks/certbot/lineages.ts'
import { answersInside, caArrives, webrootWritable } from '../checks/challenge/rehearsed.ts'
import { caaAllows } from '../checks/dns/caa-allows.ts'
import { aaaaLeadsHere, aLeadsHere } from '../checks/dns/leads-here.ts'
import { namesValid } from '../checks/dns/names-valid.ts'
import { resolves } from '../checks/dns/resolves.ts'
import { port80Open } from '../checks/firewall/port-80-open.ts'
import { renewalProven } from '../checks/renewal/proven.ts'
import { renewalScheduled } from '../checks/renewal/scheduled.ts'
import { clockRight } from '../checks/system/clock.ts'
import { certificateLifetime } from '../checks/tls/certificate-lifetime.ts'
import { chainComplete, httpsServed } from '../checks/tls/https-served.ts'
import { nginxValid } from '../checks/tls/nginx-valid.ts'
import { port80Listens } from '../checks/web/port-80-listens.ts'
import type { AnyCheck } from '../src/model/check.ts'
import { runbook } from '../src/model/runbook.ts'

/** Here each of these is a reason why the certificate was not renewed. */
const reason = (check: AnyCheck): AnyCheck => ({
  ...check,
  explains: ['tls/certificate-lifetime', 'renewal/proven', ...(check.explains ?? [])],
})

export const sslRenewal = runbook({
  id: 'ssl-renewal',
  title: 'A certificate is near its end',
  purpose:
    'For an alert about a certificate, or a look at whether renewal works. It finds why the renewal did not happen, mends that, renews what is due, and proves it by what visitors are served. It never forces a renewal that is not due.',
  group: 'Incident',
  minutes: 5,
  steps: [
    {
      id: 'reach',
      title: 'The CA can come',
      why: 'A renewal asks the same question as the first order, months later.',
      checks: [
        namesValid,
        reason(directoryAnswers),
        reason(clockRight),
        reason(resolves),
        reason(aLeadsHere),
        reason(aaaaLeadsHere),
        reason(caaAllows),
        certbotAvailable,
        reason(webrootWritable),
        reason(answersInside),
        reason(port80Listens),
        reason(port80Open),
        reason(caArrives),
      ],
    },
    {
      id: 'renewal',
      title: 'Renewal',
      why: 'Something renews, of the right lineage, and tells nginx.',
      checks: [reason(lineagesSound), nginxValid, renewalScheduled],
    },
    {
      id: 'served',
      title: 'What visitors get',
      why: 'The certificate on disk is the one that is served, and it has enough of its life left.',
      checks: [httpsServed, chainComplete, certificateLifetime, renewalProven],
    },
  ],
})
