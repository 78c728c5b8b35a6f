/** A name server on loopback that answers from the world's zone (RFC 1035, RFC 8659). */

import { createSocket } from 'node:dgram'
import { createServer, isIPv6 } from 'node:net'
import type { RecordSet } from '../world/names.ts'
import type { World } from '../world/world.ts'

const TYPES: Readonly<Record<number, keyof RecordSet>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  28: 'AAAA',
  257: 'CAA',
}
const TTL = 60

/** @returns the port, on UDP and TCP alike. */
export async function serveNames(world: World): Promise<number> {
  const udp = createSocket('udp4')
  udp.on('message', (query, from) => {
    const reply = answer(world, query)
    if (reply) udp.send(reply, from.port, from.address)
  })
  await new Promise<void>(resolve => udp.bind(0, '127.0.0.1', resolve))
  const { port } = udp.address()
  const tcp = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', data => {
      const reply = answer(world, data.subarray(2))
      if (!reply) return
      const size = Buffer.alloc(2)
      size.writeUInt16BE(reply.length)
      socket.end(Buffer.concat([size, reply]))
    })
  })
  tcp.on('error', () => {})
  tcp.listen(port, '127.0.0.1')
  return port
}

function answer(world: World, query: Buffer): Buffer | undefined {
  if (query.length < 17) return undefined
  const labels: string[] = []
  let at = 12
  while ((query[at] ?? 0) > 0) {
    const length = query[at] ?? 0
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  const question = query.subarray(12, at + 5)
  const name = labels.join('.').toLowerCase()
  const type = TYPES[query.readUInt16BE(at + 1)]
  const known = [...world.names.zone.keys()].some(each => each === name || each.endsWith(`.${name}`))
  const alias = world.names.zone.get(name)?.CNAME?.[0]
  const records: Buffer[] = []
  if (alias !== undefined && type !== 'CNAME') records.push(record(5, encodeName(alias)))
  const owner = alias !== undefined && type !== 'CNAME' ? encodeName(alias) : Buffer.from([0xc0, 12])
  if (type)
    for (const value of world.names.lookUp(name, type))
      records.push(record(query.readUInt16BE(at + 1), encode(type, value), owner))
  const header: Buffer = Buffer.alloc(12)
  query.copy(header, 0, 0, 2)
  header.writeUInt16BE(0x8580 | (known ? 0 : 3), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(records.length, 6)
  return Buffer.concat([header, question, ...records])
}

function record(type: number, data: Buffer, owner: Buffer = Buffer.from([0xc0, 12])): Buffer {
  const middle = Buffer.alloc(10)
  middle.writeUInt16BE(type, 0)
  middle.writeUInt16BE(1, 2)
  middle.writeUInt32BE(TTL, 4)
  middle.writeUInt16BE(data.length, 8)
  return Buffer.concat([owner, middle, data])
}

const encodeName = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split('.')
      .filter(Boolean)
      .map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ])

function encode(type: keyof RecordSet, value: string): Buffer {
  if (type === 'A') return Buffer.from(value.split('.').map(Number))
  if (type === 'AAAA') return addressBytes(value)
  if (type !== 'CAA') return encodeName(value)
  const [flags = '0', tag = '', ...rest] = value.split(' ')
  return Buffer.concat([
    Buffer.from([Number(flags), tag.length]),
    Buffer.from(tag),
    Buffer.from(rest.join(' ').replaceAll('"', '')),
  ])
}

function addressBytes(text: string): Buffer {
  if (!isIPv6(text)) return Buffer.alloc(16)
  const [head = '', tail = ''] = text.split('::')
  const left = head.split(':').filter(Boolean)
  const right = text.includes('::') ? tail.split(':').filter(Boolean) : []
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
  return Buffer.concat(
    groups.map(group => {
      const bytes = Buffer.alloc(2)
      bytes.writeUInt16BE(Number.parseInt(group, 16))
      return bytes
    }),
  )
}
