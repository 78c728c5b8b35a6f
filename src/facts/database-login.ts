/** Whether PostgreSQL lets the application in with what stands in its env file. The password stays on the server. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh, verbatim } from '../model/script.ts'
import { runningContainer } from './containers.ts'

export interface DatabaseLogin {
  readonly accepted: boolean
  /** PostgreSQL's own words when it refused; empty otherwise. */
  readonly reason: string
}

/**
 * Logs in over the network, as the application does: on the container's own socket and loopback PostgreSQL asks for
 * no password. A refusal leaves a line in its log.
 *
 * @param passwordKey the variable that holds the password to try: `DB_PASSWORD` or `POSTGRES_PASSWORD`
 * @param readers shell that defines `read_key FILE NAME`
 * @throws Unreadable when PostgreSQL does not run, or gave another answer than yes or no.
 */
export const databaseLogin = fact(
  'configuration/database-login',
  async (
    context,
    composeFile: string,
    databaseService: string,
    envFile: string,
    passwordKey: string,
    readers: string,
  ): Promise<DatabaseLogin> => {
    const container = await context.read(runningContainer, composeFile, databaseService)
    const address = container.networks.find(({ ipv4 }) => ipv4 !== '')?.ipv4
    if (address === undefined) throw new Unreadable(`the container of ${databaseService} has no address`)
    const result = await context.run(
      loginScript(container.id, address, envFile, passwordKey, verbatim(readers)),
      { as: 'root' },
    )
    const answer = outputOf(result, 'PostgreSQL’s answer to a login').trim()
    if (answer === 'accepted') return { accepted: true, reason: '' }
    if (/password authentication failed|no password supplied|role .* does not exist/.test(answer))
      return { accepted: false, reason: answer }
    throw new Unreadable(`PostgreSQL could not be logged in to: ${answer}`)
  },
)

function loginScript(
  id: string,
  address: string,
  envFile: string,
  passwordKey: string,
  readers: Script,
): Script {
  return sh`
    ${readers}
    PGUSER=$(read_key ${envFile} DB_USER)
    PGDATABASE=$(read_key ${envFile} DB_NAME)
    PGPASSWORD=$(read_key ${envFile} ${passwordKey})
    export PGUSER PGDATABASE PGPASSWORD
    # By name alone: docker takes the values from its own environment, and no command line holds them.
    said=$(docker exec -e PGUSER -e PGDATABASE -e PGPASSWORD -e PGCONNECT_TIMEOUT=5 ${id} \\
      psql -X -A -t -q -w -h ${address} -c 'SELECT 1' </dev/null 2>&1)
    if [ "$said" = 1 ]; then echo accepted; else printf '%s\\n' "$said" | head -n 1; fi
  `
}
