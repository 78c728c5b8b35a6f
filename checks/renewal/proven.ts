/** Renewal is not believed: it is run, in the surroundings that its timer gives it, and its hook for real. */

import { z } from 'zod'
import { joined } from '../../src/facts/dns.ts'
import { certbotState } from '../../src/facts/lineages.ts'
import { FINGERPRINT_OF_SETUP, RENEWAL_PROOF, RENEWAL_UNIT, renewalSetup } from '../../src/facts/renewal.ts'
import { servedCertificates } from '../../src/facts/served.ts'
import { certbotPlace, siteKey } from '../../src/facts/site.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { type Script, sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { plainNames } from '../dns/parameters.ts'
import { lineageFor } from '../issuance/lineage-of.ts'
import { domains, resolvers, siteShape } from '../tls/parameters.ts'

const params = z.object({ domains, resolvers, ...siteShape })

export const proveRenewal = remedy({
  id: 'renewal/prove',
  title: 'Run the renewal once, as its timer will',
  why: 'A dry run leaves the hook out, and the hook is what fails: another search path, another user, another directory.',
  risk: 'What is due is really renewed. nginx is reloaded, which drops no connection.',
  grade: 'reversible',
  params,
  async plan({ params: given, read }) {
    const { kind } = await read(certbotPlace, siteKey(given))
    return {
      actions: [
        lastingAction(
          'Run it, and note that it worked',
          sh`
          set -e
          ${kind === 'host' ? runOnHost(given.domains[0] ?? '') : sh`systemctl start ${`${RENEWAL_UNIT}.service`} || { journalctl -u ${`${RENEWAL_UNIT}.service`} -n 20 -o cat --no-pager >&2; exit 1; }`}
          # Workers that serve the old certificate go on for a moment.
          sleep 1
          mkdir -p /var/lib/kneeboard
          printf '%s\\t%s\\n' "$(date +%s)" "$(${FINGERPRINT_OF_SETUP})" >>${RENEWAL_PROOF}
        `,
          { timeoutSeconds: 900 },
        ),
      ],
      touches: ['certificates that are due', 'nginx, which reads them', RENEWAL_PROOF],
      undo: 'Not needed: it is what the timer does twice a day',
      expectedSeconds: 20,
    }
  },
})

/** The service renews what is due with its hooks; those that had nothing to do are run once more, as the service would. */
const runOnHost = (name: string): Script => sh`
  systemctl start certbot.service || { journalctl -u certbot.service -n 20 -o cat --no-pager >&2; exit 1; }
  for hook in /etc/letsencrypt/renewal-hooks/deploy/*; do
    if [ -x "$hook" ]; then
      systemd-run --wait --pipe --collect --quiet -p Type=oneshot \\
        --setenv=RENEWED_LINEAGE=${`/etc/letsencrypt/live/${name}`} --setenv=RENEWED_DOMAINS=${name} "$hook" </dev/null
    fi
  done
`

export const renewalProven = check({
  id: 'renewal/proven',
  title: 'Renewal has been seen to work, down to what visitors are served',
  why: 'Renewals fail months later, at night, when nobody remembers how they were set up.',
  params,
  after: ['renewal/scheduled'],
  explains: ['tls/certificate-lifetime'],
  remedies: [proveRenewal],
  timeoutSeconds: 90,
  async probe({ params: given, read }) {
    const { kind } = await read(certbotPlace, siteKey(given))
    const setup = await read(renewalSetup, kind === 'host' ? 'certbot' : RENEWAL_UNIT)
    const expected = 'run once as it is set up now'
    const offer = { expected, remedies: [proveRenewal] }
    if (setup.provenAt === '')
      return fail('renewal has never been run by way of trial', { ...offer, measured: 'never' })
    const at = setup.provenAt.slice(0, 16).replace('T', ' ')
    if (!setup.proven)
      return warn(`what renews was changed since it was proven on ${at}`, {
        ...offer,
        measured: `proven ${at}, changed since`,
      })
    const lineage = lineageFor(await read(certbotState, siteKey(given)), given.domains)
    const served = await read(
      servedCertificates,
      plainNames(given.domains).join(','),
      joined(given.resolvers),
    )
    const stale = served.find(
      ({ certificate }) =>
        certificate !== null && certificate.fingerprint !== lineage?.certificate?.fingerprint,
    )
    if (stale !== undefined)
      return fail(`after the renewal ${stale.domain} is still served the old certificate`, {
        ...offer,
        measured: 'the old one',
      })
    return pass(`renewal ran on ${at} UTC as its timer runs it, and what is served is what it left on disk`, {
      measured: `proven ${at}`,
      expected,
    })
  },
})
