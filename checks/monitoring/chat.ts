/** The chat that alerts end up in. Its address is a key: it lies in a file on the server, and nowhere else. */

import { CONFIRMATIONS, confirmations, confirmScript } from '../../src/facts/confirmations.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { notApplicable, pass, unknown } from '../../src/model/verdict.ts'
import { monitoringParams } from './parameters.ts'

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

export const chatWebhook = check({
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
