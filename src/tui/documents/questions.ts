/** The pages behind the short questions. */

import type { LockHeld } from '../../engine/operator.ts'
import type { Line } from '../lines.ts'
import type { HostKeyQuestion } from '../prompts.ts'
import type { ManualRequest } from '../questions.ts'
import { ago, stamp } from '../words.ts'
import { bullets, exact, labelled, type Page, prose } from './build.ts'

export function manualPage(page: Page, { instructions }: ManualRequest): Line[] {
  return [
    ...prose(page, 'This has to be done by you, elsewhere:'),
    [],
    ...instructions.flatMap((instruction, index) =>
      bullets(page, [instruction], { text: `${index + 1}.`, tone: 'accent' }, 1),
    ),
    [],
    ...prose(page, 'When it is done, Kneeboard checks it.', 'muted'),
  ]
}

export function lockPage(page: Page, request: LockHeld, now: number): Line[] {
  const { holder, since, what, stale, runningJobs = [] } = request
  return [
    ...labelled(page, 'Who', holder, 'strong'),
    ...labelled(page, 'Doing', what),
    ...labelled(page, 'Since', `${stamp(since)} (${ago(since, now)})`),
    ...(runningJobs.length === 0 ? [] : labelled(page, 'Runs', runningJobs.join(', '))),
    [],
    ...(runningJobs.length > 0
      ? prose(
          page,
          'A job of that run still works on the server. The lock can be taken over once it has ended.',
          'warning',
        )
      : []),
    ...(stale
      ? prose(
          page,
          'The lock has not been renewed for a while: that run has probably ended without giving it back. Taking over is safe when you know that nobody is at work.',
        )
      : prose(
          page,
          'That run is alive. Two hands on one server undo each other: ask first. After a take-over the other run can change nothing more.',
          'warning',
        )),
  ]
}

/** First contact: nothing secures it but a look at the fingerprint, so the page says how to get one to compare. */
export function hostKeyPage(page: Page, question: HostKeyQuestion): Line[] {
  const { host, port, keyType, fingerprint, knownHostsFile, otherKnownTypes } = question
  const file =
    { 'ssh-ed25519': 'ed25519', 'ssh-rsa': 'rsa' }[keyType] ?? (keyType.startsWith('ecdsa') ? 'ecdsa' : '*')
  return [
    ...(otherKnownTypes.length === 0
      ? prose(page, `This is the first contact with ${host}. The server shows this key:`)
      : prose(
          page,
          `${host} is known by another kind of key (${otherKnownTypes.join(', ')}), and now shows one that was never seen. ` +
            'That is how an attack looks; a new installation or a new OpenSSH looks the same.',
          'bad',
        )),
    [],
    ...labelled(page, 'Server', port === 22 ? host : `${host}, port ${port}`),
    ...labelled(page, 'Key type', keyType),
    ...labelled(page, 'Fingerprint', '', 'strong', 13),
    ...exact(page, fingerprint, { gutter: { text: '  ' }, tone: 'telling' }),
    [],
    ...prose(page, 'Compare it with one that did not come over this connection:', 'strong'),
    ...bullets(
      page,
      [
        'your provider’s console, or the output of the first boot, where cloud-init prints it',
        `on the server itself: ssh-keygen -lf /etc/ssh/ssh_host_${file}_key.pub`,
        'a colleague who is connected already',
      ],
      { text: page.symbols.dot, tone: 'accent' },
      1,
    ),
    [],
    ...prose(page, `A yes is written to ${knownHostsFile}; you are not asked again.`, 'muted'),
  ]
}
