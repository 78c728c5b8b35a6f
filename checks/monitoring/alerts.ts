/**
 * Alerts, each proven by one: where the operator consents, a test event is sent from the application itself, and the
 * person says whether the message came, where it should, in time. Rules and times are those of domain §1.6.
 */

import { CONFIRMATIONS, confirmations, confirmScript } from '../../src/facts/confirmations.ts'
import { insideContainer, runningContainer } from '../../src/facts/containers.ts'
import { type Action, runAction } from '../../src/model/action.ts'
import type { Check, ProbeContext } from '../../src/model/check.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { Policy } from '../../src/model/policy.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh, verbatim } from '../../src/model/script.ts'
import { notApplicable, pass, unknown } from '../../src/model/verdict.ts'
import { confirmable } from '../confirmed/confirmed.ts'
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

const sendToChat = remedy({
  id: 'monitoring/send-to-chat',
  title: 'Post a test message to the chat',
  why: 'A webhook that somebody deleted answers 404 to every alert, and nobody is told of that either.',
  risk: 'Everybody in the channel reads it.',
  grade: 'reversible',
  params: monitoringParams,
  async plan({ params }) {
    if (params.alertWebhookFile === '') throw new Unreadable('no file with the webhook’s address was named')
    return {
      actions: [
        runAction(
          'Post a message with the address from the file',
          sh`
            address=$(head -n 1 -- ${params.alertWebhookFile}) || exit 1
            # On standard input: an address like this is a key, and stands on no command line.
            status=$(printf 'url = "%s"\\n' "$address" | curl -sS -K - -o /dev/null -w '%{http_code}' --max-time 15 \\
              -H 'Content-Type: application/json' -d '{"content":"Kneeboard test: this channel gets alerts.","text":"Kneeboard test: this channel gets alerts."}')
            echo "the chat answered $status"
            case $status in 2??) ;; *) exit 1 ;; esac
            ${confirmScript('monitoring/chat-webhook', params.confirmedBy)}
          `,
        ),
      ],
      touches: ['the chat: one message', `${CONFIRMATIONS}: one more line`],
      undo: 'Delete the message in the chat',
      expectedSeconds: 3,
    }
  },
})

const chatWebhook = check({
  id: 'monitoring/chat-webhook',
  title: 'The chat takes messages',
  why: 'Alerts end up there. A deleted webhook is silent for months.',
  params: monitoringParams,
  remedies: [sendToChat],
  async probe({ params, read, policy }) {
    if (params.alertWebhookFile === '') return notApplicable('no webhook of a chat was named')
    const { entries, now } = await read(confirmations)
    const last = entries.findLast(({ item }) => item === 'monitoring/chat-webhook')
    const expected = `tried within ${policy.alertProofDays} days`
    const age =
      last === undefined ? Number.POSITIVE_INFINITY : (now.getTime() - last.at.getTime()) / 86_400_000
    if (last === undefined || age > policy.alertProofDays)
      return unknown('it has not been tried for long', {
        measured: last === undefined ? 'never' : `${Math.floor(age)} days ago`,
        expected,
        remedies: [sendToChat],
      })
    return pass(`it took a message on ${last.at.toISOString().slice(0, 10)}`, {
      measured: last.at.toISOString().slice(0, 10),
      expected,
    })
  },
})

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

export const alerts = [...alertChecks, chatWebhook]
export const uptime = [uptimeApi, uptimePage, uptimeCertificate, fireDrill]
