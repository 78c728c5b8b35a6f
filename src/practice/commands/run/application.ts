/** Programs of the shop's images: nginx, celery, python manage.py. */

import type { Call } from '../../system/call.ts'
import { BackendRole } from '../../world/shop/backend.ts'
import { WorkerRole } from '../../world/shop/celery.ts'
import { NginxRole } from '../../world/shop/nginx.ts'
import { roleAt } from '../../world/shop/roles.ts'

/** Milliseconds in which new workers take over: what was logged before is told apart from what comes after. */
const RELOAD_MS = 1200

export async function nginx(call: Call): Promise<number> {
  const own = call.world.docker.containers.get(call.process.container ?? '')
  const options = call.options('cgsp')
  if (options.has('v', 'V')) {
    call.err('nginx version: nginx/1.22.1\n')
    return 0
  }
  const role = own && (roleAt(own, NginxRole) ?? new NginxRole(call.world, own))
  if (!role) return call.fail('[emerg] open() "/etc/nginx/nginx.conf" failed (2: No such file or directory)')
  const error = role.test()
  if (options.has('t', 'T')) {
    if (error !== undefined) {
      call.err(`nginx: [emerg] ${error}\nnginx: configuration file /etc/nginx/nginx.conf test failed\n`)
      return 1
    }
    call.err(
      'nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n',
    )
    if (options.has('T'))
      for (const { path, text } of role.files())
        call.out(`# configuration file ${path}:\n${Buffer.from(text, 'utf8').toString('latin1')}\n`)
    return 0
  }
  if (options.value('s') === 'reload') {
    if (error !== undefined) {
      call.err(`nginx: [emerg] ${error}\n`)
      return 1
    }
    await call.process.sleep(RELOAD_MS)
    role.load()
    return 0
  }
  return 0
}

export function celery(call: Call): number {
  const words = call.words.join(' ')
  if (/inspect ping/.test(words)) {
    const wanted = /(?:--destination|-d)[ =](\S+)/.exec(words)?.[1]
    const workers = [...call.world.docker.containers.values()].filter(
      container =>
        roleAt(container, WorkerRole)?.works() &&
        (wanted === undefined || wanted === `celery@${container.id.slice(0, 12)}`),
    )
    if (workers.length === 0) {
      call.err('Error: No nodes replied within time constraint.\n')
      return 69
    }
    for (const { id } of workers) call.line(`->  celery@${id.slice(0, 12)}: OK\n        pong`)
    return 0
  }
  call.machine.lacked(
    `celery ${call.words
      .filter(word => !word.startsWith('-'))
      .slice(0, 3)
      .join(' ')}`,
  )
  return 1
}

export async function python(call: Call): Promise<number> {
  const [first = '', ...rest] = call.words
  if (first === '--version' || first === '-V') {
    call.line('Python 3.11.2')
    return 0
  }
  if (first.endsWith('manage.py')) return manage(call, rest)
  call.machine.lacked(`python ${first} ${rest[0]?.slice(0, 60) ?? ''}`.trim())
  return call.fail("can't open file: the practice server runs no Python", 2)
}

function manage(call: Call, [verb = '', ...rest]: readonly string[]): number {
  const own = call.world.docker.containers.get(call.process.container ?? '')
  const backend = own && (roleAt(own, BackendRole) ?? new BackendRole(call.world, own))
  if (!backend) return call.fail('no application here')
  switch (verb) {
    case 'check':
      call.line('System check identified no issues (0 silenced).')
      return 0
    case 'collectstatic':
      call.line('0 static files copied, 130 unmodified.')
      return 0
    case 'migrate':
    case 'showmigrations':
      return call.world.migrate(call, backend, verb, rest)
  }
  call.machine.lacked(`manage.py ${verb}`)
  return call.fail(`Unknown command: '${verb}'`)
}
