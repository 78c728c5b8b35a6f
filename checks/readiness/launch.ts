/** What nobody can see from the server, and somebody has to stand for (domain rows 13, 14, 33, 35, 84–86, 99–102, 150–153). */

import type { Check } from '../../src/model/check.ts'
import type { Policy } from '../../src/model/policy.ts'
import { confirmable } from '../confirmed/confirmed.ts'
import { type ReadinessParams, readinessParams } from './parameters.ts'

const item = (
  name: string,
  title: string,
  why: string,
  instructions: readonly string[],
  days: (policy: Policy) => number = policy => policy.launchProofDays,
): Check<ReadinessParams> =>
  confirmable({
    id: `readiness/${name}`,
    title,
    why,
    instructions: () => instructions,
    days,
    params: readinessParams,
  })

export const launch = [
  item(
    'tested',
    'The release was tested and reviewed, and ran on staging',
    'What was never seen working does not work, and customers find it first.',
    [
      'Tests pass, and two people have read what changes',
      'The same images ran on staging, with an order and a payment made by hand',
      'Migrations were read; the way back is known',
    ],
  ),
  item(
    'audited',
    'Dependencies and images were scanned',
    'Holes that are known are found by machines, first by those of others.',
    ['npm audit and pip-audit report nothing high; Trivy nothing critical'],
  ),
  item(
    'loaded',
    'The shop was tried under load',
    'A campaign is the worst moment to learn how many visitors it bears.',
    [
      'Twice the visitors of the best hour that is expected, for half an hour, on staging',
      'Errors stayed below 1 %, pages below 2 s',
    ],
  ),
  item(
    'abuse',
    'Logins and forms are limited, and only our own pages may call the API',
    'Passwords are tried by the million where nobody counts the tries.',
    [
      'CORS names our own origins; rate limits hold on login, registration and checkout',
      'Rights were tried: a customer cannot read another one’s order',
    ],
  ),
  item(
    'privacy',
    'Personal data is handled as the law asks',
    'Fines aside: it is other people’s data, given to us for an order and for nothing else.',
    ['Consent, retention and deletion work; the processors have contracts; logs hold no personal data'],
  ),
  item(
    'pipeline',
    'The pipeline has its secrets, and production needs an approval',
    'Otherwise whoever can push can deploy, and nobody has to agree.',
    [
      'Host, user, key, addresses and the chat’s webhook are set for each environment',
      'main is protected: two approvals, no force push; production asks for one more',
    ],
  ),
  item(
    'runbooks',
    'Somebody is on call, and knows where to look',
    'At three in the morning nobody reads code to find out whom to call.',
    [
      'Architecture, contacts, status page and Kneeboard’s runbooks are known to whoever is on call',
      'Who tells customers, and where, is agreed',
    ],
  ),
  item(
    'security-audit',
    'Somebody from outside has looked for holes',
    'One’s own mistakes are the hardest to see, and others look for them.',
    ['An audit within the last year, with its findings mended'],
    policy => policy.auditProofDays,
  ),
]
