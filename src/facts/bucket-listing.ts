/** S3's ListObjectsV2: how it is asked for, and what it answers. Pure. */

import { Unreadable } from '../model/command.ts'

export interface BucketObject {
  readonly key: string
  readonly bytes: number
  /** When it was put there, ISO 8601 in UTC. */
  readonly modifiedAt: string
}

export type BucketPage =
  | {
      readonly objects: readonly BucketObject[]
      /** What the next page is asked for with; empty on the last one. */
      readonly next: string
    }
  /** S3's own word for why not: `NoSuchBucket`; empty where the answer is no list and no error. */
  | { readonly code: string }

/** A bucket is named by the path or by the host; a URL does not say by which. */
export interface BucketAddress {
  /** What is asked, without its query. */
  readonly base: string
  /** What the keys begin with: ends in a slash, or is empty. */
  readonly prefix: string
}

/** The addresses that a URL with its prefix may mean, the likelier first. @throws Unreadable when it cannot be read as one. */
export function bucketAddresses(url: string): BucketAddress[] {
  const { origin, pathname } = new URL(url)
  const parts = pathname.split('/').filter(part => part !== '')
  let decoded: string[]
  try {
    decoded = parts.map(decodeURIComponent)
  } catch {
    throw new Unreadable(`${url} is no URL of a bucket`)
  }
  const under = (names: readonly string[]) => names.map(name => `${name}/`).join('')
  const byHost = { base: `${origin}/`, prefix: under(decoded) }
  const [bucket] = decoded
  return bucket === undefined
    ? [byHost]
    : [{ base: `${origin}/${encoded(bucket)}`, prefix: under(decoded.slice(1)) }, byHost]
}

/** Its query stands in the order, and is encoded, as the signature wants it: not every curl does that by itself. */
export function pageUrl({ base, prefix }: BucketAddress, token: string): string {
  const query = [
    ...(token === '' ? [] : [['continuation-token', token]]),
    // What lies in folders below is not listed: a bucket may hold a shop's pictures too.
    ['delimiter', '/'],
    ['list-type', '2'],
    ...(prefix === '' ? [] : [['prefix', prefix]]),
  ]
  return `${base}?${query.map(([name = '', value = '']) => `${name}=${encoded(value)}`).join('&')}`
}

/** RFC 3986, as AWS's signature wants it: everything but letters, digits and `-._~`. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/**
 * Reads one page.
 *
 * @throws Unreadable when a list is cut off, or says of an object what cannot be: half a list may lack the newest backup.
 */
export function parsePage(body: string, http: number, url: string): BucketPage {
  if (http !== 200 || !/<ListBucketResult[\s>]/.test(body)) return { code: field(body, 'Code').slice(0, 60) }
  const broken = (why: string) => new Unreadable(`the bucket’s list of ${url} cannot be read: ${why}`)
  if (!body.trimEnd().endsWith('</ListBucketResult>')) throw broken('it is cut off')
  const contents = [...body.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, text = '']) => text)
  if (contents.length !== body.split('<Contents>').length - 1) throw broken('an object does not end')
  const objects = contents.map((text): BucketObject => {
    const [key, size, modified] = [field(text, 'Key'), field(text, 'Size'), field(text, 'LastModified')]
    const time = Date.parse(modified)
    if (key === '' || !/^\d{1,15}$/.test(size) || Number.isNaN(time))
      throw broken('an object has no name, no size or no time')
    return { key, bytes: Number(size), modifiedAt: new Date(time).toISOString().replace(/\.\d+Z$/, 'Z') }
  })
  const more = body.replace(/<Contents>.*?<\/Contents>/gs, '')
  const next = field(more, 'NextContinuationToken')
  switch (field(more, 'IsTruncated')) {
    case 'false':
      return { objects, next: '' }
    case 'true':
      if (next === '') throw broken('it goes on, and does not say where')
      return { objects, next }
    default:
      throw broken('it does not say whether it goes on')
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The text of the first element of that name; empty without one. */
function field(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''
  return text.replace(/&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|([a-z]+));/g, (whole, decimal, hex, named) => {
    if (named !== undefined) return ENTITIES[named] ?? whole
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return point > 0x10ffff ? whole : String.fromCodePoint(point)
  })
}
