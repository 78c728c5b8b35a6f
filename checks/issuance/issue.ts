/** The order: first at the CA's staging, then the real one; each attempt noted in the ledger. */

import { z } from 'zod'
import { LAST_ANSWER, LEDGER } from '../../src/facts/ledger.ts'
import { accountServer } from '../../src/facts/lineages.ts'
import {
  type CertbotPlace,
  certbotCommand,
  certbotDirectory,
  certbotPlace,
  certbotWebroot,
  siteKey,
} from '../../src/facts/site.ts'
import { type Action, lastingAction } from '../../src/model/action.ts'
import { remedy } from '../../src/model/remedy.ts'
import { type Script, sh } from '../../src/model/script.ts'
import {
  acmeDirectory,
  acmeStaging,
  caBundle,
  domains,
  email,
  siteShape,
  stagingOf,
} from '../tls/parameters.ts'

export const orderParams = z.object({ domains, email, acmeDirectory, acmeStaging, caBundle, ...siteShape })
type Order = z.infer<typeof orderParams>

export const issue = remedy({
  id: 'issuance/order',
  title: 'Order the certificate: at the CA’s staging first, then for real',
  why: 'Everything that would make it fail has been looked at. The try at staging costs nothing that counts and keeps nothing.',
  risk: 'A refused order counts against the CA’s limits. The certificate becomes public in the transparency logs, with all of its names.',
  grade: 'reversible',
  params: orderParams,
  async plan({ params, read }) {
    const key = siteKey(params)
    const { kind } = await read(certbotPlace, key)
    const directory = await read(certbotDirectory, key)
    const staging = stagingOf(params)
    const [name = ''] = params.domains
    const order: Order = { ...params, webroot: await read(certbotWebroot, key) }
    const rehearsal: Action[] =
      staging === ''
        ? []
        : [
            lastingAction(`Try the order at ${new URL(staging).host}`, tryOrder(order, kind, staging), {
              timeoutSeconds: 600,
            }),
          ]
    return {
      actions: [
        ...rehearsal,
        lastingAction(`Order from ${new URL(params.acmeDirectory).host}`, realOrder(order, kind, directory), {
          timeoutSeconds: 600,
        }),
      ],
      touches: [
        `${directory}: the certificate ${name} and its account`,
        LEDGER,
        ...(staging === '' ? ['one order at the CA: it has no staging that is known'] : []),
      ],
      undo: `certbot delete --cert-name ${name}; a certificate that was issued stays in the public logs`,
      expectedSeconds: 30,
    }
  },
})

/** What both orders are made with. Nothing is asked, and a failure is never tried again by itself. */
function words(params: Order): Script {
  const contact =
    params.email === '' ? sh`--register-unsafely-without-email` : sh`--email ${params.email} --no-eff-email`
  const names = params.domains.flatMap(name => ['-d', name])
  return sh`certonly --non-interactive --agree-tos ${contact} --webroot -w ${params.webroot} --cert-name ${params.domains[0] ?? ''} ${names}`
}

/** Runs one order, keeps what certbot said, and notes in the ledger how it ended. Sets `status`. */
function noted(certbot: Script, directory: string, names: readonly string[], account: Script): Script {
  return sh`
    mkdir -p /var/lib/kneeboard
    ${certbot} </dev/null >${LAST_ANSWER} 2>&1
    status=$?
    cat ${LAST_ANSWER}
    outcome=failed
    if [ "$status" = 0 ]; then outcome=issued
    elif grep -q 'Some challenges have failed' ${LAST_ANSWER}; then outcome=refused
    fi
    # Nothing was ordered: what is there was kept.
    if grep -q 'not yet due for renewal' ${LAST_ANSWER}; then outcome=failed; fi
    printf '%s\\t%s\\t%s\\t%s\\t%s\\n' "$(date +%s)" ${directory} "$(${account})" ${[...names].sort().join(',')} "$outcome" >>${LEDGER}
  `
}

/** In folders of its own that go with it: a lineage from staging must never lie beside the real ones. */
function tryOrder(params: Order, kind: CertbotPlace['kind'], staging: string): Script {
  const certbot = certbotCommand(params, kind, params.caBundle)
  // In Compose the folders are inside the container, and go with it.
  const folder = kind === 'host' ? sh`"$folder"` : sh`/tmp/try`
  const order = sh`${certbot} ${words(params)} --server ${staging} --config-dir ${folder} --work-dir ${folder} --logs-dir ${folder}`
  return sh`
    ${kind === 'host' ? sh`folder=$(mktemp -d) || exit 1; trap 'rm -rf "$folder"' EXIT` : sh`:`}
    ${noted(order, staging, params.domains, sh`:`)}
    exit "$status"
  `
}

/**
 * A stand-in under live/ that certbot did not make would turn the certificate into NAME-0001, which nginx does not
 * serve: it is moved aside, and back when the order fails.
 */
function realOrder(params: Order, kind: CertbotPlace['kind'], directory: string): Script {
  const [name = ''] = params.domains
  const certbot = certbotCommand(params, kind, params.caBundle)
  const order = sh`${certbot} ${words(params)} --server ${params.acmeDirectory} --keep-until-expiring --renew-with-new-domains`
  const accounts = `${directory}/accounts/${accountServer(params.acmeDirectory)}`
  return sh`
    live=${`${directory}/live/${name}`}
    aside=${`${directory}/stand-in-${name}`}
    if [ -d "$live" ] && [ ! -e ${`${directory}/renewal/${name}.conf`} ]; then rm -rf "$aside"; mv "$live" "$aside"; fi
    ${noted(order, params.acmeDirectory, params.domains, sh`ls ${accounts} 2>/dev/null | head -n 1`)}
    if [ "$status" != 0 ] && [ -d "$aside" ] && [ ! -e "$live" ]; then mv "$aside" "$live"; fi
    exit "$status"
  `
}
