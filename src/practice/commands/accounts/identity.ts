/** Who somebody is: id, whoami, groups, getent, passwd -S, chage -l. */

import { createHash } from 'node:crypto'
import type { Call } from '../../system/call.ts'
import { changeRow, findUser, groupName, userName } from '../../world/accounts.ts'

export function id(call: Call): number {
  const options = call.options()
  const { files, credentials } = call.process
  const [name] = options.operands
  const user = name === undefined ? undefined : findUser(files, name)
  if (name !== undefined && !user) return call.fail(`'${name}': no such user`)
  const uid = user?.uid ?? credentials.uid
  const gid = user?.gid ?? credentials.gid
  const groups = user?.groups ?? [gid, ...credentials.groups.filter(group => group !== gid)]
  if (options.has('u')) call.line(options.has('n') ? userName(files, uid) : String(uid))
  else if (options.has('g')) call.line(options.has('n') ? groupName(files, gid) : String(gid))
  else if (options.has('G'))
    call.line(groups.map(group => (options.has('n') ? groupName(files, group) : group)).join(' '))
  else
    call.line(
      `uid=${uid}(${userName(files, uid)}) gid=${gid}(${groupName(files, gid)}) groups=${groups.map(group => `${group}(${groupName(files, group)})`).join(',')}`,
    )
  return 0
}

export function whoami(call: Call): number {
  call.line(userName(call.process.files, call.process.credentials.uid))
  return 0
}

export function groups(call: Call): number {
  const { files, credentials } = call.process
  const [name] = call.words
  const ids =
    name === undefined
      ? [...new Set([credentials.gid, ...credentials.groups])]
      : findUser(files, name)?.groups
  if (!ids) return call.fail(`'${name}': no such user`)
  call.line(`${name === undefined ? '' : `${name} : `}${ids.map(gid => groupName(files, gid)).join(' ')}`)
  return 0
}

export function getent(call: Call): number {
  const options = call.options('s', ['service'])
  const [database = '', ...keys] = options.operands
  const { files } = call.process
  const onlyFiles = (options.value('s', 'service') ?? '').includes('files')
  if (database === 'passwd' || database === 'group' || database === 'shadow') {
    const lines = files.text(`/etc/${database}`).split('\n').filter(Boolean)
    const found =
      keys.length === 0
        ? lines
        : keys.flatMap(key =>
            lines.filter(line => line.split(':')[0] === key || line.split(':')[2] === key).slice(0, 1),
          )
    for (const line of found) call.line(line)
    return found.length < keys.length ? 2 : 0
  }
  if (database === 'hosts' || database.startsWith('ahosts')) {
    let status = 0
    for (const key of keys) {
      const addresses = call.world.names.resolve(call.process, key, onlyFiles)
      if (addresses.length === 0) status = 2
      for (const address of addresses) {
        if (database === 'ahostsv4' && address.includes(':')) continue
        if (database === 'ahostsv6' && !address.includes(':')) continue
        if (database === 'hosts') call.line(`${address.padEnd(15)} ${key}`)
        else
          for (const kind of ['STREAM', 'DGRAM', 'RAW'])
            call.line(`${address.padEnd(15)} ${kind.padEnd(6)} ${kind === 'STREAM' ? key : ''}`.trimEnd())
      }
    }
    return status
  }
  if (database === 'services') {
    call.line(`${keys[0]} 22/tcp`)
    return 0
  }
  return 2
}

const day = (days: string): string => {
  const date = new Date(Number(days) * 86_400_000)
  return `${['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2, '0')}, ${date.getUTCFullYear()}`
}

function shadowOf(call: Call, name: string): string[] | undefined {
  return call.process.files
    .text('/etc/shadow')
    .split('\n')
    .map(line => line.split(':'))
    .find(fields => fields[0] === name)
}

export async function passwd(call: Call): Promise<number> {
  const options = call.options('')
  const name = options.operands[0] ?? userName(call.process.files, call.process.credentials.uid)
  if (!findUser(call.process.files, name)) return call.fail(`user '${name}' does not exist`)
  if (options.has('S', 'status')) {
    const [, hash = '', changed = '0', min = '0', max = '99999', warn = '7', inactive = ''] =
      shadowOf(call, name) ?? []
    const letter = hash === '' ? 'NP' : /^[!*]/.test(hash) ? 'L' : 'P'
    const [month, date, year] = day(changed).replace(',', '').split(' ')
    const shown = call.world.release.numeric
      ? `${year}-${String(['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].indexOf(month ?? '') + 1).padStart(2, '0')}-${date}`
      : day(changed)
    call.line(`${name} ${letter} ${shown} ${min} ${max} ${warn} ${inactive || '-1'}`)
    return 0
  }
  const setHash = (change: (hash: string) => string): void =>
    changeRow(call.process.files, '/etc/shadow', name, fields =>
      fields.map((field, index) => (index === 1 ? change(field) : field)),
    )
  if (options.has('l', 'lock')) setHash(hash => (hash.startsWith('!') ? hash : `!${hash}`))
  else if (options.has('u', 'unlock')) setHash(hash => hash.replace(/^!/, ''))
  else if (options.has('d', 'delete')) setHash(() => '')
  else {
    const [password = ''] = (await call.input()).split('\n')
    setHash(() => hashed(password))
  }
  return 0
}

/** Not crypt(3)'s hash, but one that tells passwords apart just as well. */
export const hashed = (password: string): string =>
  `$practice$${createHash('sha256').update(password).digest('hex')}`

export async function chpasswd(call: Call): Promise<number> {
  for (const line of (await call.input()).split('\n').filter(Boolean)) {
    const [name = '', password = ''] = line.split(/:(.*)/s)
    changeRow(call.process.files, '/etc/shadow', name, fields =>
      fields.map((field, index) => (index === 1 ? hashed(password) : field)),
    )
  }
  return 0
}

export function chage(call: Call): number {
  const options = call.options('EMdImW', ['expiredate', 'maxdays', 'lastday'])
  const name = options.operands[0] ?? ''
  const fields = shadowOf(call, name)
  if (!fields) return call.fail(`user '${name}' does not exist in /etc/passwd`)
  if (options.has('l', 'list')) {
    const [, , changed = '', , max = '', warn = '7', , expires = ''] = fields
    const must = changed === '0'
    call.line(`Last password change\t\t\t\t\t: ${must ? 'password must be changed' : day(changed)}`)
    const never = max === '' || max === '99999' || max === '-1'
    call.line(
      `Password expires\t\t\t\t\t: ${must ? 'password must be changed' : never ? 'never' : day(String(Number(changed) + Number(max)))}`,
    )
    call.line(`Password inactive\t\t\t\t\t: ${must ? 'password must be changed' : 'never'}`)
    call.line(`Account expires\t\t\t\t\t\t: ${expires === '' ? 'never' : day(expires)}`)
    call.line('Minimum number of days between password change\t\t: 0')
    call.line(`Maximum number of days between password change\t\t: ${max || '99999'}`)
    call.line(`Number of days of warning before password expires\t: ${warn}`)
    return 0
  }
  changeRow(call.process.files, '/etc/shadow', name, row => {
    const next = [...row]
    const days = (text: string): string =>
      text === '-1' ? '' : /^\d+$/.test(text) ? text : String(Math.floor(Date.parse(text) / 86_400_000))
    const set = (index: number, ...names: string[]): void => {
      const value = options.value(...names)
      if (value !== undefined) next[index] = days(value)
    }
    set(7, 'E', 'expiredate')
    set(4, 'M', 'maxdays')
    set(2, 'd', 'lastday')
    return next
  })
  return 0
}
