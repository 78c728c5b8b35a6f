/**
 * A bucket as S3 keeps it: PUT, GET and HEAD of objects and their list, each signed with AWS Signature Version 4, and each body held
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
  /** Objects on one page of a list; S3 gives at most 1000. */
  pageSize: number
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
  const pages = { size: 1000 }
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const wrong = wrongWith(request, body, { accessKey, secretKey, region })
    const key = (request.url ?? '/').split('?')[0]?.slice(1) ?? ''
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
    const query = new URLSearchParams((request.url ?? '').split('?')[1] ?? '')
    if (!key.startsWith('backups')) {
      response
        .writeHead(404, { 'content-type': 'application/xml' })
        .end('<Error><Code>NoSuchBucket</Code></Error>')
      return
    }
    if (request.method === 'GET' && query.get('list-type') === '2') {
      response
        .writeHead(200, { 'content-type': 'application/xml' })
        .end(listOf(key, query, objects, pages.size))
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
    get pageSize() {
      return pages.size
    },
    set pageSize(size) {
      pages.size = size
    },
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

/** ListObjectsV2 of one bucket: `backups?delimiter=/&list-type=2&prefix=shop/`. */
function listOf(path: string, query: URLSearchParams, all: Map<string, Buffer>, size: number): string {
  const bucket = path.replace(/\/$/, '')
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const after = Buffer.from(query.get('continuation-token') ?? '', 'base64').toString()
  const keys = [...all.keys()]
    .filter(key => key.startsWith(`${bucket}/${prefix}`))
    .map(key => key.slice(bucket.length + 1))
    .sort()
  const isBelow = (key: string) => delimiter !== '' && key.slice(prefix.length).includes(delimiter)
  const below = new Set(
    keys.filter(isBelow).map(key => `${prefix}${key.slice(prefix.length).split(delimiter)[0]}${delimiter}`),
  )
  const rest = keys.filter(key => !isBelow(key) && key > after)
  const page = rest.slice(0, size)
  const isTruncated = rest.length > page.length
  const last = page.at(-1) ?? ''
  const contents = page.map(key => {
    const content = all.get(`${bucket}/${key}`) ?? Buffer.alloc(0)
    const etag = createHash('md5').update(content).digest('hex')
    return `<Contents><Key>${escaped(key)}</Key><LastModified>2026-11-21T08:00:00.000Z</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${content.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    `<Name>${escaped(bucket)}</Name><Prefix>${escaped(prefix)}</Prefix><Delimiter>${escaped(delimiter)}</Delimiter>`,
    `<MaxKeys>1000</MaxKeys><KeyCount>${page.length + below.size}</KeyCount><IsTruncated>${isTruncated}</IsTruncated>`,
    isTruncated
      ? `<NextContinuationToken>${Buffer.from(last).toString('base64')}</NextContinuationToken>`
      : '',
    ...contents,
    ...[...below].map(name => `<CommonPrefixes><Prefix>${escaped(name)}</Prefix></CommonPrefixes>`),
    '</ListBucketResult>',
  ].join('')
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)

/** The query as the signature has it: each name and value encoded, then sorted by their bytes. */
function canonicalQuery(query: string): string {
  const strict = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
  return query
    .split('&')
    .filter(pair => pair !== '')
    .map(pair => {
      const [name = '', ...value] = pair.split('=')
      return `${strict(decodeURIComponent(name))}=${strict(decodeURIComponent(value.join('=')))}`
    })
    .sort()
    .join('&')
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
  const canonical = [request.method, path, canonicalQuery(query), headers.join(''), names, sum].join('\n')
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
