/** What renews by itself for a site, and whether it has been proven to. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

/** The unit that Kneeboard sets up where certbot is a Compose service. */
export const RENEWAL_UNIT = 'kneeboard-certificates'
export const RENEWAL_SCRIPT = '/usr/local/sbin/kneeboard-renew-certificates'
export const DEPLOY_SCRIPT = '/usr/local/sbin/kneeboard-deploy-certificates'
/** For certbot on the host: every executable file here runs after a renewal. */
export const DEPLOY_HOOK = '/etc/letsencrypt/renewal-hooks/deploy/50-kneeboard-reload-nginx'
export const RENEWAL_PROOF = '/var/lib/kneeboard/renewal-proof.tsv'

/** A command for all that decides how a renewal goes: a change of any of it makes an earlier proof worthless. */
export const FINGERPRINT_OF_SETUP = sh`
  cat ${RENEWAL_SCRIPT} ${DEPLOY_SCRIPT} ${DEPLOY_HOOK} /etc/letsencrypt/renewal-hooks/deploy/* \\
    /etc/systemd/system/${RENEWAL_UNIT}.service /etc/systemd/system/certbot.service.d/*.conf 2>/dev/null | sha256sum | cut -c 1-64
`

export interface RenewalSetup {
  /** Files of ours that are there. */
  readonly files: readonly string[]
  /** Every hook that runs after a renewal on the host. */
  readonly hooks: readonly string[]
  /** When the timer last ran, ISO 8601; empty when it never did. */
  readonly lastRun: string
  /** How the service last ended: `success`, `exit-code` …; empty when it never ran. */
  readonly lastResult: string
  /** True when the set-up is the one that was proven. */
  readonly proven: boolean
  /** When it was proven; empty when never. */
  readonly provenAt: string
}

/** @param unit the timer's name without its ending. @throws Unreadable where there is no systemd. */
export const renewalSetup = fact('renewal/setup', async (context, unit: string): Promise<RenewalSetup> => {
  const result = await context.run(
    sh`
      now=$(${FINGERPRINT_OF_SETUP})
      echo "now=$now"
      if [ -f ${RENEWAL_PROOF} ]; then tail -n 1 ${RENEWAL_PROOF} | sed 's/^/proof=/'; fi
      for file in ${[RENEWAL_SCRIPT, DEPLOY_SCRIPT, DEPLOY_HOOK]}; do
        if [ -x "$file" ]; then echo "file=$file"; fi
      done
      for file in /etc/letsencrypt/renewal-hooks/deploy/*; do
        if [ -x "$file" ]; then echo "hook=$file"; fi
      done
      echo "last=$(TZ=UTC systemctl show ${`${unit}.timer`} -p LastTriggerUSec --value)"
      echo "result=$(systemctl show ${`${unit}.service`} -p Result --value)"
      echo "ran=$(systemctl show ${`${unit}.service`} -p ExecMainExitTimestampMonotonic --value)"
    `,
    { as: 'root' },
  )
  return parseSetup(outputOf(result, 'how renewal is set up'))
})

/** Reads `key=value` lines. */
export function parseSetup(text: string): RenewalSetup {
  const all = (key: string) =>
    [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(match => match[1] ?? '')
  const [epoch = '', hash = ''] = (all('proof')[0] ?? '').split('\t')
  const last = /(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) UTC/.exec(all('last')[0] ?? '')
  const everRan = (all('ran')[0] ?? '0') !== '0' && all('ran')[0] !== ''
  return {
    files: all('file'),
    hooks: all('hook'),
    lastRun: last === null ? '' : `${last[1]}T${last[2]}Z`,
    lastResult: everRan ? (all('result')[0] ?? '') : '',
    proven: hash !== '' && hash === all('now')[0],
    provenAt: epoch === '' ? '' : new Date(Number(epoch) * 1000).toISOString(),
  }
}
