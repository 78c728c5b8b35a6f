/** tar archives (ustar): 512-byte headers, each followed by its content. */

import { directoryNode, fileNode, linkNode, type Node } from '../../system/nodes.ts'

const BLOCK = 512

export function writeArchive(members: readonly { path: string; node: Node }[]): Buffer {
  const parts: Buffer[] = []
  for (const { path, node } of members) {
    const content = node.kind === 'file' ? node.content : Buffer.alloc(0)
    const header = Buffer.alloc(BLOCK)
    header.write(node.kind === 'directory' ? `${path.replace(/\/$/, '')}/` : path, 0, 100, 'latin1')
    header.write(`${(node.mode & 0o7777).toString(8).padStart(7, '0')}\0`, 100, 'latin1')
    header.write(`${node.uid.toString(8).padStart(7, '0')}\0`, 108, 'latin1')
    header.write(`${node.gid.toString(8).padStart(7, '0')}\0`, 116, 'latin1')
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
    header.write(
      `${Math.floor(node.modified / 1000)
        .toString(8)
        .padStart(11, '0')}\0`,
      136,
      'latin1',
    )
    header.write('        ', 148, 'latin1')
    header.write(node.kind === 'directory' ? '5' : node.kind === 'link' ? '2' : '0', 156, 'latin1')
    if (node.kind === 'link') header.write(node.target, 157, 100, 'latin1')
    header.write('ustar\x0000', 257, 'latin1')
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    parts.push(header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK))
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)])
}

export function readArchive(bytes: Buffer): { path: string; node: Node }[] {
  const members: { path: string; node: Node }[] = []
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK)
    const text = (from: number, length: number): string =>
      header.toString('latin1', from, from + length).replace(/\0.*$/s, '')
    const path = text(0, 100)
    if (path === '') break
    const number = (from: number, length: number): number =>
      Number.parseInt(text(from, length).trim() || '0', 8)
    const size = number(124, 12)
    const [mode, uid, gid] = [number(100, 8), number(108, 8), number(116, 8)]
    const type = text(156, 1)
    const content = Buffer.from(bytes.subarray(at + BLOCK, at + BLOCK + size))
    const node =
      type === '5'
        ? directoryNode(mode, uid, gid)
        : type === '2'
          ? linkNode(text(157, 100), uid, gid)
          : fileNode(content, mode, uid, gid)
    node.modified = number(136, 12) * 1000
    members.push({ path: path.replace(/\/$/, ''), node })
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return members
}
