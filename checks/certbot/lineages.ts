import { z } from 'zod'
import { accountServer, certbotState, type Lineage } from '../../src/facts/lineages.ts'
import { certbotCommand, certbotPlace, siteKey } from '../../src/facts/site.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { acmeDirectory, domains, LETS_ENCRYPT, siteShape } from '../tls/parameters.ts'

const params = z.object({ domains, acmeDirectory, ...siteShape })

export const deleteStagingLineage = remedy({
  id: 'certbot/delete-staging-lineage',
  title: 'Delete the certificate of the CA’s staging',
  why: 'No browser trusts it, and its settings would renew it from staging for ever. Deleting it is cleaner than forcing another CA onto it.',
  risk: 'nginx keeps serving it from memory until it is reloaded; if its configuration names these files, it does not start without them until the real certificate is there.',
  grade: 'disruptive',
  params,
  async plan({ params: given, read }) {
    const key = siteKey(given)
    const { lineages, directory } = await read(certbotState, key)
    const lineage = lineages.find(found => isStaging(found, given))
    if (lineage === undefined) throw new Unreadable('there is no lineage of a staging CA any more')
    const { kind } = await read(certbotPlace, key)
    return {
      actions: [
        runAction(
          `Keep a copy, then delete ${lineage.name}`,
          sh`
            set -e
            umask 077
            mkdir -p /var/backups/kneeboard
            tar -C ${directory} -czf ${`/var/backups/kneeboard/lineage-${lineage.name}.tar.gz`} \\
              ${`live/${lineage.name}`} ${`archive/${lineage.name}`} ${`renewal/${lineage.name}.conf`}
            ${certbotCommand(given, kind, '')} delete --non-interactive --cert-name ${lineage.name} </dev/null
          `,
          { timeoutSeconds: 120 },
        ),
      ],
      touches: [`${directory}/{live,archive,renewal}: ${lineage.name}`],
      undo: `tar -C ${directory} -xzf /var/backups/kneeboard/lineage-${lineage.name}.tar.gz`,
      expectedSeconds: 5,
    }
  },
})

export const lineagesSound = check({
  id: 'certbot/lineages',
  title: 'No leftover of an earlier try stands in the way',
  why: 'A second lineage (“-0001”), one that still renews from staging, or a stand-in that certbot did not make: nginx then serves one certificate while another is renewed.',
  params,
  after: ['certbot/available'],
  remedies: [deleteStagingLineage],
  timeoutSeconds: 90,
  async probe({ params: given, read }) {
    const { lineages, accounts } = await read(certbotState, siteKey(given))
    const account = accounts.find(({ server }) => server === accountServer(given.acmeDirectory))
    return judge(lineages, given, account?.id ?? '')
  },
})

type Wanted = z.infer<typeof params>

/** Whether a lineage under our name renews from another CA than the one wanted, and that one is a staging CA. */
export function isStaging(lineage: Lineage, { domains: names, acmeDirectory: directory }: Wanted): boolean {
  if (!lineage.managed || lineage.server === directory || lineage.name !== names[0]) return false
  return /staging/i.test(lineage.server) || /staging/i.test(lineage.certificate?.issuer ?? '')
}

/** Pure. */
export function judge(lineages: readonly Lineage[], wanted: Wanted, account: string): Verdict {
  const [name = ''] = wanted.domains
  const measured = lineages.map(lineage => lineage.name).join(', ') || 'none'
  const own = lineages.find(lineage => lineage.name === name)
  if (own !== undefined && isStaging(own, wanted))
    return fail(`the lineage ${name} is one of the CA’s staging: ${own.server}`, {
      measured: own.server,
      expected: wanted.acmeDirectory,
      telling: `server = ${own.server}`,
      remedies: [deleteStagingLineage],
    })
  const duplicate = lineages.find(lineage =>
    new RegExp(`^${name.replaceAll('.', '\\.')}-\\d{4}$`).test(lineage.name),
  )
  if (duplicate !== undefined)
    return warn(
      `${duplicate.name} stands beside ${own === undefined ? 'no' : 'the'} ${name}: nginx and certbot may mean different ones`,
      {
        measured,
        expected: `${name} alone`,
        advice: `Find out which one nginx serves (nginx -T | grep ssl_certificate), then: certbot delete --cert-name ${duplicate.name}`,
      },
    )
  const who =
    account === '' ? 'certbot makes its account with the first order' : `account ${account.slice(0, 8)}…`
  if (own !== undefined && !own.managed)
    return pass(
      `live/${name} is a stand-in that certbot did not make: the order moves it aside, so that no ${name}-0001 comes to be; ${who}`,
      { measured },
    )
  if (own !== undefined && own.server !== '' && own.server !== wanted.acmeDirectory)
    return warn(
      `the lineage ${name} renews from ${own.server}, not from ${wanted.acmeDirectory === LETS_ENCRYPT ? 'Let’s Encrypt' : wanted.acmeDirectory}`,
      {
        measured: own.server,
        expected: wanted.acmeDirectory,
        advice: 'Give that CA with --set acmeDirectory=…, or let the order change it',
      },
    )
  return pass(own === undefined ? `nothing is in the way; ${who}` : `one lineage, ${name}; ${who}`, {
    measured,
  })
}
