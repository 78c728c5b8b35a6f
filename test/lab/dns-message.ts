/**
 * DNS messages on the wire (RFC 1035), as much of them as a server for tests needs.
 *
 * The npm package `dns-packet` would do; the lab stays without dependencies of its own, and this fits two screens.
 */
export const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, CAA: 257 } as const
export type RecordType = keyof typeof TYPES

export const CODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const
export type ResponseCode = keyof typeof CODES

/** A record with its data in the form of a zone file: `0 issue "letsencrypt.org"` for CAA, an address for A. */
export type ResourceRecord = { name: string; type: RecordType; ttl: number; data: string }

export type Question = {
  id: number
  recursionDesired: boolean
  opcode: number
  name: string
  type: number
  /** The question section as it came: resolvers that vary the case of letters want it back unchanged. */
  section: Buffer
}

export type Response = {
  code: ResponseCode
  answers: ResourceRecord[]
  authorities: ResourceRecord[]
  additionals: ResourceRecord[]
  authoritative: boolean
  recursionAvailable: boolean
}

const HEADER = 12

export function readQuestion(message: Buffer): Question {
  const labels: string[] = []
  let at = HEADER
  for (;;) {
    const length = message.readUInt8(at)
    at += 1
    if (length === 0) break
    if (length > 63) throw new RangeError('A question’s name is never compressed.')
    labels.push(message.toString('latin1', at, at + length))
    at += length
  }
  return {
    id: message.readUInt16BE(0),
    recursionDesired: (message.readUInt8(2) & 1) === 1,
    opcode: (message.readUInt8(2) >> 3) & 15,
    name: labels.join('.').toLowerCase(),
    type: message.readUInt16BE(at),
    section: message.subarray(HEADER, at + 4),
  }
}

export function writeResponse(question: Question, response: Response, limit: number): Buffer {
  const sections = [response.answers, response.authorities, response.additionals]
  const whole = assemble(question, response, sections, false)
  return whole.length <= limit ? whole : assemble(question, response, [[], [], []], true)
}

function assemble(
  question: Question,
  response: Response,
  sections: ResourceRecord[][],
  truncated: boolean,
): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeUInt16BE(question.id, 0)
  const flags =
    0x8000 |
    (question.opcode << 11) |
    (response.authoritative ? 0x0400 : 0) |
    (truncated ? 0x0200 : 0) |
    (question.recursionDesired ? 0x0100 : 0) |
    (response.recursionAvailable ? 0x0080 : 0) |
    CODES[response.code]
  header.writeUInt16BE(flags, 2)
  header.writeUInt16BE(1, 4)
  sections.forEach((section, index) => {
    header.writeUInt16BE(section.length, 6 + 2 * index)
  })
  return Buffer.concat([header, question.section, ...sections.flat().map(record)])
}

function record({ name, type, ttl, data }: ResourceRecord): Buffer {
  const body = recordData(type, data)
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(TYPES[type], 0)
  fixed.writeUInt16BE(1, 2)
  fixed.writeUInt32BE(ttl, 4)
  fixed.writeUInt16BE(body.length, 8)
  return Buffer.concat([domainName(name), fixed, body])
}

function recordData(type: RecordType, data: string): Buffer {
  switch (type) {
    case 'A':
      return Buffer.from(data.split('.').map(Number))
    case 'AAAA':
      return ipv6(data)
    case 'NS':
    case 'CNAME':
      return domainName(data)
    case 'TXT':
      return Buffer.concat((data.match(/.{1,255}/gs) ?? ['']).map(characterString))
    case 'MX': {
      const [preference = '10', exchange = ''] = data.split(/\s+/)
      return Buffer.concat([uint16(Number(preference)), domainName(exchange)])
    }
    case 'CAA': {
      const [, flags = '0', tag = '', value = ''] = /^(\d+)\s+(\S+)\s+"?([^"]*)"?$/.exec(data) ?? []
      return Buffer.concat([Buffer.from([Number(flags)]), characterString(tag), Buffer.from(value, 'latin1')])
    }
    case 'SOA': {
      const [primary = '', mailbox = '', ...numbers] = data.split(/\s+/)
      return Buffer.concat([
        domainName(primary),
        domainName(mailbox),
        ...numbers.map(number => uint32(Number(number))),
      ])
    }
  }
}

function domainName(name: string): Buffer {
  const labels = name.split('.').filter(label => label !== '')
  return Buffer.concat([...labels.map(characterString), Buffer.from([0])])
}

function characterString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

function ipv6(address: string): Buffer {
  const [head = '', tail] = address.split('::')
  const groups = (part: string) => part.split(':').filter(group => group !== '')
  const [left, right] = [groups(head), groups(tail ?? '')]
  const middle = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0')
  return Buffer.concat([...left, ...middle, ...right].map(group => uint16(Number.parseInt(group, 16))))
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
