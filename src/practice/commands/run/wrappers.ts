/** Programs that run another program: with other rights, in other surroundings, for a limited time. */

import type { Call } from '../../system/call.ts'
import type { Process } from '../../system/process.ts'
import { Killed, numberOf, signalOf } from '../../system/signals.ts'
import { environmentOf, findUser } from '../../world/accounts.ts'

/** Words after options: everything from the first that is none. Options in `taking` have a value. */
export function splitCommand(
  words: readonly string[],
  taking: readonly string[],
): { options: string[]; command: string[] } {
  let index = 0
  while (index < words.length) {
    const word = words[index] ?? ''
    if (word === '--') return { options: words.slice(0, index), command: words.slice(index + 1) }
    if (!word.startsWith('-') || word === '-') break
    index += taking.includes(word) ? 2 : 1
  }
  return { options: words.slice(0, index), command: words.slice(index) }
}

export async function env(call: Call): Promise<number> {
  const { options, command } = splitCommand(call.words, ['-u', '--unset', '-C', '--chdir'])
  const { environment } = call.process
  if (options.includes('-i') || options.includes('-')) environment.clear()
  options.forEach((option, index) => {
    if (option === '-u' || option === '--unset') environment.delete(options[index + 1] ?? '')
  })
  const words = command[0] === '-' ? command.slice(1) : command
  while (/^[^=]+=/.test(words[0] ?? '')) {
    const [name = '', ...value] = (words.shift() ?? '').split('=')
    environment.set(name, value.join('='))
  }
  if (words.length > 0) return call.become(words, 'env: ')
  for (const [name, value] of environment) call.out(`${name}=${value}\n`)
  return 0
}

export function printenv(call: Call): number {
  const { environment } = call.process
  const [name] = call.words
  if (name === undefined) for (const [key, value] of environment) call.out(`${key}=${value}\n`)
  else if (environment.has(name)) call.out(`${environment.get(name)}\n`)
  else return 1
  return 0
}

export async function timeout(call: Call): Promise<number> {
  const { options, command } = splitCommand(call.words, ['-k', '-s', '--kill-after', '--signal'])
  const [limit = '0', ...words] = command
  const value = (...names: string[]): string | undefined => {
    const at = options.findIndex(option => names.includes(option))
    return at === -1
      ? options.map(option => /^--(?:kill-after|signal)=(.*)$/.exec(option)?.[1])[0]
      : options[at + 1]
  }
  const signal = signalOf(value('-s', '--signal') ?? 'TERM') ?? 'TERM'
  const killAfter = seconds(value('-k', '--kill-after') ?? '0')
  const { process, machine } = call
  if (!options.includes('--foreground')) process.group = process.pid
  const child = machine.spawn(process, { command: words })
  machine.start(child, inner => machine.execute(inner, words, `${call.name}: failed to run command: `))
  let timedOut = false
  let killer: NodeJS.Timeout | undefined
  const endAll = (how: typeof signal): void => {
    child.receive(how)
    for (const other of machine.processes.values())
      if (other.group === process.group && other !== process && other !== child) other.receive(how)
    if (killAfter > 0) killer ??= setTimeout(() => endAll('KILL'), killAfter * 1000)
  }
  const limitMs = seconds(limit) * 1000
  const timer =
    limitMs > 0
      ? setTimeout(
          () => {
            timedOut = true
            endAll(signal)
          },
          Math.min(limitMs, 2 ** 31 - 1),
        )
      : undefined
  for (const name of ['TERM', 'INT', 'HUP'] as const)
    if (process.handlers.get(name) !== 'ignore') process.handlers.set(name, arrived => endAll(arrived))
  try {
    const status = await process.wait(child.exited)
    if (timedOut) return status === 128 + numberOf('KILL') ? 137 : 124
    return status
  } catch (error) {
    if (error instanceof Killed) child.receive('KILL')
    throw error
  } finally {
    clearTimeout(timer)
    clearTimeout(killer)
  }
}

function seconds(text: string): number {
  const [, number = '0', unit = 's'] = /^([\d.]+)([smhd]?)$/.exec(text) ?? []
  return Number(number) * ({ m: 60, h: 3600, d: 86_400 }[unit] ?? 1)
}

export async function setsid(call: Call): Promise<number> {
  const { command } = splitCommand(call.words, [])
  const { process } = call
  // setsid(1) forks when it leads a group already.
  if (process.group === process.pid) {
    const child = call.machine.spawn(process, { command, ownGroup: true })
    child.session = child.pid
    call.machine.start(child, inner => call.machine.execute(inner, command, 'setsid: '))
    return call.words.includes('-w') ? process.wait(child.exited) : 0
  }
  process.group = process.pid
  process.session = process.pid
  return call.become(command)
}

export async function nohup(call: Call): Promise<number> {
  call.process.handlers.set('HUP', 'ignore')
  return call.become(call.words)
}

export async function nice(call: Call): Promise<number> {
  return call.become(splitCommand(call.words, ['-n', '-c', '-p', '--adjustment']).command)
}

/** Becomes another user, with the groups that it has on disk now. */
export function become(process: Process, uid: number, gid: number, groups: readonly number[]): void {
  process.credentials = { uid, gid, groups }
}

export async function setpriv(call: Call): Promise<number> {
  const { options, command } = splitCommand(call.words, [])
  const value = (name: string): string | undefined =>
    options.find(option => option.startsWith(`--${name}=`))?.slice(name.length + 3)
  const user = findUser(call.process.files, value('reuid') ?? '')
  if (!user) return call.fail(`failed to parse reuid`, 127)
  if (!call.process.isRoot) return call.fail('setresuid failed: Operation not permitted', 127)
  become(
    call.process,
    user.uid,
    Number(value('regid') ?? user.gid),
    options.includes('--init-groups') ? user.groups : [],
  )
  return call.become(command)
}

export async function runuser(call: Call): Promise<number> {
  const { options, command } = splitCommand(call.words, ['-u', '-c', '-s', '-g'])
  const at = options.indexOf('-u')
  const name = at === -1 ? (command[0] ?? 'root') : (options[at + 1] ?? '')
  const user = findUser(call.process.files, name)
  if (!user)
    return call.fail(`user ${name} does not exist or the user entry does not contain all the required fields`)
  if (!call.process.isRoot) return call.fail('may not be used by non-root users')
  become(call.process, user.uid, user.gid, user.groups)
  if (options.includes('-l') || options.includes('-') || command[0] === '-')
    call.process.environment = environmentOf(user, call.process.environment)
  if (at !== -1) return call.become(command)
  const text = call.words.indexOf('-c')
  return call.become(text === -1 ? [user.shell] : [user.shell, '-c', call.words[text + 1] ?? ''])
}

export async function flock(call: Call): Promise<number> {
  const { options, command } = splitCommand(call.words, ['-w', '--timeout', '-E'])
  const shared = options.some(option => /^-[a-z]*s/.test(option) || option === '--shared')
  const at = options.findIndex(option => option === '-w' || option === '--timeout')
  const patience = options.some(option => /^-[a-z]*n/.test(option))
    ? 0
    : at === -1
      ? Number.POSITIVE_INFINITY
      : Number(options[at + 1])
  const [target = '', ...rest] = command
  const { process } = call
  const file = /^\d+$/.test(target)
    ? process.descriptor(Number(target))
    : await process.openFile(target, process.maybe(target) ? 'read' : 'append')
  const held = rest.length > 0 ? file.retain() : file
  if (options.includes('-u')) {
    call.world.locks.release(held)
    return 0
  }
  const until = Date.now() + patience * 1000
  while (!call.world.locks.take(held, shared)) {
    if (Date.now() >= until) {
      if (rest.length > 0) file.release()
      return 1
    }
    await process.sleep(20)
  }
  if (rest.length === 0) return 0
  const words = rest[0] === '-c' ? ['/bin/sh', '-c', rest[1] ?? ''] : rest
  try {
    return await call.child(words)
  } finally {
    call.world.locks.release(held)
    file.release()
  }
}

export async function xargs(call: Call): Promise<number> {
  const { options, command } = splitCommand(call.words, ['-n', '-I', '-P', '-d', '-L', '-s'])
  const has = (letter: string): boolean =>
    options.some(option => /^-[a-zA-Z0]+$/.test(option) && option.includes(letter))
  const optionValue = (letter: string): string | undefined => {
    const at = options.findIndex(option => option.startsWith(`-${letter}`))
    return at === -1 ? undefined : options[at]?.slice(2) || options[at + 1]
  }
  const text = await call.input()
  const items = has('0')
    ? text.split('\0').filter(Boolean)
    : optionValue('I')
      ? text.split('\n').filter(Boolean)
      : text.split(/\s+/).filter(Boolean)
  const replace = optionValue('I')
  const words = command.length > 0 ? command : ['echo']
  const size = Number(optionValue('n') ?? optionValue('L') ?? (replace ? 1 : Number.POSITIVE_INFINITY))
  if (items.length === 0 && (has('r') || replace)) return 0
  let status = 0
  for (let at = 0; at === 0 || at < items.length; at += Number.isFinite(size) ? size : items.length + 1) {
    const batch = items.slice(at, at + (Number.isFinite(size) ? size : items.length))
    const run = replace ? words.map(word => word.replaceAll(replace, batch[0] ?? '')) : [...words, ...batch]
    if ((await call.child(run)) !== 0) status = 123
  }
  return status
}
