/** The key and the certificate that PostgreSQL starts with: wrong modes keep it from starting at all. */

import { type DatabaseTls, databaseTls } from '../../src/facts/database-tls.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, notApplicable, pass, warn } from '../../src/model/verdict.ts'
import { databaseParams } from './parameters.ts'

/** As the deployment guide has it (S0 §3 step 4): nobody renews it, and clients do not look at its date. */
const DAYS_OF_A_NEW_ONE = 3650

export const repairTlsKey = remedy({
  id: 'database/repair-tls-key',
  title: 'Give the TLS key to PostgreSQL, and to nobody else',
  why: 'PostgreSQL refuses to start with a key that others can read. Its own user has another number in every family of images: it was read from this one.',
  risk: 'None to the data. A server that runs has its key in memory already.',
  grade: 'reversible',
  params: databaseParams,
  async plan({ params, read }) {
    const { key, owner } = await read(databaseTls, params.composeFile, params.databaseService)
    if (key === null || !key.exists) throw new Unreadable('there is no key to give to anybody')
    return {
      actions: [
        runAction(
          `chown and chmod ${key.path}`,
          sh`chown ${`${owner.user}:${owner.group}`} -- ${key.path} && chmod 600 -- ${key.path}`,
        ),
      ],
      touches: [key.path],
      undo: `chown ${key.user}:${key.group} ${key.path}; chmod ${key.mode} ${key.path}`,
    }
  },
})

export const makeTlsFiles = remedy({
  id: 'database/make-tls-files',
  title: 'Make a key and a self-signed certificate for PostgreSQL',
  why: 'The application asks for an encrypted connection and does not look at who signed: a certificate of its own does, inside the Compose network.',
  risk: 'Clients that hold a copy of the old certificate have to be given the new one.',
  grade: 'reversible',
  params: databaseParams,
  async plan({ params, read }) {
    const { databaseService } = params
    const { key, certificate, owner } = await read(databaseTls, params.composeFile, databaseService)
    if (key === null || certificate === null) throw new Unreadable('TLS is not turned on')
    const who = `${owner.user}:${owner.group}`
    return {
      actions: [
        runAction(
          `Make ${key.path} and ${certificate.path}`,
          sh`
            set -e
            umask 077
            key=${key.path} certificate=${certificate.path}
            mkdir -p -- "$(dirname -- "$key")" "$(dirname -- "$certificate")"
            for file in "$key" "$certificate"; do
              [ ! -e "$file" ] || cp -p -- "$file" "$file.before-$(date -u +%Y%m%dT%H%M%SZ)"
            done
            openssl req -new -x509 -days ${DAYS_OF_A_NEW_ONE} -nodes -newkey rsa:2048 -subj ${`/CN=${databaseService}`} \\
              -addext ${`subjectAltName=DNS:${databaseService}`} -keyout "$key.new" -out "$certificate.new" 2>/dev/null </dev/null
            chown ${who} -- "$key.new" "$certificate.new"
            chmod 600 -- "$key.new"
            chmod 644 -- "$certificate.new"
            mv -f -- "$key.new" "$key"
            mv -f -- "$certificate.new" "$certificate"
          `,
        ),
        runAction(
          'Have a running PostgreSQL read them',
          sh`
            container=$(docker ps -q --filter ${`label=com.docker.compose.service=${databaseService}`} --filter status=running | head -n 1)
            [ -z "$container" ] || docker exec "$container" sh -c 'psql -XAtq -U "\${POSTGRES_USER:-postgres}" -d postgres -c "SELECT pg_reload_conf()"' </dev/null || :
          `,
        ),
      ],
      touches: [key.path, certificate.path],
      undo: `The old ones, where there were any, lie beside them as ….before-TIME`,
      expectedSeconds: 2,
    }
  },
})

export const databaseTlsKey = check({
  id: 'database/tls-key',
  title: 'PostgreSQL’s TLS key is its own, and closed to everybody else',
  why: 'With any other owner or mode PostgreSQL ends at its next start: “private key file has group or world access”.',
  params: databaseParams,
  explains: ['database/ready'],
  remedies: [repairTlsKey, makeTlsFiles],
  async probe({ params, read }) {
    const tls = await read(databaseTls, params.composeFile, params.databaseService)
    const { on, key, certificate, owner } = tls
    if (!on || key === null || certificate === null)
      return notApplicable('the Compose file does not turn TLS on')
    const expected = `user ${owner.user}, mode 600`
    const missing = [key, certificate].filter(({ exists }) => !exists)
    if (missing.length > 0)
      return fail(`missing: ${missing.map(({ path }) => path).join(', ')}`, {
        measured: 'missing',
        expected,
        remedies: [makeTlsFiles],
      })
    const wrong = wrongWithKey(tls)
    const measured = `user ${key.user}, mode ${key.mode}`
    if (wrong !== '') return fail(`${key.path} ${wrong}`, { measured, expected, remedies: [repairTlsKey] })
    if (tls.belongTogether === false)
      return fail(`${key.path} is not the key of ${certificate.path}`, {
        measured: 'two different pairs',
        expected: 'one pair',
        remedies: [makeTlsFiles],
      })
    return pass(`${key.path} is PostgreSQL’s own (user ${owner.user} in this image)`, { measured, expected })
  },
})

/** PostgreSQL's rule: its own and 0600, or root's and 0640 with its group. The end of a sentence; empty when fine. Pure. */
export function wrongWithKey({ key, owner }: Pick<DatabaseTls, 'key' | 'owner'>): string {
  if (key === null) return ''
  const bits = Number.parseInt(key.mode, 8)
  if (key.user === owner.user) return (bits & 0o077) === 0 ? '' : `can be read by others: mode ${key.mode}`
  if (key.user !== 0) return `belongs to user ${key.user}, and PostgreSQL runs as ${owner.user} in this image`
  if (owner.user === 0) return ''
  if ((bits & 0o027) !== 0) return `can be read by others: mode ${key.mode}`
  const readable = (bits & 0o040) !== 0 && key.group === owner.group
  return readable ? '' : `is root’s, and PostgreSQL (user ${owner.user}) cannot read it`
}

export const databaseTlsCertificate = check({
  id: 'database/tls-certificate',
  title: 'PostgreSQL’s certificate is in its time',
  why: 'It was made for ten years by somebody who has left. Clients that verify it stop on its last day, all at once.',
  params: databaseParams,
  after: ['database/tls-key'],
  remedies: [makeTlsFiles],
  async probe({ params, policy, read }) {
    const { on, certificate } = await read(databaseTls, params.composeFile, params.databaseService)
    if (!on || certificate === null) return notApplicable('the Compose file does not turn TLS on')
    if (certificate.from === null || certificate.to === null)
      throw new Unreadable(`${certificate.path} could not be read as a certificate`)
    const days = Math.floor((certificate.to.getTime() - Date.now()) / 86_400_000)
    const measured = `${days} days left`
    const expected = `more than ${policy.postgresCertificateDaysLeft} days`
    const offer = { measured, expected, remedies: [makeTlsFiles] }
    if (certificate.from.getTime() > Date.now())
      return fail(`it begins only on ${certificate.from.toISOString().slice(0, 10)}`, offer)
    if (days < 0) return fail(`it ended on ${certificate.to.toISOString().slice(0, 10)}`, offer)
    if (days < policy.postgresCertificateDaysLeft) return warn(`it ends in ${days} days`, offer)
    return pass(`it is good until ${certificate.to.toISOString().slice(0, 10)}`, { measured, expected })
  },
})
