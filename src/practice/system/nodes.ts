/** What a file system is made of. Content is bytes; a name is a string of bytes (latin1), as on a real server. */

interface Standing {
  readonly inode: number
  /** Permission bits, 0 to 0o7777. */
  mode: number
  uid: number
  gid: number
  /** Milliseconds since 1970. */
  modified: number
  links: number
}

export interface FileNode extends Standing {
  readonly kind: 'file'
  content: Buffer
  /** The program that it is, for what lies in /usr/bin. */
  program?: string
  /** Bytes that it claims beside its content, for files too large to keep. */
  claimed?: number
}

export interface DirectoryNode extends Standing {
  readonly kind: 'directory'
  readonly entries: Map<string, Node>
  /** Names that are made when asked for, as below /proc. */
  generate?: { names(): string[]; find(name: string): Node | undefined }
}

export interface LinkNode extends Standing {
  readonly kind: 'link'
  target: string
}

export interface PipeNode extends Standing {
  readonly kind: 'fifo'
  /** The pipe of those who have it open. */
  pipe?: import('./pipe.ts').Pipe | undefined
}

export interface DeviceNode extends Standing {
  readonly kind: 'device'
  readonly device: 'null' | 'zero' | 'full' | 'random'
}

/** Text that is made anew at each reading: /proc. */
export interface GeneratedNode extends Standing {
  readonly kind: 'generated'
  text(): string
}

export type Node = FileNode | DirectoryNode | LinkNode | PipeNode | DeviceNode | GeneratedNode

let lastInode = 1000

function standing(mode: number, uid = 0, gid = 0): Standing {
  lastInode += 1
  return { inode: lastInode, mode, uid, gid, modified: Date.now(), links: 1 }
}

export const fileNode = (content: Buffer | string, mode = 0o644, uid = 0, gid = 0): FileNode => ({
  kind: 'file',
  content: typeof content === 'string' ? Buffer.from(content, 'utf8') : content,
  ...standing(mode, uid, gid),
})

export const directoryNode = (mode = 0o755, uid = 0, gid = 0): DirectoryNode => ({
  kind: 'directory',
  entries: new Map(),
  ...standing(mode, uid, gid),
  links: 2,
})

export const linkNode = (target: string, uid = 0, gid = 0): LinkNode => ({
  kind: 'link',
  target,
  ...standing(0o777, uid, gid),
})

export const pipeNode = (mode: number, uid = 0, gid = 0): PipeNode => ({
  kind: 'fifo',
  ...standing(mode, uid, gid),
})

export const deviceNode = (device: DeviceNode['device']): DeviceNode => ({
  kind: 'device',
  device,
  ...standing(0o666),
})

export const generatedNode = (text: () => string, mode = 0o444): GeneratedNode => ({
  kind: 'generated',
  text,
  ...standing(mode),
})

export const programNode = (program: string): FileNode => ({
  ...fileNode(Buffer.from(`\x7fELF${program}`), 0o755),
  program,
})

/** Bytes that a file holds, claimed ones included. */
export const sizeOf = (node: Node): number => {
  if (node.kind === 'file') return node.content.length + (node.claimed ?? 0)
  if (node.kind === 'directory') return 4096
  return node.kind === 'link' ? node.target.length : 0
}

/** The type bits of st_mode (inode(7)). */
export const typeBits = (node: Node): number =>
  ({
    file: 0o100000,
    generated: 0o100000,
    directory: 0o040000,
    link: 0o120000,
    fifo: 0o010000,
    device: 0o020000,
  })[node.kind]
