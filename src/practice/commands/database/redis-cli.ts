/** redis-cli(1). */

import type { Call } from '../../system/call.ts'
import { WorkerRole } from '../../world/shop/celery.ts'
import { RedisRole } from '../../world/shop/redis.ts'
import { neighbour, roleAt } from '../../world/shop/roles.ts'

export async function redisCli(call: Call): Promise<number> {
  const words = [...call.words]
  let password = call.process.environment.get('REDISCLI_AUTH') ?? ''
  let host = '127.0.0.1'
  let database = 0
  while (/^-/.test(words[0] ?? '')) {
    const option = words.shift() ?? ''
    if (option === '-a' || option === '--pass') password = words.shift() ?? ''
    else if (option === '-n') database = Number(words.shift())
    else if (option === '-h') host = words.shift() ?? ''
    else if (option === '-u') password = /:\/\/:([^@]*)@/.exec(words.shift() ?? '')?.[1] ?? password
    else if (option === '-p' || option === '--user') words.shift()
  }
  const own = call.world.docker.containers.get(call.process.container ?? '')
  const role = roleAt(
    own && host !== '127.0.0.1' && host !== 'localhost' ? neighbour(call.world, own, host) : own,
    RedisRole,
  )
  if (!role) {
    call.err(`Could not connect to Redis at ${host}:6379: Connection refused\n`)
    return 1
  }
  const lines =
    words.length > 0
      ? [words]
      : (await call.input())
          .split('\n')
          .filter(line => line.trim() !== '')
          .map(split)
  for (const line of lines) call.outText(`${answer(call, role, password, database, line)}\n`)
  return 0
}

const split = (line: string): string[] =>
  (line.match(/"(?:[^"\\]|\\.)*"|'[^']*'|\S+/g) ?? []).map(word =>
    /^["']/.test(word) ? word.slice(1, -1) : word,
  )

function answer(
  call: Call,
  role: RedisRole,
  password: string,
  database: number,
  [verb = '', ...rest]: readonly string[],
): string {
  const name = verb.toUpperCase()
  const loose = role.settings.get('requirepass') === '' && password !== ''
  const refusal = loose ? undefined : role.refuses(password)
  if (refusal !== undefined && name !== 'ECHO')
    return refusal.startsWith('NOAUTH') ? refusal : `AUTH failed: ${refusal}\nNOAUTH Authentication required.`
  const warned = loose
    ? 'AUTH failed: ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?\n'
    : ''
  const list = role.databases[database]?.get(rest[0] ?? '') ?? []
  switch (name) {
    case 'PING':
      return `${warned}PONG`
    case 'ECHO':
      return rest.join(' ')
    case 'SELECT':
    case 'AUTH':
    case 'FLUSHALL':
    case 'FLUSHDB':
    case 'BGSAVE':
    case 'BGREWRITEAOF':
      return name.startsWith('BG') ? 'Background saving started' : 'OK'
    case 'CONFIG': {
      if ((rest[0] ?? '').toUpperCase() === 'SET') {
        role.settings.set(rest[1] ?? '', rest[2] ?? '')
        return 'OK'
      }
      if ((rest[0] ?? '').toUpperCase() !== 'GET') return 'OK'
      return rest
        .slice(1)
        .flatMap(pattern =>
          [...role.settings]
            .filter(([key]) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(key))
            .flat(),
        )
        .join('\n')
    }
    case 'INFO':
      return info(call, role)
    case 'LLEN':
      return String(list.length)
    case 'LINDEX':
      return list.at(Number(rest[1])) ?? ''
    case 'KEYS':
    case 'SCAN':
      return [...(role.databases[database]?.keys() ?? [])].join('\n')
    case 'GET':
      return list[0] ?? ''
    case 'EXISTS':
      return role.databases[database]?.has(rest[0] ?? '') ? '1' : '0'
    case 'DBSIZE':
      return String(role.databases[database]?.size ?? 0)
    case 'TTL':
      return '-1'
    case 'CLIENT':
      return rest[0]?.toUpperCase() === 'LIST' ? clients(call) : 'OK'
    case 'ZRANGE':
    case 'LRANGE':
    case 'HGETALL':
    case 'SMEMBERS':
    case 'HVALS':
      return ''
    case 'ZCARD':
    case 'HLEN':
    case 'SCARD':
      return '0'
    case 'SLOWLOG':
    case 'LATENCY':
    case 'LASTSAVE':
      return String(Math.floor(role.startedAt / 1000))
    case 'MEMORY':
      return String(role.usedMemory)
    case 'TIME':
      return `${Math.floor(call.machine.now() / 1000)}\n0`
  }
  call.machine.lacked(`redis ${name}`)
  return `ERR unknown command '${verb}'`
}

function clients(call: Call): string {
  const workers = [...call.world.docker.containers.values()].filter(container =>
    roleAt(container, WorkerRole)?.works(),
  )
  return workers
    .flatMap((container, index) =>
      ['brpop', 'subscribe'].map(
        (cmd, part) =>
          `id=${10 + index * 2 + part} addr=${[...container.addresses.values()][0]}:5${index}${part}00 laddr=172.18.0.3:6379 name= age=600 idle=0 flags=${cmd === 'brpop' ? 'b' : 'P'} db=0 cmd=${cmd}`,
      ),
    )
    .join('\n')
}

function info(call: Call, role: RedisRole): string {
  const limit = role.settings.get('maxmemory') ?? '0'
  return [
    '# Server',
    'redis_version:7.0.15',
    `uptime_in_seconds:${Math.floor((call.machine.now() - role.startedAt) / 1000)}`,
    '# Clients',
    'connected_clients:9',
    'maxclients:10000',
    'blocked_clients:1',
    '# Memory',
    `used_memory:${role.usedMemory}`,
    `used_memory_human:${(role.usedMemory / 1024 ** 2).toFixed(2)}M`,
    `maxmemory:${limit}`,
    `maxmemory_policy:${role.settings.get('maxmemory-policy')}`,
    '# Persistence',
    'loading:0',
    'rdb_last_bgsave_status:ok',
    `aof_enabled:${role.settings.get('appendonly') === 'yes' ? 1 : 0}`,
    'aof_last_bgrewrite_status:ok',
    'aof_last_write_status:ok',
    '# Stats',
    'evicted_keys:0',
    'rejected_connections:0',
    '# Replication',
    'role:master',
  ].join('\n')
}
