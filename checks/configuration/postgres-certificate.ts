import { containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { type PostgresTls, postgresTls } from '../../src/facts/postgres-tls.ts'
import { composeCommand } from '../../src/facts/stack.ts'
import { lastingAction, runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, notApplicable, pass, warn } from '../../src/model/verdict.ts'
import { configurationParams } from './parameters.ts'
import { untilHealthy } from './recreate.ts'

/** PostgreSQL's own rule (documentation, ssl_key_file): 0600 when its user owns it, 0640 when root does. */
const isRefused = ({ mode, ownerId, serverId }: PostgresTls): boolean =>
  ownerId === serverId ? (mode & 0o077) !== 0 : ownerId !== 0 || (mode & 0o037) !== 0 || (mode & 0o040) === 0

export const closePostgresKey = remedy({
  id: 'configuration/close-postgres-key',
  title: 'Give PostgreSQL’s key to its user alone (chmod 600, chown)',
  why: 'PostgreSQL refuses to start with a key that others can read, or that it cannot read itself.',
  risk: 'None to the data. Where PostgreSQL does not run because of it, it is started again.',
  grade: 'reversible',
  params: configurationParams,
  async plan({ params, read, policy }) {
    const { composeFile, databaseService } = params
    const tls = await read(postgresTls, composeFile, databaseService)
    if (tls === null) throw new Unreadable('PostgreSQL is not started with a key')
    const { keyFile, serverId, ownerId, mode } = tls
    const container = containerOfService(await read(stackContainers, composeFile), databaseService)
    const runs = container?.status === 'running' && container.health !== 'unhealthy'
    const start = lastingAction(
      'Start PostgreSQL again',
      sh`
        ${composeCommand(composeFile)} restart ${databaseService} </dev/null || exit 1
        ${untilHealthy(composeFile, [databaseService], policy.recreateWaitSeconds)}
      `,
    )
    return {
      actions: [
        runAction(
          `chown ${serverId}, chmod 600 ${keyFile}`,
          sh`chown ${serverId} -- ${keyFile} && chmod 600 -- ${keyFile}`,
        ),
        ...(runs ? [] : [start]),
      ],
      touches: [keyFile, ...(runs ? [] : [`the container of ${databaseService}, which does not run`])],
      undo: `chown ${ownerId} ${keyFile}; chmod ${mode.toString(8)} ${keyFile}`,
      expectedSeconds: runs ? 1 : 20,
    }
  },
})

export const postgresCertificate = check({
  id: 'configuration/postgres-certificate',
  title: 'PostgreSQL’s key is its own alone, and its certificate has time left',
  why: '“private key file has group or world access”: after such a change everything goes on until PostgreSQL is restarted, and then it does not start.',
  params: configurationParams,
  remedies: [closePostgresKey],
  async probe({ params, read, policy }) {
    const tls = await read(postgresTls, params.composeFile, params.databaseService)
    if (tls === null)
      return notApplicable('PostgreSQL is not started with a key: it is reached inside the stack alone')
    const { mode, ownerId, serverId, keyFile, ends, now } = tls
    const measured = `${keyFile} ${mode.toString(8)}, owned by ${ownerId}`
    const details = { measured, expected: `600, owned by ${serverId}` }
    if (isRefused(tls))
      return fail(
        ownerId === serverId || ownerId === 0
          ? `others can read PostgreSQL’s key: it will refuse to start`
          : `PostgreSQL’s key belongs to user ${ownerId}, and PostgreSQL is user ${serverId}`,
        { ...details, telling: keyFile, remedies: [closePostgresKey] },
      )
    if (ends === null) throw new Unreadable(`the certificate ${tls.certificateFile} could not be read`)
    const days = Math.floor((ends.getTime() - now.getTime()) / 86_400_000)
    const until = ends.toISOString().slice(0, 10)
    const advice =
      'Make a new one as the first was made (openssl req -new -x509 -days 3650 -nodes …), owned as the old one, then restart the database'
    if (days < 0) return fail(`PostgreSQL’s certificate ended on ${until}`, { ...details, advice })
    if (days < policy.postgresCertificateDaysLeft)
      return warn(`PostgreSQL’s certificate ends on ${until}`, { ...details, advice })
    return pass(`the key is closed, and the certificate lasts until ${until}`, details)
  },
})
