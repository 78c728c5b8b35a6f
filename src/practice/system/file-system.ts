/** One tree of files as one process sees it: paths, links, rights. Bind mounts are the same node in two trees. */

import { type DirectoryNode, directoryNode, type FileNode, fileNode, linkNode, type Node } from './nodes.ts'
import { SystemError } from './system-error.ts'

/** Who asks. User id 0 may do everything. */
export interface Credentials {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
}

export const ROOT: Credentials = { uid: 0, gid: 0, groups: [0] }

/** What all trees on one disk share: how much there is, and how much is used. */
export interface Disk {
  readonly bytes: number
  usedBytes: number
}

export interface Found {
  readonly parent: DirectoryNode
  /** The last name; '' for the root itself. */
  readonly name: string
  readonly node: Node | undefined
  /** The path with all links followed. */
  readonly path: string
}

const MOST_LINKS = 40

export class FileSystem {
  readonly root: DirectoryNode
  readonly disk: Disk

  constructor(root: DirectoryNode, disk: Disk) {
    this.root = root
    this.disk = disk
  }

  /** Walks a path. @throws SystemError when a folder on the way is missing, closed, or none. */
  find(path: string, who: Credentials, cwd = '/', follow = true): Found {
    if (path === '') throw new SystemError('ENOENT')
    return this.#walk(path.startsWith('/') ? path : `${cwd}/${path}`, who, follow, 0, path.endsWith('/'))
  }

  #walk(path: string, who: Credentials, follow: boolean, depth: number, slash = false): Found {
    if (depth > MOST_LINKS) throw new SystemError('ELOOP')
    const names = path.split('/').filter(name => name !== '' && name !== '.')
    const stack: { name: string; node: DirectoryNode }[] = [{ name: '', node: this.root }]
    for (let index = 0; index < names.length; index++) {
      const name = names[index] ?? ''
      const at = stack.at(-1)?.node ?? this.root
      if (name === '..') {
        if (stack.length > 1) stack.pop()
        continue
      }
      if (!allows(at, who, 1)) throw new SystemError('EACCES')
      const node = at.entries.get(name) ?? at.generate?.find(name)
      const isLast = index === names.length - 1
      const here = `${stack.map(entry => entry.name).join('/')}`
      if (node?.kind === 'link' && (!isLast || follow || slash)) {
        const rest = names.slice(index + 1).join('/')
        const target = node.target.startsWith('/') ? node.target : `${here}/${node.target}`
        return this.#walk(rest ? `${target}/${rest}` : target, who, follow, depth + 1, slash)
      }
      if (isLast && node?.kind !== 'directory') {
        if (slash && node !== undefined) throw new SystemError('ENOTDIR')
        return { parent: at, name, node, path: `${here}/${name}` }
      }
      if (node === undefined) throw new SystemError('ENOENT')
      if (node.kind !== 'directory') throw new SystemError('ENOTDIR')
      stack.push({ name, node })
    }
    const last = stack.at(-1)
    const parent = stack.at(-2)
    return {
      parent: parent?.node ?? this.root,
      name: last?.name ?? '',
      node: last?.node,
      path: stack.map(entry => entry.name).join('/') || '/',
    }
  }

  /** The node. @throws SystemError ENOENT and those of the way. */
  node(path: string, who: Credentials = ROOT, cwd = '/', follow = true): Node {
    const { node } = this.find(path, who, cwd, follow)
    if (!node) throw new SystemError('ENOENT')
    return node
  }

  /** The node, or undefined for whatever reason. */
  maybe(path: string, who: Credentials = ROOT, cwd = '/', follow = true): Node | undefined {
    try {
      return this.find(path, who, cwd, follow).node
    } catch (error) {
      if (error instanceof SystemError) return undefined
      throw error
    }
  }

  exists(path: string): boolean {
    return this.maybe(path) !== undefined
  }

  read(path: string, who: Credentials = ROOT, cwd = '/'): Buffer {
    const node = this.node(path, who, cwd)
    if (node.kind === 'directory') throw new SystemError('EISDIR')
    if (!allows(node, who, 4)) throw new SystemError('EACCES')
    if (node.kind === 'file') return node.content
    return node.kind === 'generated' ? Buffer.from(node.text(), 'latin1') : Buffer.alloc(0)
  }

  /** A file's text as root reads it; '' where there is none. */
  text(path: string): string {
    const node = this.maybe(path)
    if (node?.kind === 'file') return node.content.toString('utf8')
    return node?.kind === 'generated' ? node.text() : ''
  }

  /** Names in a folder, in the order of bytes. */
  names(path: string, who: Credentials = ROOT, cwd = '/'): string[] {
    const node = this.node(path, who, cwd)
    if (node.kind !== 'directory') throw new SystemError('ENOTDIR')
    if (!allows(node, who, 4)) throw new SystemError('EACCES')
    return [...node.entries.keys(), ...(node.generate?.names() ?? [])].sort()
  }

  /** Puts a node where none is. @throws SystemError when the folder may not be written. */
  add({ parent, name, node: there }: Found, node: Node, who: Credentials): void {
    if (there) throw new SystemError('EEXIST')
    if (!allows(parent, who, 2)) throw new SystemError('EACCES')
    this.#grow(node.kind === 'directory' ? 4096 : 0)
    parent.entries.set(name, node)
    parent.modified = Date.now()
  }

  /** Takes a node away; a file's bytes are free again when its last name is gone. */
  remove({ parent, name, node }: Found, who: Credentials): void {
    if (!node) throw new SystemError('ENOENT')
    if (!allows(parent, who, 2) || isSticky(parent, node, who)) throw new SystemError('EACCES')
    parent.entries.delete(name)
    parent.modified = Date.now()
    node.links -= 1
    if (node.kind === 'file' && node.links === 0) this.#grow(-(node.content.length + (node.claimed ?? 0)))
    if (node.kind === 'directory') this.#release(node)
  }

  #release(directory: DirectoryNode): void {
    this.#grow(-4096)
    for (const node of directory.entries.values()) {
      if (node.kind === 'file') this.#grow(-(node.content.length + (node.claimed ?? 0)))
      else if (node.kind === 'directory') this.#release(node)
    }
  }

  /** Gives a file new content. @throws SystemError ENOSPC */
  put(node: FileNode, content: Buffer): void {
    this.#grow(content.length - node.content.length - (node.claimed ?? 0))
    node.content = content
    delete node.claimed
    node.modified = Date.now()
  }

  #grow(bytes: number): void {
    if (bytes > 0 && this.disk.usedBytes + bytes > this.disk.bytes) throw new SystemError('ENOSPC')
    this.disk.usedBytes = Math.max(0, this.disk.usedBytes + bytes)
  }

  /** Claims bytes for a file that is too large to keep. */
  claim(node: FileNode, bytes: number): void {
    this.disk.usedBytes += bytes - (node.claimed ?? 0)
    node.claimed = bytes
  }

  /** For building a world: folders on the way are made, an existing file is replaced. Root's hand, no questions. */
  write(path: string, content: string | Buffer, mode = 0o644, uid = 0, gid = 0): FileNode {
    const folder = path.slice(0, path.lastIndexOf('/')) || '/'
    this.folder(folder)
    const found = this.find(path, ROOT)
    if (found.node?.kind === 'file') {
      this.put(found.node, typeof content === 'string' ? Buffer.from(content, 'utf8') : content)
      Object.assign(found.node, { mode, uid, gid })
      return found.node
    }
    const node = fileNode('', mode, uid, gid)
    this.put(node, typeof content === 'string' ? Buffer.from(content, 'utf8') : content)
    found.parent.entries.set(found.name, node)
    return node
  }

  /** For building a world: makes a folder with those above it. */
  folder(path: string, mode?: number, uid?: number, gid?: number): DirectoryNode {
    let at = this.root
    for (const name of path.split('/').filter(Boolean)) {
      const next = at.entries.get(name)
      if (next?.kind === 'directory') at = next
      else if (next?.kind === 'link') {
        const target = this.maybe(next.target)
        if (target?.kind !== 'directory') throw new Error(`${path} goes through a link that leads nowhere`)
        at = target
      } else {
        const made = directoryNode()
        at.entries.set(name, made)
        at = made
      }
    }
    if (mode !== undefined) at.mode = mode
    if (uid !== undefined) Object.assign(at, { uid, gid: gid ?? uid })
    return at
  }

  /** For building a world. */
  link(path: string, target: string): void {
    const parent = this.folder(path.slice(0, path.lastIndexOf('/')) || '/')
    parent.entries.set(path.slice(path.lastIndexOf('/') + 1), linkNode(target))
  }

  /** For building a world: takes away whatever is there. */
  drop(path: string): void {
    const found = this.maybe(path) && this.find(path, ROOT, '/', false)
    if (found?.node) this.remove(found, ROOT)
  }
}

/** Whether the bits (4 read, 2 write, 1 search or run) are granted. */
export function allows(node: Node, who: Credentials, bits: number): boolean {
  if (who.uid === 0) return bits !== 1 || node.kind === 'directory' || (node.mode & 0o111) !== 0
  const shift = node.uid === who.uid ? 6 : who.gid === node.gid || who.groups.includes(node.gid) ? 3 : 0
  return ((node.mode >> shift) & bits) === bits
}

function isSticky(parent: DirectoryNode, node: Node, who: Credentials): boolean {
  return (parent.mode & 0o1000) !== 0 && who.uid !== 0 && node.uid !== who.uid && parent.uid !== who.uid
}
