/** Eyes from outside: what no check on the server can see, confirmed by a person (domain §1.6 rows 139–144). */

import type { Check } from '../../src/model/check.ts'
import type { Policy } from '../../src/model/policy.ts'
import { confirmable } from '../confirmed/confirmed.ts'
import { type MonitoringParams, monitoringParams } from './parameters.ts'

const person = (
  name: string,
  title: string,
  why: string,
  instructions: (policy: Policy) => readonly string[],
): Check<MonitoringParams> =>
  confirmable({
    id: `monitoring/${name}`,
    title,
    why,
    instructions,
    params: monitoringParams,
    days: policy => policy.alertProofDays,
  })

const uptimeApi = person(
  'uptime-api',
  'A monitor outside watches the API',
  'What runs on the server cannot report that the server is gone.',
  policy => [
    `A monitor asks the health endpoint every ${policy.uptimeEveryMinutes} minutes, expects 200, waits ${policy.uptimeTimeoutSeconds} s, and alerts after ${policy.uptimeFailures} failures`,
    'Its contact is one that somebody reads at night',
  ],
)

const uptimePage = person(
  'uptime-page',
  'A monitor outside watches the front page',
  'The API can be healthy while the storefront is not.',
  policy => [
    `A monitor asks the front page every ${policy.uptimeEveryMinutes} minutes, expects 200, and alerts after ${policy.uptimeFailures} failures`,
  ],
)

const uptimeCertificate = person(
  'uptime-certificate',
  'A monitor outside watches the certificate',
  'A renewal that stopped working is found out by it, and not by customers.',
  policy => [
    `A monitor looks at the certificate daily, and alerts ${policy.uptimeCertificateDays} days before its end`,
  ],
)

const fireDrill = person(
  'fire-drill',
  'An outage on staging was told of, and its end too',
  'The only proof that all parts of the chain hold together.',
  policy => [
    'On staging, never in production: docker compose stop backend',
    `Wait for the message that it is down: at most ${policy.fireDrillMinutes} minutes`,
    'docker compose start backend, and wait for the message that it is up again',
  ],
)

export const uptime = [uptimeApi, uptimePage, uptimeCertificate, fireDrill]
