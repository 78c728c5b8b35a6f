/**
 * A bucket as S3 keeps it: PUT, GET and HEAD of objects, each signed with AWS Signature Version 4, and each body held
 * against the checksum that was signed. The package registries have no S3-compatible server to install, so this one is
 * the test's own; it is written from the signature's specification, not from what is tested against it.
 */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Bucket {
  /** `http://ADDRESS:PORT/backups/shop`. */
  readonly url: string
  readonly accessKey: string
  readonly secretKey: string
  /** By their path without the leading slash. */
  readonly objects: Map<string, Buffer>
  /** What was refused, and why. */
  readonly refused: string[]
  /** From now on a GET gives a byte less than was put: a bucket that lost something. */
  loseBytes(): void
  close(): Promise<void>
}

export async function startBucket(address: string, region = 'us-east-1'): Promise<Bucket> {
  const accessKey = 'LABACCESSKEY00000000'
  const secretKey = createHash('sha256').update(`lab ${Math.random()}`).digest('hex')
  const objects = new Map<string, Buffer>()
  const refused: string[] = []
  let loses = false
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const wrong = wrongWith(request, body, { accessKey, secretKey, region })
    const key = (request.url ?? '/').slice(1)
    if (wrong !== '') {
      refused.push(`${request.method} ${key}: ${wrong}`)
      response
        .writeHead(403, { 'content-type': 'application/xml' })
        .end(`<Error><Code>${wrong}</Code></Error>`)
      return
    }
    if (request.method === 'PUT') {
      objects.set(key, body)
      response.writeHead(200, { etag: `"${createHash('md5').update(body).digest('hex')}"` }).end()
      return
    }
    const found = objects.get(key)
    if (found === undefined) {
      response
        .writeHead(404, { 'content-type': 'application/xml' })
        .end('<Error><Code>NoSuchKey</Code></Error>')
      return
    }
    const content = loses ? found.subarray(0, -1) : found
    response.writeHead(200, { 'content-length': content.length })
    response.end(request.method === 'HEAD' ? undefined : content)
  })
  await new Promise<void>(resolve => server.listen(0, address, resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${address}:${port}/backups/shop`,
    accessKey,
    secretKey,
    objects,
    refused,
    loseBytes: () => {
      loses = true
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** Why S3 would refuse; empty when the signature and the body's checksum are right. */
function wrongWith(
  request: IncomingMessage,
  body: Buffer,
  { accessKey, secretKey, region }: { accessKey: string; secretKey: string; region: string },
): string {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    )
  if (found === null) return 'AccessDenied'
  const [, key, date = '', signedFor = '', names = '', signature = ''] = found
  if (key !== accessKey) return 'InvalidAccessKeyId'
  if (signedFor !== region) return 'AuthorizationHeaderMalformed'
  const time = String(request.headers['x-amz-date'] ?? '')
  const sum = String(request.headers['x-amz-content-sha256'] ?? '')
  for (const needed of ['host', 'x-amz-content-sha256', 'x-amz-date'])
    if (!names.split(';').includes(needed)) return `Unsigned${needed}`
  const stamp = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(Date.now() - stamp) < 15 * 60_000)) return 'RequestTimeTooSkewed'
  const headers = names.split(';').map(name => `${name}:${String(request.headers[name] ?? '').trim()}\n`)
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const canonical = [request.method, path, query, headers.join(''), names, sum].join('\n')
  const scope = `${date}/${region}/s3/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const signing = ['s3', 'aws4_request'].reduce(
    (by, text) => hmac(by, text),
    hmac(hmac(Buffer.from(`AWS4${secretKey}`), date), region),
  )
  const right = hmac(signing, toSign)
  if (!timingSafeEqual(right, Buffer.from(signature, 'hex'))) return 'SignatureDoesNotMatch'
  return sum === sha256(body) ? '' : 'XAmzContentSHA256Mismatch'
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
