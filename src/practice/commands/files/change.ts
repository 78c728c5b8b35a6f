/** Programs that change files: mkdir, rm, mv, ln, touch, mktemp, chmod, chown, install and their like. */

import { randomBytes } from 'node:crypto'
import type { Call } from '../../system/call.ts'
import { directoryNode, fileNode, linkNode, type Node, pipeNode } from '../../system/nodes.ts'
import { SystemError, wordsOf } from '../../system/system-error.ts'
import { findGroup, findUser } from '../../world/accounts.ts'

const base = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) ?? ''

export function mkdir(call: Call): number {
  const options = call.options('m', ['mode'])
  const mode = options.value('m', 'mode')
  let status = 0
  for (const path of options.operands) {
    try {
      makeDirectory(
        call,
        path,
        options.has('p', 'parents'),
        mode === undefined ? undefined : Number.parseInt(mode, 8),
      )
    } catch (error) {
      call.err(`mkdir: cannot create directory '${path}': ${wordsOf(error)}\n`)
      status = 1
    }
  }
  return status
}

export function makeDirectory(call: Call, path: string, parents: boolean, mode?: number): void {
  const { process } = call
  const { uid, gid } = process.credentials
  if (parents) {
    const there = process.maybe(path)
    if (there?.kind === 'directory') return
    const above = path.replace(/\/+[^/]*\/*$/, '')
    if (above !== '' && above !== path && process.maybe(above)?.kind !== 'directory')
      makeDirectory(call, above, true)
  }
  const found = process.find(path.replace(/(.)\/+$/, '$1'))
  process.files.add(found, directoryNode(mode ?? 0o777 & ~process.umask, uid, gid), process.credentials)
}

export function rmdir(call: Call): number {
  let status = 0
  for (const path of call.options().operands) {
    try {
      const found = call.process.find(path, false)
      if (found.node?.kind !== 'directory') throw new SystemError(found.node ? 'ENOTDIR' : 'ENOENT')
      if (found.node.entries.size > 0) throw new SystemError('ENOTEMPTY')
      call.process.files.remove(found, call.process.credentials)
    } catch (error) {
      if (!call.words.includes('--ignore-fail-on-non-empty')) {
        call.err(`rmdir: failed to remove '${path}': ${wordsOf(error)}\n`)
        status = 1
      }
    }
  }
  return status
}

export function rm(call: Call): number {
  const options = call.options()
  let status = 0
  for (const path of options.operands) {
    try {
      const found = call.process.find(path.replace(/(.)\/+$/, '$1'), false)
      if (!found.node) throw new SystemError('ENOENT')
      if (found.node.kind === 'directory' && !options.has('r', 'R', 'recursive'))
        throw new SystemError('EISDIR')
      call.process.files.remove(found, call.process.credentials)
    } catch (error) {
      if (error instanceof SystemError && error.code === 'ENOENT' && options.has('f', 'force')) continue
      call.err(`rm: cannot remove '${path}': ${wordsOf(error)}\n`)
      status = 1
    }
  }
  return status
}

export function mv(call: Call): number {
  const options = call.options('t', ['target-directory'])
  const operands = [...options.operands]
  const target = options.value('t', 'target-directory') ?? operands.pop() ?? ''
  for (const path of operands) {
    try {
      const { process } = call
      const from = process.find(path, false)
      if (!from.node) throw new SystemError('ENOENT')
      const inside = process.maybe(target)?.kind === 'directory' && !options.has('T')
      const to = process.find(inside ? `${target}/${base(path)}` : target, false)
      if (to.node === from.node) continue
      if (to.node && options.has('n', 'no-clobber')) continue
      if (to.node?.kind === 'directory' && to.node.entries.size > 0) throw new SystemError('ENOTEMPTY')
      const { node } = from
      // The node stays the same: an open file goes on under its new name.
      if (to.node) process.files.remove(to, process.credentials)
      process.files.add({ ...to, node: undefined }, node, process.credentials)
      from.parent.entries.delete(from.name)
      from.parent.modified = Date.now()
    } catch (error) {
      return call.fail(`cannot move '${path}' to '${target}': ${wordsOf(error)}`)
    }
  }
  return 0
}

export function cp(call: Call): number {
  const options = call.options('tS', ['target-directory', 'preserve', 'no-preserve', 'backup'])
  const operands = [...options.operands]
  const target = options.value('t', 'target-directory') ?? operands.pop() ?? ''
  const keep = options.has('p', 'a', 'archive', 'preserve')
  let status = 0
  for (const path of operands) {
    try {
      const node = call.process.node(path, !options.has('a', 'd', 'P') || options.has('L'))
      if (node.kind === 'directory' && !options.has('r', 'R', 'a', 'recursive', 'archive')) {
        call.err(`cp: -r not specified; omitting directory '${path}'\n`)
        status = 1
        continue
      }
      if (options.has('parents')) {
        const above = `${target}/${path.replace(/\/+[^/]*$/, '')}`
        makeDirectory(call, above, true)
        copy(call, node, `${target}/${path}`, keep)
        continue
      }
      // `cp -R from/. to` copies what is in it.
      const inside =
        call.process.maybe(target)?.kind === 'directory' && !options.has('T') && !/(^|\/)\.$/.test(path)
      const to = inside ? `${target}/${base(path)}` : target
      if (options.has('n') && call.process.maybe(to)) continue
      copy(call, node, to, keep)
    } catch (error) {
      call.err(`cp: cannot copy '${path}' to '${target}': ${wordsOf(error)}\n`)
      status = 1
    }
  }
  return status
}

function copy(call: Call, node: Node, path: string, keep: boolean): void {
  const { process } = call
  const { uid, gid } = keep ? node : process.credentials
  const found = process.find(path)
  const mode = keep ? node.mode : node.mode & ~process.umask
  if (node.kind === 'directory') {
    if (found.node?.kind !== 'directory')
      process.files.add(found, directoryNode(mode, uid, gid), process.credentials)
    for (const [name, inner] of node.entries) copy(call, inner, `${path}/${name}`, keep)
  } else if (node.kind === 'link')
    process.files.add(found, linkNode(node.target, uid, gid), process.credentials)
  else {
    const content = node.kind === 'file' ? node.content : Buffer.alloc(0)
    let made = found.node
    if (made?.kind !== 'file') {
      made = fileNode('', mode, uid, gid)
      process.files.add({ ...found, node: undefined }, made, process.credentials)
    } else if (keep) Object.assign(made, { mode, uid, gid })
    process.files.put(made, content)
    if (node.kind === 'file' && node.program !== undefined) made.program = node.program
    if (node.kind === 'file' && node.claimed) process.files.claim(made, node.claimed)
    if (keep) made.modified = node.modified
  }
}

export function ln(call: Call): number {
  const options = call.options()
  const [target = '', path = `./${base(target)}`] = options.operands
  const { process } = call
  try {
    const there = process.maybe(path)
    const inside = there?.kind === 'directory' && !options.has('n', 'T')
    const found = process.find(inside ? `${path}/${base(target)}` : path, false)
    if (found.node && options.has('f', 'force')) {
      process.files.remove(found, process.credentials)
      Object.assign(found, { node: undefined })
    }
    const { uid, gid } = process.credentials
    if (options.has('s', 'symbolic'))
      process.files.add(found, linkNode(target, uid, gid), process.credentials)
    else {
      const node = process.node(target, false)
      if (node.kind === 'directory') throw new SystemError('EPERM')
      process.files.add(found, node, process.credentials)
      node.links += 1
    }
    return 0
  } catch (error) {
    return call.fail(
      `failed to create ${options.has('s') ? 'symbolic' : 'hard'} link '${path}': ${wordsOf(error)}`,
    )
  }
}

export async function touch(call: Call): Promise<number> {
  const options = call.options('drt', ['date', 'reference'])
  const date = options.value('d', 'date')
  const reference = options.value('r', 'reference')
  const at = reference ? call.process.node(reference).modified : date ? dateOf(call, date) : Date.now()
  for (const path of options.operands) {
    try {
      const node = call.process.maybe(path)
      if (node) node.modified = at
      else if (!options.has('c')) {
        const file = (await call.process.openFile(path, 'append')).retain()
        if (file.node) file.node.modified = at
        file.release()
      }
    } catch (error) {
      return call.fail(`cannot touch '${path}': ${wordsOf(error)}`)
    }
  }
  return 0
}

/** `@SECONDS`, `2 days ago`, or what Date reads; in milliseconds of the file system's own clock. */
export function dateOf(call: Call, text: string): number {
  const now = call.machine.now()
  const offset = call.machine.clockOffset
  if (/^@-?\d/.test(text)) return Number(text.slice(1)) * 1000 - offset
  const relative = /^([+-]?\d+) *(second|sec|minute|min|hour|day|week|month|year)s?( ago)?$/.exec(text.trim())
  if (relative) {
    const unit =
      {
        second: 1,
        sec: 1,
        minute: 60,
        min: 60,
        hour: 3600,
        day: 86_400,
        week: 604_800,
        month: 2_592_000,
        year: 31_536_000,
      }[relative[2] ?? 'day'] ?? 1
    return now + Number(relative[1]) * unit * 1000 * (relative[3] ? -1 : 1) - offset
  }
  if (text === 'now' || text === '') return now - offset
  if (text === 'yesterday') return now - 86_400_000 - offset
  if (text === 'tomorrow') return now + 86_400_000 - offset
  const plain = text
    .replace(/^[A-Z][a-z]{2} (?=\d{4}-)/, '')
    .replace(/ UTC$/, 'Z')
    .replace(/^(\d{4}-\d\d-\d\d) (?=\d)/, '$1T')
  const zoned = /Z|[+-]\d\d:?\d\d$|GMT/.test(plain)
    ? plain
    : /^\d{4}-\d\d-\d\d$/.test(plain)
      ? `${plain}T00:00:00Z`
      : `${plain}Z`
  const read = Date.parse(zoned)
  return (Number.isNaN(read) ? Date.parse(`${text} UTC`) : read) - offset
}

export function mktemp(call: Call): number {
  const options = call.options('p', ['tmpdir', 'suffix'])
  const folder = options.value('p', 'tmpdir') ?? (call.process.environment.get('TMPDIR') || '/tmp')
  const [template] = options.operands
  const pattern =
    template === undefined
      ? `${folder}/tmp.XXXXXXXXXX`
      : options.has('p', 't', 'tmpdir')
        ? `${folder}/${template}`
        : template
  const path = pattern.replace(/X{3,}(?=[^X/]*$)/, found =>
    randomBytes(found.length).toString('base64').replace(/[+/=]/g, 'a').slice(0, found.length),
  )
  try {
    const { uid, gid } = call.process.credentials
    const found = call.process.find(path)
    const node = options.has('d', 'directory')
      ? directoryNode(0o700, uid, gid)
      : fileNode('', 0o600, uid, gid)
    if (!options.has('u')) call.process.files.add(found, node, call.process.credentials)
    call.out(`${path}\n`)
    return 0
  } catch (error) {
    return call.fail(`failed to create file via template '${pattern}': ${wordsOf(error)}`)
  }
}

export function mkfifo(call: Call): number {
  const options = call.options('m', ['mode'])
  for (const path of options.operands) {
    try {
      const { uid, gid } = call.process.credentials
      call.process.files.add(
        call.process.find(path),
        pipeNode(0o666 & ~call.process.umask, uid, gid),
        call.process.credentials,
      )
    } catch (error) {
      return call.fail(`cannot create fifo '${path}': ${wordsOf(error)}`)
    }
  }
  return 0
}

/** Octal, or clauses like `u=rw,go-w,a+X`. */
export function changedMode(node: Node, text: string): number {
  if (/^[0-7]+$/.test(text)) return Number.parseInt(text, 8)
  let mode = node.mode
  for (const clause of text.split(',')) {
    const [, who = '', operator = '', letters = ''] = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause) ?? []
    let bits = 0
    for (const letter of letters) {
      const bit = { r: 4, w: 2, x: 1, X: node.kind === 'directory' || mode & 0o111 ? 1 : 0 }[letter] ?? 0
      for (const one of who === '' || who.includes('a') ? 'ugo' : who)
        bits |= bit << ({ u: 6, g: 3, o: 0 }[one] ?? 0)
      if (letter === 's')
        bits |=
          (who === '' || who.includes('u') ? 0o4000 : 0) | (who === '' || who.includes('g') ? 0o2000 : 0)
      if (letter === 't') bits |= 0o1000
    }
    const all = [...(who === '' || who.includes('a') ? 'ugo' : who)].reduce(
      (sum, one) => sum | (7 << ({ u: 6, g: 3, o: 0 }[one] ?? 0)),
      0,
    )
    if (operator === '+') mode |= bits
    else if (operator === '-') mode &= ~bits
    else mode = (mode & ~all) | bits
  }
  return mode
}

function eachNode(
  call: Call,
  path: string,
  recursive: boolean,
  follow: boolean,
  change: (node: Node) => void,
): void {
  const visit = (node: Node): void => {
    change(node)
    if (recursive && node.kind === 'directory') for (const inner of node.entries.values()) visit(inner)
  }
  visit(call.process.node(path, follow))
}

export function chmod(call: Call): number {
  const words = call.words.filter(word => word !== '--')
  const at = words.findIndex(word => !/^-[RfvcL]+$|^--/.test(word))
  const [mode = '', ...paths] = words.slice(at)
  const recursive = words.slice(0, at).some(word => word.includes('R'))
  for (const path of paths) {
    try {
      eachNode(call, path, recursive, true, node => {
        if (!call.process.isRoot && node.uid !== call.process.credentials.uid) throw new SystemError('EPERM')
        node.mode = changedMode(node, mode)
      })
    } catch (error) {
      return call.fail(`cannot access '${path}': ${wordsOf(error)}`)
    }
  }
  return 0
}

export function chown(call: Call): number {
  const options = call.options('', ['reference', 'from'])
  const [whom = '', ...paths] = options.has('reference') ? ['', ...options.operands] : options.operands
  const owner = ownerOf(call, call.name === 'chgrp' ? `:${whom}` : whom)
  if (owner === null) return call.fail(`invalid user: '${whom}'`)
  for (const path of paths) {
    try {
      eachNode(call, path, options.has('R', 'recursive'), !options.has('h', 'no-dereference'), node => {
        if (!call.process.isRoot) throw new SystemError('EPERM')
        Object.assign(node, owner)
      })
    } catch (error) {
      return call.fail(`changing ownership of '${path}': ${wordsOf(error)}`)
    }
  }
  return 0
}

/** `user`, `user:`, `user:group`, `:group`, by name or number; null where one is unknown. */
export function ownerOf(call: Call, text: string): { uid?: number; gid?: number } | null {
  const [user = '', group] = text.split(/[:.](.*)/s)
  const { files } = call.process
  const found =
    user === ''
      ? undefined
      : /^\d+$/.test(user)
        ? { uid: Number(user), gid: Number(user) }
        : findUser(files, user)
  if (found === undefined && user !== '') return null
  const gid =
    group === undefined
      ? undefined
      : group === ''
        ? found?.gid
        : /^\d+$/.test(group)
          ? Number(group)
          : findGroup(files, group)?.gid
  if (group && gid === undefined) return null
  return { ...(found ? { uid: found.uid } : {}), ...(gid === undefined ? {} : { gid }) }
}

export function install(call: Call): number {
  const options = call.options('mogt', ['mode', 'owner', 'group', 'target-directory'])
  const mode = Number.parseInt(options.value('m', 'mode') ?? '755', 8)
  const owner = ownerOf(
    call,
    `${options.value('o', 'owner') ?? ''}${options.value('g', 'group') ? `:${options.value('g', 'group')}` : ''}`,
  )
  if (owner === null) return call.fail(`invalid user '${options.value('o', 'owner')}'`)
  try {
    if (options.has('d', 'directory')) {
      for (const path of options.operands) {
        makeDirectory(call, path, true)
        Object.assign(call.process.node(path), { mode, ...owner })
      }
      return 0
    }
    const operands = [...options.operands]
    const target = options.value('t', 'target-directory') ?? operands.pop() ?? ''
    for (const path of operands) {
      const to = call.process.maybe(target)?.kind === 'directory' ? `${target}/${base(path)}` : target
      if (options.has('D')) makeDirectory(call, to.replace(/\/[^/]*$/, ''), true)
      copy(call, path === '/dev/null' ? fileNode('') : call.process.node(path), to, false)
      Object.assign(call.process.node(to), { mode, ...owner })
    }
    return 0
  } catch (error) {
    return call.fail(`cannot install: ${wordsOf(error)}`)
  }
}

export async function truncate(call: Call): Promise<number> {
  const options = call.options('s', ['size'])
  for (const path of options.operands) {
    const file = (await call.process.openFile(path, 'append')).retain()
    const { node } = file
    file.release()
    if (node?.kind !== 'file') continue
    const size = bytesOf(options.value('s', 'size') ?? '0')
    if (size <= 65_536)
      call.process.files.put(
        node,
        Buffer.concat([
          node.content.subarray(0, size),
          Buffer.alloc(Math.max(0, size - node.content.length)),
        ]),
      )
    else call.process.files.claim(node, size)
  }
  return 0
}

/** `512`, `10K`, `2G`, `1MB`. */
export function bytesOf(text: string): number {
  const [, number = '0', unit = ''] = /^(\d+(?:\.\d+)?)\s*([KMGT]?)/i.exec(text) ?? []
  return Math.round(Number(number) * 1024 ** ' KMGT'.indexOf(unit.toUpperCase() || ' '))
}

export function fallocate(call: Call): number {
  const options = call.options('lo', ['length'])
  const [path = ''] = options.operands
  const found = call.process.find(path)
  const node =
    found.node ??
    fileNode('', 0o666 & ~call.process.umask, call.process.credentials.uid, call.process.credentials.gid)
  if (!found.node) call.process.files.add(found, node, call.process.credentials)
  if (node.kind === 'file') call.process.files.claim(node, bytesOf(options.value('l', 'length') ?? '0'))
  return 0
}

export const sync = (call: Call): number => {
  for (const path of call.options().operands)
    if (!call.process.maybe(path)) return call.fail(`error opening '${path}': No such file or directory`)
  return 0
}

export async function dd(call: Call): Promise<number> {
  const settings = new Map(call.words.map(word => word.split(/=(.*)/s).slice(0, 2) as [string, string]))
  const size = bytesOf(settings.get('bs') ?? '512')
  const count = Number(settings.get('count') ?? Number.POSITIVE_INFINITY)
  const from = settings.get('if')
  const to = settings.get('of')
  const input = from === undefined ? call.process.descriptor(0) : await call.process.openFile(from, 'read')
  const output = to === undefined ? call.process.descriptor(1) : await call.process.openFile(to, 'write')
  input.retain()
  output.retain()
  if (
    from === '/dev/zero' &&
    Number.isFinite(count) &&
    size * count > 65_536 &&
    output.node?.kind === 'file'
  ) {
    // Too large to keep: the file claims its size.
    const { node } = output
    const { disk } = call.process.files
    input.release()
    output.release()
    if (disk.usedBytes + size * count > disk.bytes)
      return call.fail(`error writing '${to ?? 'standard output'}': No space left on device`)
    call.process.files.claim(node, size * count)
    return 0
  }
  try {
    for (let block = 0; block < count; block++) {
      const bytes = await input.read(size, call.process.wait)
      if (bytes.length === 0) break
      await output.write(bytes, call.process.wait)
    }
  } catch (error) {
    return call.fail(`error writing '${to ?? 'standard output'}': ${wordsOf(error)}`)
  } finally {
    input.release()
    output.release()
  }
  return 0
}
