/** Makes X.509 certificates (RFC 5280) for a CA of this world's own. Just enough DER. */

import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size =
    length < 128
      ? Buffer.from([length])
      : length < 256
        ? Buffer.from([0x81, length])
        : Buffer.from([0x82, length >> 8, length & 255])
  return Buffer.concat([Buffer.from([tag]), size, content])
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts)

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const number of rest) {
    const digits = [number & 127]
    for (let left = number >> 7; left > 0; left >>= 7) digits.unshift((left & 127) | 128)
    bytes.push(...digits)
  }
  return der(0x06, Buffer.from(bytes))
}

const name = (common: string): Buffer =>
  sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(common)))))

function time(at: number): Buffer {
  const text = new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)
  return new Date(at).getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(`${text.slice(2)}Z`))
    : der(0x18, Buffer.from(`${text}Z`))
}

const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))

export interface Issued {
  readonly certificate: string
  readonly privateKey: string
}

export interface Authority {
  readonly common: string
  readonly key: KeyObject
  readonly certificate: string
}

export interface Wish {
  readonly names: readonly string[]
  readonly from: number
  readonly to: number
}

function build(
  subject: string,
  issuer: string,
  key: KeyObject,
  signer: KeyObject,
  { from, to }: Wish,
  extensions: readonly Buffer[],
): string {
  const serial = randomBytes(12)
  serial[0] = (serial[0] ?? 0) & 0x7f || 1
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_SHA256,
    name(issuer),
    sequence(time(from), time(to)),
    name(subject),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', body, signer)
  return pem(sequence(body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature)))
}

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value))

export function makeAuthority(common: string, now: number): Authority {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const wish = { names: [], from: now - 30 * 86_400_000, to: now + 3650 * 86_400_000 }
  const certificate = build(common, common, privateKey, privateKey, wish, [
    extension('2.5.29.19', true, sequence(der(0x01, Buffer.from([0xff])))),
  ])
  return { common, key: privateKey, certificate }
}

export function issue(authority: Authority, wish: Wish): Issued {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const names = sequence(...wish.names.map(each => der(0x82, Buffer.from(each))))
  return {
    certificate: build(wish.names[0] ?? '', authority.common, privateKey, authority.key, wish, [
      extension('2.5.29.17', false, names),
    ]),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
