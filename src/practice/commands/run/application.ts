/** Programs of the shop's images: nginx and celery. */

import type { Call } from '../../system/call.ts'
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
