/**
 * Alerts, each proven by one: where the operator consents, a test event is sent from the application itself, and the
 * person says whether the message came, where it should, in time. Rules and times are those of domain §1.6.
 */

import { insideContainer, runningContainer } from '../../src/facts/containers.ts'
import { type Action, runAction } from '../../src/model/action.ts'
import type { Check, ProbeContext } from '../../src/model/check.ts'
import type { Policy } from '../../src/model/policy.ts'
import { sh, verbatim } from '../../src/model/script.ts'
import { confirmable } from '../confirmed/confirmed.ts'
import { chatWebhook } from './chat.ts'
import { type MonitoringParams, monitoringParams } from './parameters.ts'

interface Rule {
  readonly name: string
  readonly title: string
  readonly why: string
  /** Events that are sent; 0 where a person has to lower the rule's threshold for a moment. */
  readonly events: number
  /** Sentry's tag `domain`, which parts payments from the rest. */
  readonly domain: '' | 'payment'
  readonly look: (policy: Policy) => readonly string[]
}

const rules: readonly Rule[] = [
  {
    name: 'new-issue',
    title: 'A new error reaches the errors channel',
    why: 'The first time that something breaks is the cheapest moment to hear of it.',
    events: 1,
    domain: '',
    look: policy => [
      `Look for “Kneeboard test” in the errors channel, within ${policy.alertArrivesMinutes} minutes`,
      'It names the environment and the release',
    ],
  },
  {
    name: 'regression',
    title: 'An error that comes back is told of',
    why: 'What was called mended and is not is worse than new: nobody looks for it any more.',
    events: 1,
    domain: '',
    look: policy => [
      'In Sentry, mark the issue “Kneeboard test” as resolved, then send it once more from here (run this step again)',
      `Look for it as a regression in the errors channel, within ${policy.alertArrivesMinutes} minutes`,
    ],
  },
  {
    name: 'payment-error',
    title: 'An error of payments reaches the payments channel',
    why: 'It means money. In the errors channel it drowns between missing pictures.',
    events: 1,
    domain: 'payment',
    look: policy => [
      `Look for “Kneeboard test” in the payments channel, within ${policy.alertArrivesMinutes} minutes, and not in the errors channel`,
      'If it came to the wrong one: the tag has to be set before the event is captured, and the rule has to filter by it',
    ],
  },
  {
    name: 'spike-warning',
    title: 'Many errors in an hour are warned of',
    why: `Single errors are noise. Many of them are a release or a dependency.`,
    events: 0,
    domain: '',
    look: policy => [
      `In Sentry, the rule is active, for this environment: above ${policy.alertSpikeWarnPerHour} in an hour, resolved below half of that`,
      'Lower its threshold to 1 for a moment, send a test event, see the message, and set it back',
    ],
  },
  {
    name: 'spike-critical',
    title: 'Very many errors in an hour wake somebody',
    why: 'At this rate a customer meets one on every visit.',
    events: 0,
    domain: '',
    look: policy => [
      `In Sentry, the rule is active, for this environment: above ${policy.alertSpikeFailPerHour} in an hour`,
      'Lower its threshold to 1 for a moment, send a test event, see who is told, and set it back',
    ],
  },
  {
    name: 'payment-spike',
    title: 'Several errors of payments in an hour wake somebody',
    why: 'Customers are being turned away at the till.',
    events: 0,
    domain: 'payment',
    look: policy => [
      `In Sentry, the rule is active, for domain:payment: above ${policy.alertPaymentPerHour} in an hour`,
      'Lower its threshold to 1 for a moment, send a test event, see who is told, and set it back',
    ],
  },
]

/** Sent by the application, with its own client: what arrives has come the whole way. */
const sendProgram = (domain: Rule['domain']): string => `
import os
import django
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings')
django.setup()
import sentry_sdk
with sentry_sdk.push_scope() as scope:
    ${domain === '' ? 'pass' : `scope.set_tag('domain', '${domain}')`}
    print('sent:', sentry_sdk.capture_message('Kneeboard test: an alert is being tried', level='error'))
sentry_sdk.flush(timeout=10)
`

async function testEvent(
  { params, read }: ProbeContext<MonitoringParams>,
  domain: Rule['domain'],
): Promise<Action[]> {
  const container = await read(runningContainer, params.composeFile, params.backendService)
  const program = sh`python3 - <<'END_OF_PROGRAM'\n${verbatim(sendProgram(domain))}\nEND_OF_PROGRAM\n`
  return [
    runAction('Send a test error to Sentry, from the application', insideContainer(container, program), {
      timeoutSeconds: 60,
    }),
  ]
}

const alertChecks = rules.map(
  (rule): Check<MonitoringParams> =>
    confirmable({
      id: `monitoring/alert-${rule.name}`,
      title: rule.title,
      why: rule.why,
      params: monitoringParams,
      after: ['monitoring/sentry-on'],
      days: policy => policy.alertProofDays,
      instructions: rule.look,
      ...(rule.events === 0
        ? {}
        : {
            first: (context: ProbeContext<MonitoringParams>) => testEvent(context, rule.domain),
            touches: ['Sentry: one test error'],
          }),
    }),
)

export const alerts = [...alertChecks, chatWebhook]
