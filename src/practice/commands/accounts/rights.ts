/** sudo, visudo, su: who may become whom. */

import type { Call } from '../../system/call.ts'
import { environmentOf, findUser, groupName, type User } from '../../world/accounts.ts'
import { become, splitCommand } from '../run/wrappers.ts'
import { hashed } from './identity.ts'

interface Right {
  readonly who: string
  readonly withoutPassword: boolean
}

/** The lines of sudoers that let somebody do everything, in sudo's order. */
function rights(call: Call): Right[] {
  const { files } = call.process
  const folder = '/etc/sudoers.d'
  const names =
    files.maybe(folder)?.kind === 'directory'
      ? files.names(folder).filter(name => !name.includes('.') && !name.endsWith('~'))
      : []
  const text = [files.text('/etc/sudoers'), ...names.map(name => files.text(`${folder}/${name}`))].join('\n')
  return [...text.matchAll(/^(%?[\w.-]+)\s+ALL\s*=\s*\([^)]*\)\s*(NOPASSWD:\s*)?ALL\s*$/gm)].map(
    ([, who = '', free]) => ({
      who,
      withoutPassword: free !== undefined,
    }),
  )
}

function rightOf(call: Call, user: User): Right | undefined {
  const groups = user.groups.map(gid => `%${groupName(call.process.files, gid)}`)
  return rights(call).findLast(({ who }) => who === user.name || groups.includes(who))
}

export async function sudo(call: Call): Promise<number> {
  const { options, command } = splitCommand(call.words, ['-u', '-g', '-p', '-C', '-U'])
  const { process } = call
  const me = findUser(process.files, process.credentials.uid)
  if (!me) return call.fail('you do not exist in the passwd database')
  if (process.credentials.uid !== 0) {
    const right = rightOf(call, me)
    const known = options.includes('-n')
    if (!right && known) return call.fail('a password is required')
    if (!right?.withoutPassword) {
      if (known) return call.fail('a password is required')
      if (!(await passwordGiven(call, me, options))) return 1
      if (!right) return call.fail(`${me.name} is not in the sudoers file.`)
    }
  }
  if (options.includes('-v') || (options.includes('-k') && command.length === 0)) return 0
  if (options.includes('-l')) {
    call.line('(ALL : ALL) ALL')
    return 0
  }
  const at = options.indexOf('-u')
  const target = findUser(process.files, at === -1 ? 'root' : (options[at + 1] ?? ''))
  if (!target) return call.fail(`unknown user: ${options[at + 1]}`)
  become(process, target.uid, target.gid, target.groups)
  const kept = new Map(
    [...process.environment].filter(([name]) => /^(TERM|LANG|LC_.*|SSH_CONNECTION|TZ)$/.test(name)),
  )
  process.environment = environmentOf(target, kept)
  process.environment.set('PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin')
  process.environment.set('SUDO_USER', me.name)
  const words = [...command]
  while (/^[A-Za-z_]\w*=/.test(words[0] ?? '')) {
    const [name = '', value = ''] = (words.shift() ?? '').split(/=(.*)/s)
    process.environment.set(name, value)
  }
  if (words.length === 0 || options.includes('-i') || options.includes('-s')) {
    const text = words.join(' ')
    if (options.includes('-i')) process.cwd = process.maybe(target.home) ? target.home : '/'
    return call.become(text === '' ? [target.shell] : [target.shell, '-c', text])
  }
  return call.become(words, 'sudo: ')
}

/** With -S: prompts on standard error, reads from standard input, three times at most. */
async function passwordGiven(call: Call, user: User, options: readonly string[]): Promise<boolean> {
  const at = options.indexOf('-p')
  const prompt = at === -1 ? `[sudo] password for ${user.name}: ` : (options[at + 1] ?? '')
  const hash = call.process.files
    .text('/etc/shadow')
    .split('\n')
    .find(line => line.startsWith(`${user.name}:`))
    ?.split(':')[1]
  for (let attempt = 0; attempt < 3; attempt++) {
    call.err(prompt)
    await call.flush()
    let line = ''
    for (;;) {
      const byte = (await call.process.descriptor(0).read(1, call.process.wait)).toString('latin1')
      if (byte === '') {
        call.err('sudo: no password was provided\n')
        return false
      }
      if (byte === '\n') break
      line += byte
    }
    if (hashed(line) === hash) return true
    call.err('Sorry, try again.\n')
  }
  call.err('sudo: 3 incorrect password attempts\n')
  return false
}

export async function visudo(call: Call): Promise<number> {
  const options = call.options('f', ['file'])
  const path = options.value('f', 'file') ?? '/etc/sudoers'
  const text = await call.text(path)
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(#|@|$|Defaults)/.test(line)) continue
    if (!/^%?[\w.@+-]+\s+\S+\s*=\s*(\([^)]*\))?\s*(NOPASSWD:\s*)?\S+/.test(line)) {
      call.err(`${path}:${index + 1}:1: syntax error\n${line}\n^\n`)
      return 1
    }
  }
  call.line(`${path}: parsed OK`)
  return 0
}

export async function su(call: Call): Promise<number> {
  const words = call.words.filter(word => word !== '-' && word !== '-l' && word !== '--login')
  const at = words.indexOf('-c')
  const name = words.find((word, index) => !word.startsWith('-') && index !== at + 1) ?? 'root'
  const user = findUser(call.process.files, name)
  if (!user) return call.fail(`user ${name} does not exist`)
  if (!call.process.isRoot) return call.fail('Authentication failure')
  become(call.process, user.uid, user.gid, user.groups)
  call.process.environment = environmentOf(user, call.process.environment)
  return call.become(at === -1 ? [user.shell] : [user.shell, '-c', words[at + 1] ?? ''])
}
