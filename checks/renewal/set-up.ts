/** Renewal by itself: a timer, what it runs, and the hook that has nginx load what was renewed. */

import { z } from 'zod'
import { DEPLOY_HOOK, DEPLOY_SCRIPT, RENEWAL_SCRIPT, RENEWAL_UNIT } from '../../src/facts/renewal.ts'
import { certbotCommand, certbotPlace, inNginx, type SiteParameters, siteKey } from '../../src/facts/site.ts'
import { type Action, runAction, writeFile } from '../../src/model/action.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { caBundle, siteShape } from '../tls/parameters.ts'

export const renewalParams = z.object({ caBundle, ...siteShape })
type Renewal = z.infer<typeof renewalParams>

const BY = '# Written by Kneeboard.'
/** Cron and systemd give a short search path; Docker's client lies in /usr/bin or /usr/local/bin. */
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin; export PATH'

export const setUpRenewal = remedy({
  id: 'renewal/set-up',
  title: 'Renew twice a day at random times, and have nginx load what was renewed',
  why: 'Certbot in a container comes without a timer, and cannot tell nginx’s container anything. A systemd timer does both, and its journal says how it went.',
  risk: 'Certificates that are due are renewed at its next run.',
  grade: 'reversible',
  params: renewalParams,
  async plan({ params, read }) {
    const { kind } = await read(certbotPlace, siteKey(params))
    return kind === 'host' ? onHost(params) : inCompose(params, kind)
  },
})

function inCompose(params: Renewal, kind: 'compose' | 'image-missing' | 'none') {
  const unit = `/etc/systemd/system/${RENEWAL_UNIT}`
  return {
    actions: [
      writeFile(DEPLOY_SCRIPT, deployScript(params), { mode: '0755' }),
      writeFile(RENEWAL_SCRIPT, renewScript(params, kind), { mode: '0755' }),
      writeFile(`${unit}.service`, SERVICE),
      writeFile(`${unit}.timer`, TIMER),
      runAction(
        'Start the timer, now and at every boot',
        sh`
          set -e
          systemctl daemon-reload
          systemctl enable --now ${`${RENEWAL_UNIT}.timer`}
        `,
      ),
    ],
    touches: [RENEWAL_SCRIPT, DEPLOY_SCRIPT, `${RENEWAL_UNIT}.service`, `${RENEWAL_UNIT}.timer`],
    undo: `systemctl disable --now ${RENEWAL_UNIT}.timer; rm ${unit}.service ${unit}.timer ${RENEWAL_SCRIPT} ${DEPLOY_SCRIPT}; systemctl daemon-reload`,
    expectedSeconds: 5,
  }
}

function onHost(params: Renewal) {
  const dropIn = '/etc/systemd/system/certbot.service.d/kneeboard.conf'
  const trust: Action[] =
    params.caBundle === ''
      ? []
      : [writeFile(dropIn, `${BY}\n[Service]\nEnvironment=REQUESTS_CA_BUNDLE=${params.caBundle}\n`)]
  return {
    actions: [
      writeFile(DEPLOY_HOOK, deployScript(params), { mode: '0755' }),
      ...trust,
      runAction(
        'Start certbot’s timer, now and at every boot',
        sh`
          set -e
          systemctl daemon-reload
          systemctl unmask certbot.timer
          systemctl enable --now certbot.timer
        `,
      ),
    ],
    touches: [DEPLOY_HOOK, ...(trust.length > 0 ? [dropIn] : []), 'certbot.timer'],
    undo: `rm -f ${DEPLOY_HOOK} ${trust.length > 0 ? dropIn : ''}; systemctl daemon-reload`,
    expectedSeconds: 5,
  }
}

/** Runs after every renewal: a broken configuration is refused by the test, and the exit status says so. */
export function deployScript(site: SiteParameters): string {
  return `#!/bin/sh
${BY} Has the running nginx load the certificates that are on disk.
set -eu
${PATH}
${inNginx(site, sh`PATH=$PATH:/usr/sbin; nginx -t -q && nginx -s reload`).text}
`
}

export function renewScript(site: Renewal, kind: 'compose' | 'image-missing' | 'none'): string {
  return `#!/bin/sh
${BY} Renews what is due. nginx loads what is on disk even when one renewal failed: another may not have.
set -u
${PATH}
status=0
${certbotCommand(site, kind, site.caBundle).text} renew --no-random-sleep-on-renew </dev/null || status=$?
${DEPLOY_SCRIPT} || status=$?
exit $status
`
}

const SERVICE = `${BY}
[Unit]
Description=Renew certificates that are due, and have nginx load them
After=docker.service network-online.target
Wants=network-online.target

[Service]
Type=oneshot
ExecStart=${RENEWAL_SCRIPT}
TimeoutStartSec=15min
`

const TIMER = `${BY}
[Unit]
Description=Renew certificates twice a day

[Timer]
OnCalendar=*-*-* 00,12:00:00
RandomizedDelaySec=43200
Persistent=true

[Install]
WantedBy=timers.target
`
