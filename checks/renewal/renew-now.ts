import { z } from 'zod'
import { certbotState } from '../../src/facts/lineages.ts'
import { RENEWAL_SCRIPT, RENEWAL_UNIT, renewalSetup } from '../../src/facts/renewal.ts'
import { certbotCommand, certbotPlace, siteKey } from '../../src/facts/site.ts'
import { lastingAction, runAction } from '../../src/model/action.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { lineageFor } from '../issuance/lineage-of.ts'
import { caBundle, domains, siteShape } from '../tls/parameters.ts'
import { reload } from '../web/change-nginx.ts'

/** Certbot renews in the last third (until version 4: in the last 30 days), whichever comes first. */
const DUE_FRACTION = 1 / 3
const DUE_DAYS = 30

export const renewNow = remedy({
  id: 'renewal/renew-now',
  title: 'Renew the certificate that is due, and have nginx load it',
  why: 'The same command that the timer runs. It is never forced: a renewal that is not due spends a limit for nothing.',
  risk: 'A refused renewal counts against the CA’s limits, as a refused order does.',
  grade: 'reversible',
  params: z.object({ domains, caBundle, ...siteShape }),
  async plan({ params, read }) {
    const key = siteKey(params)
    const { kind } = await read(certbotPlace, key)
    const lineage = lineageFor(await read(certbotState, key), params.domains)
    if (lineage?.certificate == null || !lineage.managed)
      throw new Unreadable(`certbot knows no certificate ${params.domains[0]}: follow ssl-issuance`)
    if (!isDue(lineage.certificate, new Date())) {
      throw new Unreadable(
        `the certificate on disk is good until ${lineage.certificate.to.toISOString().slice(0, 10)}, and not due: what is wrong is that nginx does not serve it`,
      )
    }
    const { files } = await read(renewalSetup, RENEWAL_UNIT)
    const own = kind !== 'host' && files.includes(RENEWAL_SCRIPT)
    return {
      actions: own
        ? [
            lastingAction('Run what the timer runs', sh`systemctl start ${`${RENEWAL_UNIT}.service`}`, {
              timeoutSeconds: 900,
            }),
          ]
        : [
            lastingAction(
              'Renew it',
              sh`${certbotCommand(params, kind, params.caBundle)} renew --cert-name ${lineage.name} --no-random-sleep-on-renew </dev/null`,
              { timeoutSeconds: 900 },
            ),
            runAction('Test nginx’s configuration, then reload it', reload(params)),
          ],
      touches: [`the certificate ${lineage.name}`, 'nginx, which reads it'],
      undo: 'Not needed: the old certificate stays in certbot’s archive',
      expectedSeconds: 30,
    }
  },
})

/** Whether certbot would renew now. Pure. */
export function isDue({ from, to }: { readonly from: Date; readonly to: Date }, now: Date): boolean {
  const whole = to.getTime() - from.getTime()
  const left = to.getTime() - now.getTime()
  return left < Math.max(whole * DUE_FRACTION, Math.min(DUE_DAYS * 86_400_000, whole))
}
