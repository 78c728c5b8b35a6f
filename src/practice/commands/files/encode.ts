/** Sums, encodings, compression: base64, sha256sum, od, gzip, tar and their like. */

import { createHash, randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Call } from '../../system/call.ts'
import { directoryNode, fileNode, linkNode, type Node } from '../../system/nodes.ts'
import { wordsOf } from '../../system/system-error.ts'
import { readArchive, writeArchive } from './archive.ts'
import { makeDirectory } from './change.ts'

export async function base64(call: Call): Promise<number> {
  const options = call.options('w', ['wrap'])
  const bytes = await call.bytes(options.operands[0] ?? '-')
  if (options.has('d', 'decode', 'D')) {
    await call.write(1, Buffer.from(bytes.toString('latin1'), 'base64'))
    return 0
  }
  const wrap = Number(options.value('w', 'wrap') ?? 76)
  const text = bytes.toString('base64')
  call.out(wrap === 0 ? text : text.replace(new RegExp(`.{1,${wrap}}`, 'g'), '$&\n'))
  return 0
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  md5sum: 'md5',
  sha1sum: 'sha1',
  sha224sum: 'sha224',
  sha256sum: 'sha256',
  sha512sum: 'sha512',
}

export async function checksum(call: Call): Promise<number> {
  const options = call.options()
  const algorithm = ALGORITHMS[call.name] ?? 'sha256'
  const sum = (bytes: Buffer): string => createHash(algorithm).update(bytes).digest('hex')
  let status = 0
  for (const path of options.operands.length > 0 ? options.operands : ['-']) {
    try {
      const bytes = await call.bytes(path)
      if (!options.has('c', 'check')) {
        call.out(`${sum(bytes)}  ${path}\n`)
        continue
      }
      for (const line of bytes.toString('latin1').split('\n').filter(Boolean)) {
        const [expected = '', name = ''] = line.split(/ [ *]/)
        const good = sum(await call.bytes(name)) === expected
        if (!good) status = 1
        if (!options.has('status') && !(good && options.has('quiet')))
          call.out(`${name}: ${good ? 'OK' : 'FAILED'}\n`)
      }
    } catch (error) {
      call.err(`${call.name}: ${path}: ${wordsOf(error)}\n`)
      status = 1
    }
  }
  return status
}

export async function od(call: Call): Promise<number> {
  const options = call.options('AtNjw', ['address-radix', 'format', 'read-bytes'])
  const most = Number(options.value('N', 'read-bytes') ?? Number.POSITIVE_INFINITY)
  const path = options.operands[0] ?? '-'
  let bytes: Buffer
  if (path === '/dev/urandom') bytes = randomBytes(Number.isFinite(most) ? most : 16)
  else bytes = (await call.bytes(path)).subarray(0, most)
  const kind = options.value('t', 'format') ?? 'x1'
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)]
    const address = options.value('A') === 'n' ? '' : at.toString(8).padStart(7, '0')
    const shown = kind.startsWith('u4')
      ? [String(bytes.readUInt32LE(at))]
      : row.map(byte =>
          kind.startsWith('u') ? String(byte).padStart(3) : byte.toString(16).padStart(2, '0'),
        )
    call.out(`${address} ${shown.join(' ')}\n`)
  }
  return 0
}

export async function gzip(call: Call): Promise<number> {
  const options = call.options('S', ['suffix'])
  const decompress = call.name !== 'gzip' || options.has('d', 'decompress')
  const toOutput = call.name === 'zcat' || options.has('c', 'stdout') || options.operands.length === 0
  const { files } = call.process
  for (const path of options.operands.length > 0 ? options.operands : ['-']) {
    const bytes = await call.bytes(path)
    if (options.has('t', 'test')) {
      if (unzip(bytes) === null) return call.fail(`${path}: unexpected end of file`)
      continue
    }
    const result = decompress ? unzip(bytes) : gzipSync(bytes, { level: 6 })
    if (result === null)
      return call.fail(
        `${path === '-' ? 'stdin' : path}: ${bytes.length === 0 || bytes[0] === 0x1f ? 'unexpected end of file' : 'not in gzip format'}`,
      )
    if (toOutput) await call.write(1, result)
    else {
      const found = call.process.find(path)
      const target = call.process.find(decompress ? path.replace(/\.gz$/, '') : `${path}.gz`)
      const node = fileNode('', found.node?.mode, found.node?.uid, found.node?.gid)
      files.add({ ...target, node: undefined }, node, call.process.credentials)
      files.put(node, result)
      if (!options.has('k', 'keep')) files.remove(found, call.process.credentials)
    }
  }
  return 0
}

function unzip(bytes: Buffer): Buffer | null {
  try {
    return gunzipSync(bytes)
  } catch {
    return null
  }
}

export async function tar(call: Call): Promise<number> {
  const first = call.words[0] ?? ''
  const words = /^[a-zA-Z]/.test(first) ? [`-${first}`, ...call.words.slice(1)] : call.words
  const options = call.options('fC', ['file', 'directory', 'exclude', 'owner', 'group'], words)
  const file = options.value('f', 'file') ?? '-'
  const folder = options.value('C', 'directory') ?? '.'
  if (options.has('c')) {
    const members: { path: string; node: Node }[] = []
    const add = (path: string): void => {
      const node = call.process.node(`${folder}/${path}`, false)
      members.push({ path, node })
      if (node.kind === 'directory')
        for (const name of [...node.entries.keys()].sort()) add(`${path.replace(/\/$/, '')}/${name}`)
    }
    try {
      for (const path of options.operands) add(path)
    } catch (error) {
      return call.fail(`${wordsOf(error)}`, 2)
    }
    const archive = writeArchive(members)
    const bytes = options.has('z', 'gzip') ? gzipSync(archive) : archive
    if (file === '-') await call.write(1, bytes)
    else {
      const output = (await call.process.openFile(file, 'write')).retain()
      await output.write(bytes, call.process.wait)
      output.release()
    }
    return 0
  }
  const packed = await call.bytes(file)
  const bytes = packed[0] === 0x1f ? unzip(packed) : packed
  if (bytes === null) return call.fail('Unexpected EOF in archive', 2)
  for (const { path, node } of readArchive(bytes)) {
    if (
      options.operands.length > 0 &&
      !options.operands.some(name => path === name || path.startsWith(`${name}/`))
    )
      continue
    if (options.has('t', 'list')) {
      call.out(`${path}\n`)
      continue
    }
    if (options.has('O')) {
      if (node.kind === 'file') await call.write(1, node.content)
      continue
    }
    extract(call, `${folder}/${path}`, node)
  }
  return 0
}

function extract(call: Call, path: string, node: Node): void {
  const { process } = call
  makeDirectory(call, path.replace(/\/+[^/]*\/?$/, ''), true)
  const found = process.find(path.replace(/\/$/, ''), false)
  if (found.node && node.kind === 'directory') return
  if (found.node) process.files.remove(found, process.credentials)
  const owner = process.isRoot ? node : process.credentials
  const made =
    node.kind === 'directory'
      ? directoryNode(node.mode, owner.uid, owner.gid)
      : node.kind === 'link'
        ? linkNode(node.target, owner.uid, owner.gid)
        : fileNode('', node.mode, owner.uid, owner.gid)
  process.files.add({ ...found, node: undefined }, made, process.credentials)
  if (made.kind === 'file' && node.kind === 'file') process.files.put(made, node.content)
  made.modified = node.modified
}
