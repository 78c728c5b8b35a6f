/** ls, stat, readlink, find, du: what is there, whose, and how large. */

import type { Call } from '../../system/call.ts'
import { type Node, sizeOf, typeBits } from '../../system/nodes.ts'
import { SystemError, wordsOf } from '../../system/system-error.ts'
import { groupName, userName } from '../../world/accounts.ts'

export function permissions(node: Node): string {
  const letter = { file: '-', generated: '-', directory: 'd', link: 'l', fifo: 'p', device: 'c' }[node.kind]
  const bits = [...'rwxrwxrwx'].map((name, index) => (node.mode & (0o400 >> index) ? name : '-'))
  if (node.mode & 0o4000) bits[2] = bits[2] === 'x' ? 's' : 'S'
  if (node.mode & 0o2000) bits[5] = bits[5] === 'x' ? 's' : 'S'
  if (node.mode & 0o1000) bits[8] = bits[8] === 'x' ? 't' : 'T'
  return letter + bits.join('')
}

export function ls(call: Call): number {
  const options = call.options('IwT', ['sort', 'time-style', 'color', 'format'])
  const paths = options.operands.length > 0 ? options.operands : ['.']
  let status = 0
  const sections: string[] = []
  for (const path of paths) {
    try {
      const node = call.process.node(path, !options.has('l', 'd'))
      const inside = node.kind === 'directory' && !options.has('d')
      const names = inside ? listed(call, path, options.has('a', 'A')) : [path]
      const nodeOf = (name: string): Node | undefined =>
        inside ? call.process.maybe(`${path}/${name}`, false) : node
      if (options.has('t')) names.sort((a, b) => (nodeOf(b)?.modified ?? 0) - (nodeOf(a)?.modified ?? 0))
      if (options.has('S')) names.sort((a, b) => size(nodeOf(b)) - size(nodeOf(a)))
      if (options.has('r')) names.reverse()
      const lines = names.map(name => (options.has('l', 'n') ? longLine(call, nodeOf(name), name) : name))
      sections.push(
        `${inside && paths.length > 1 ? `${path}:\n` : ''}${lines.map(line => `${line}\n`).join('')}`,
      )
    } catch (error) {
      call.err(`ls: cannot access '${path}': ${wordsOf(error)}\n`)
      status = 2
    }
  }
  call.out(sections.join(''))
  return status
}

const size = (node: Node | undefined): number => (node ? sizeOf(node) : 0)

function listed(call: Call, path: string, hidden: boolean): string[] {
  return call.process.files
    .names(path, call.process.credentials, call.process.cwd)
    .filter(name => hidden || !name.startsWith('.'))
}

function longLine(call: Call, node: Node | undefined, name: string): string {
  if (!node) return name
  const { files } = call.process
  const date = new Date(node.modified + call.machine.clockOffset).toISOString().slice(0, 16).replace('T', ' ')
  const target = node.kind === 'link' ? ` -> ${node.target}` : ''
  return `${permissions(node)} ${node.links} ${userName(files, node.uid)} ${groupName(files, node.gid)} ${sizeOf(node)} ${date} ${name}${target}`
}

const KINDS = {
  file: 'regular file',
  generated: 'regular empty file',
  directory: 'directory',
  link: 'symbolic link',
  fifo: 'fifo',
  device: 'character special file',
} as const

export function stat(call: Call): number {
  const options = call.options('c', ['format', 'printf'])
  const format = options.value('c', 'format') ?? options.value('printf')
  let status = 0
  for (const path of options.operands) {
    try {
      const node = call.process.node(path, options.has('L', 'dereference'))
      if (options.has('f')) call.out(`${call.world.fileSystemOf(path).type}\n`)
      else if (format === undefined) call.out(`  File: ${path}\n  Size: ${sizeOf(node)}\n`)
      else {
        const text = described(call, node, path, format)
        call.out(options.has('printf') ? text.replaceAll('\\n', '\n').replaceAll('\\t', '\t') : `${text}\n`)
      }
    } catch (error) {
      call.err(`stat: cannot statx '${path}': ${wordsOf(error)}\n`)
      status = 1
    }
  }
  return status
}

function described(call: Call, node: Node, path: string, format: string): string {
  const { files } = call.process
  return format.replace(/%(.)/g, (_, letter: string) => {
    switch (letter) {
      case 'n':
        return path
      case 'N':
        return node.kind === 'link' ? `'${path}' -> '${node.target}'` : `'${path}'`
      case 'a':
        return node.mode.toString(8)
      case 'A':
        return permissions(node)
      case 'f':
        return (node.mode | typeBits(node)).toString(16)
      case 'F':
        return node.kind === 'file' && sizeOf(node) === 0 ? 'regular empty file' : KINDS[node.kind]
      case 'u':
        return String(node.uid)
      case 'g':
        return String(node.gid)
      case 'U':
        return userName(files, node.uid)
      case 'G':
        return groupName(files, node.gid)
      case 's':
        return String(sizeOf(node))
      case 'b':
        return String(Math.ceil(sizeOf(node) / 512))
      case 'B':
        return '512'
      case 'i':
        return String(node.inode)
      case 'h':
        return String(node.links)
      case 'd':
        return '2049'
      case 'm':
        return call.world.fileSystemOf(path).mountPoint
      case 'X':
      case 'Y':
      case 'Z':
      case 'W':
        return String(Math.floor((node.modified + call.machine.clockOffset) / 1000))
      case 'x':
      case 'y':
      case 'z':
        return new Date(node.modified + call.machine.clockOffset)
          .toISOString()
          .replace('T', ' ')
          .replace('Z', '000000 +0000')
      default:
        return letter === '%' ? '%' : '?'
    }
  })
}

export function readlink(call: Call): number {
  const options = call.options()
  const follows =
    options.has('f', 'e', 'm', 'canonicalize', 'canonicalize-missing') || call.name === 'realpath'
  let status = 0
  for (const path of options.operands) {
    const resolved = follows
      ? canonical(call, path, options.has('m', 'canonicalize-missing'))
      : target(call, path)
    if (resolved === null) {
      status = 1
      if (call.name === 'realpath') call.err(`realpath: ${path}: No such file or directory\n`)
    } else call.out(`${resolved}${options.has('n') ? '' : '\n'}`)
  }
  return status
}

function target(call: Call, path: string): string | null {
  const node = call.process.maybe(path, false)
  return node?.kind === 'link' ? node.target : null
}

/** The path with links followed; the last name may be missing, with `missing` any. */
function canonical(call: Call, path: string, missing: boolean): string | null {
  try {
    return call.process.find(path).path
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
    if (!missing) return null
    const absolute = path.startsWith('/') ? path : `${call.process.cwd}/${path}`
    const above = absolute.replace(/\/+[^/]*\/*$/, '') || '/'
    return `${(canonical(call, above, true) ?? above).replace(/\/$/, '')}/${absolute.replace(/\/+$/, '').split('/').at(-1)}`
  }
}

export function basename(call: Call): number {
  const [path = '', suffix = ''] = call.options().operands
  const name = path.replace(/\/+$/, '').split('/').at(-1) || '/'
  call.out(`${suffix && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name}\n`)
  return 0
}

export function dirname(call: Call): number {
  for (const path of call.options().operands) {
    const trimmed = path.replace(/\/+$/, '')
    const at = trimmed.lastIndexOf('/')
    call.out(`${at === -1 ? '.' : trimmed.slice(0, at).replace(/\/+$/, '') || '/'}\n`)
  }
  return 0
}

export function du(call: Call): number {
  const options = call.options('dt', ['max-depth', 'exclude', 'threshold'])
  const unit = options.has('b', 'bytes') ? 1 : options.has('m') ? 1024 ** 2 : 1024
  const depth = options.has('s') ? 0 : Number(options.value('d', 'max-depth') ?? Number.POSITIVE_INFINITY)
  let status = 0
  const shown = (bytes: number): string => (options.has('h') ? human(bytes) : String(Math.ceil(bytes / unit)))
  const walk = (node: Node, path: string, level: number): number => {
    let bytes = sizeOf(node)
    if (node.kind === 'directory')
      for (const [name, inner] of node.entries)
        bytes += walk(inner, `${path.replace(/\/$/, '')}/${name}`, level + 1)
    if (level <= depth && (node.kind === 'directory' || level === 0 || options.has('a')))
      call.out(`${shown(bytes)}\t${path}\n`)
    return bytes
  }
  for (const path of options.operands.length > 0 ? options.operands : ['.']) {
    try {
      walk(call.process.node(path, false), path, 0)
    } catch (error) {
      call.err(`du: cannot access '${path}': ${wordsOf(error)}\n`)
      status = 1
    }
  }
  return status
}

/** `1.5G`, as `-h` writes sizes. */
export function human(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < 5) {
    value /= 1024
    unit += 1
  }
  const shown = value < 10 && unit > 0 ? (Math.ceil(value * 10) / 10).toFixed(1) : String(Math.ceil(value))
  return `${shown}${['', 'K', 'M', 'G', 'T', 'P'][unit]}`
}
