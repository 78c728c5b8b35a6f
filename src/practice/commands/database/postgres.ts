/** psql, pg_isready, pg_dump and their like, against the cluster of the container. */

import type { Call } from '../../system/call.ts'
import { PostgresRole } from '../../world/shop/postgres-role.ts'
import { neighbour, roleAt } from '../../world/shop/roles.ts'
import { answerRows, runStatement } from './sql.ts'

interface Target {
  readonly role: PostgresRole | undefined
  readonly user: string
  readonly database: string
  readonly refusal: string | undefined
}

/** The image trusts whoever comes over the socket or from the container itself. */
const isLocal = (host: string): boolean =>
  host === '' || host.startsWith('/') || host === 'localhost' || host === '127.0.0.1'

function serverAt(call: Call, host: string): PostgresRole | undefined {
  const own = call.world.docker.containers.get(call.process.container ?? '')
  if (!own) return undefined
  return roleAt(isLocal(host) ? own : neighbour(call.world, own, host), PostgresRole)
}

/** Where libpq would connect to: by options, a URL, or the environment. */
export function targetOf(
  call: Call,
  host: string | undefined,
  user: string | undefined,
  database: string | undefined,
): Target {
  const given = call.process.environment
  const name = host ?? given.get('PGHOST') ?? ''
  const local = isLocal(name)
  const role = serverAt(call, name)
  const who = user ?? given.get('PGUSER') ?? (call.process.credentials.uid === 999 ? 'postgres' : 'root')
  const which = database ?? given.get('PGDATABASE') ?? who
  if (!role) {
    const where = local ? 'on socket "/var/run/postgresql/.s.PGSQL.5432"' : `at "${name}", port 5432`
    return {
      role,
      user: who,
      database: which,
      refusal: `connection to server ${where} failed: ${local ? 'No such file or directory\n\tIs the server running locally and accepting connections on that socket?' : 'Connection refused'}`,
    }
  }
  return {
    role,
    user: who,
    database: which,
    refusal: role.refuses(who, given.get('PGPASSWORD') ?? '', which, local),
  }
}

export function pgIsReady(call: Call): number {
  const options = call.options('hpUdt', ['host', 'port', 'username', 'dbname', 'timeout'])
  // It knocks, and does not log in: whoever asks is told whether somebody is at home.
  const role = serverAt(call, options.value('h', 'host') ?? '')
  if (!options.has('q'))
    call.line(
      role ? '/var/run/postgresql:5432 - accepting connections' : '/var/run/postgresql:5432 - no response',
    )
  return role ? 0 : 2
}

export async function psql(call: Call): Promise<number> {
  const options = call.options('hpUdFvcfRPoL', [
    'host',
    'port',
    'username',
    'dbname',
    'command',
    'set',
    'variable',
    'file',
    'field-separator',
    'pset',
    'output',
  ])
  if (options.has('V', 'version')) {
    call.line('psql (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)')
    return 0
  }
  const url = /^postgres(?:ql)?:\/\/([^:@/]*)(?::([^@/]*))?@([^:/]*)(?::\d+)?\/([^?]*)/.exec(
    options.value('d', 'dbname') ?? options.operands[0] ?? '',
  )
  const target = url
    ? targetOf(call, url[3], url[1], url[4])
    : targetOf(
        call,
        options.value('h', 'host'),
        options.value('U', 'username') ?? options.operands[1],
        options.value('d', 'dbname') ?? options.operands[0],
      )
  if (target.refusal !== undefined || !target.role) {
    call.err(`psql: error: ${target.refusal}\n`)
    return 2
  }
  const variables = new Map(
    options.values('v', 'set', 'variable').map(text => text.split(/=(.*)/s).slice(0, 2) as [string, string]),
  )
  const texts = options.values('c', 'command')
  for (const path of options.values('f', 'file')) texts.push(await call.text(path))
  const text = texts.length > 0 ? texts.join(';\n') : await call.input()
  return execute(call, target.role, target, text, {
    variables,
    separator: options.value('F', 'field-separator') ?? '|',
    stop: variables.get('ON_ERROR_STOP') === '1' || options.has('1'),
    plain: options.has('t', 'tuples-only'),
    unaligned: options.has('A', 'no-align'),
  })
}

interface How {
  readonly variables: ReadonlyMap<string, string>
  readonly separator: string
  readonly stop: boolean
  readonly plain: boolean
  readonly unaligned: boolean
}

async function execute(
  call: Call,
  role: PostgresRole,
  target: Target,
  text: string,
  how: How,
): Promise<number> {
  let status = 0
  for (const statement of statements(text)) {
    if (statement.startsWith('\\')) continue
    const filled = statement
      .replace(/:'(\w+)'/g, (found, name: string) =>
        how.variables.has(name) ? `'${how.variables.get(name)}'` : found,
      )
      .replace(/:"(\w+)"/g, (found, name: string) =>
        how.variables.has(name) ? `"${how.variables.get(name)}"` : found,
      )
    const wrapped =
      /^SELECT coalesce\(json_agg\(row_to_json\(answer\)\), '\[\]'\) FROM \(([\s\S]*)\) AS answer$/.exec(
        filled.trim(),
      )
    try {
      const rows = wrapped
        ? [[JSON.stringify(answerRows(call, role, target.database, wrapped[1] ?? ''))]]
        : runStatement(call, role, target.database, filled)
      for (const each of rows) call.outText(`${each.join(how.unaligned ? how.separator : ' | ')}\n`)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      call.err(`ERROR:  ${error.message}\n`)
      status = how.stop ? 3 : 1
      if (how.stop) return 3
    }
  }
  return status
}

/** Statements of a script; semicolons in quotes and dollar quotes are passed over. */
function statements(text: string): string[] {
  const found: string[] = []
  let current = ''
  for (const [part] of text.matchAll(
    /--[^\n]*|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|;|^\\[^\n]*$|[^;'"$\\-]+|[\s\S]/gm,
  )) {
    if (part === ';') {
      found.push(current)
      current = ''
    } else if (/^\\/.test(part) && current.trim() === '') found.push(part)
    else if (!part.startsWith('--')) current += part
  }
  found.push(current)
  return found.map(each => each.trim()).filter(Boolean)
}

export function pgControlData(call: Call): number {
  const { role } = targetOf(call, undefined, undefined, undefined)
  call.line(`Database system identifier:           ${role?.cluster.systemIdentifier ?? ''}`)
  return 0
}
