/** psql, pg_isready and pg_controldata, against the cluster of the container. */

import type { Call } from '../../system/call.ts'
import { connect, openSession, serverAt } from './connection.ts'
import { Script } from './script.ts'

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

const VALUED = [
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
]

export async function psql(call: Call): Promise<number> {
  const options = call.options('hpUdFvcfRPoL', VALUED)
  if (options.has('V', 'version')) {
    call.line('psql (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)')
    return 0
  }
  const session = openSession(call, {
    host: options.value('h', 'host'),
    user: options.value('U', 'username') ?? options.operands[1],
    database: options.value('d', 'dbname') ?? options.operands[0],
  })
  if (typeof session === 'number') return session
  const script = new Script(session, {
    separator: options.value('F', 'field-separator') ?? '|',
    unaligned: options.has('A', 'no-align'),
    stops: options.has('1', 'single-transaction'),
  })
  for (const text of options.values('v', 'set', 'variable')) {
    const [name = '', value = ''] = text.split(/=(.*)/s)
    script.variables.set(name, value)
  }
  const texts = options.values('c', 'command')
  for (const path of options.values('f', 'file')) texts.push(await call.text(path))
  const text = texts.length > 0 ? texts.join(';\n') : await call.input()
  return script.run(Buffer.from(text, 'latin1').toString('utf8'))
}

export function pgControlData(call: Call): number {
  const { role } = connect(call, {})
  call.line(`Database system identifier:           ${role?.cluster.systemIdentifier ?? ''}`)
  return 0
}
