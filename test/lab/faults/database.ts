import { shopFault } from './fault.ts'

/** Sessions that hold up the others. */

/** Opens connections until none is left, takes those of the shop too, and keeps them all. No ' in it: it stands in '…'. */
const leak = `
import os, psycopg2, time
held = []
while True:
    try:
        held.append(psycopg2.connect(host="db", dbname=os.environ["DB_NAME"], user=os.environ["DB_USER"],
                                     password=os.environ["DB_PASSWORD"], application_name="leak"))
        held[-1].autocommit = True
        held[-1].cursor().execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                  " WHERE application_name <> %s AND backend_type = %s", ("leak", "client backend"))
    except psycopg2.OperationalError:
        time.sleep(0.02)
`

export const dbConnectionsExhausted = shopFault({
  name: 'db-connections-exhausted',
  describe:
    'Health is 503, “too many clients already”: a job in the backend’s container opens connections and never closes one.',
  inject: `compose exec -T --detach backend python -c '${leak}'`,
  visible: '[[ "$(health)" = *"too many clients"* ]]',
  undo: 'compose restart --timeout 2 backend\nreload',
})

/** psql stays connected while its last command, a shell's sleep, runs: the session is what that leaves it as. */
function session(name: string, ...statements: string[]): string {
  const commands = statements.map(statement => `-c "${statement}"`).join(' ')
  return `compose exec -T --detach --env PGAPPNAME=${name} db \\
  psql -XAtq -U "$(get_key $env_file DB_USER)" -d "$(get_key $env_file DB_NAME)" ${commands}`
}

const forgotten = ['BEGIN', 'UPDATE products_product SET name = name WHERE id < 100', '\\! exec sleep 86400']
const end = (name: string) =>
  `sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${name}'" > /dev/null`
const count = (condition: string) => `$(sql "SELECT count(*) FROM pg_stat_activity WHERE ${condition}")`

export const dbIdleInTransaction = shopFault({
  name: 'db-idle-in-transaction',
  describe:
    'Some products cannot be sold: somebody’s psql has changed them and been left open, “idle in transaction”, since.',
  inject: session('forgotten-session', ...forgotten),
  visible: `[ "${count("application_name = 'forgotten-session' AND state = 'idle in transaction'")}" -ge 1 ]`,
  undo: end('forgotten-session'),
})

export const dbLongTransaction = shopFault({
  name: 'db-long-transaction',
  describe: 'Autovacuum cannot clean up: one report has been running in one transaction since.',
  inject: session('endless-report', 'BEGIN', 'SELECT count(*) FROM orders_order', 'SELECT pg_sleep(86400)'),
  visible: `[ "${count("application_name = 'endless-report' AND state = 'active'")}" -ge 1 ]`,
  undo: end('endless-report'),
})

export const dbBlockedAlter = shopFault({
  name: 'db-blocked-alter',
  describe:
    'Pages with products hang and end in 504: an ALTER TABLE waits for a forgotten session, and every reader waits behind the ALTER.',
  inject: `
${session('forgotten-session', ...forgotten)}
idle() { [ "${count("application_name = 'forgotten-session' AND state = 'idle in transaction'")}" -ge 1 ]; }
wait_for idle
${session('waiting-alter', 'ALTER TABLE products_product ADD COLUMN note text')}`,
  visible: `[ "${count("application_name = 'waiting-alter' AND wait_event_type = 'Lock'")}" -ge 1 ]`,
  undo: `
${end('waiting-alter')}
${end('forgotten-session')}
sql 'ALTER TABLE products_product DROP COLUMN IF EXISTS note'`,
})

export const postgresKeyReadable = shopFault({
  name: 'postgres-key-readable',
  describe:
    'PostgreSQL restarts without end, “private key file … has group or world access”: the mode of its TLS key was changed.',
  inject: `
chmod 644 certs/server.key
compose restart db`,
  visible: `[ "$(docker inspect --format '{{.RestartCount}}' "$(container db)")" -ge 1 ] && [ "$(stat -c %a certs/server.key)" = 644 ]`,
  undo: `
chmod 600 certs/server.key
compose restart db`,
})
