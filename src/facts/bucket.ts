/** An S3-compatible bucket as the server itself sees it: which objects lie under a URL. Nothing is fetched here. */

import { outputOf, Unreadable, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh } from '../model/script.ts'
import { type BucketBackup, backupsIn } from './bucket-backups.ts'
import { type BucketAddress, type BucketPage, bucketAddresses, pageUrl, parsePage } from './bucket-listing.ts'

/** SHA-256 of nothing: what a request without a body is signed with. */
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** A page holds at most 1000 objects, by S3's rule: so many lie beside no shop's backups. */
const MOST_PAGES = 20

/** The oldest curl that signs for S3 as S3 wants it: before it, the body’s checksum was left out. */
const CURL_SIGNS_SINCE = [7, 87] as const

/** Why the bucket cannot be listed, when that is known for certain. */
export interface BucketFault {
  /** `key-open`: others than root can read the key. `no-curl`: a package would bring it. */
  readonly kind: 'key-open' | 'no-curl' | 'other'
  /** One sentence without a full stop. */
  readonly says: string
  readonly measured: string
  readonly advice: string
}

export type BucketContents =
  | { readonly backups: readonly BucketBackup[]; readonly fault: null }
  | { readonly backups: null; readonly fault: BucketFault }

/**
 * The backups in a bucket, newest first.
 *
 * @param url with its prefix, as the parameter has it
 * @param credentials the file with the key, on the server
 * @throws Unreadable when the bucket gives no answer, or one that is no list.
 */
export const bucketBackups = fact(
  'bucket/backups',
  async (context, url: string, region: string, credentials: string): Promise<BucketContents> => {
    const ask = async (address: BucketAddress, token: string): Promise<Answer> => {
      const script = pageScript(pageUrl(address, token), region, credentials)
      return readAnswer(await context.run(script, { as: 'root', timeoutSeconds: 60 }), url)
    }
    let refused: Refusal | null = null
    for (const address of bucketAddresses(url)) {
      const first = await ask(address, '')
      if ('unusable' in first) return { backups: null, fault: first.unusable(credentials) }
      if ('code' in first.page) {
        const refusal = { http: first.http, code: first.page.code }
        // Where there is no such object, the host is the bucket: then the other answer is the one that tells.
        if (refused === null || refused.code === 'NoSuchKey') refused = refusal
        continue
      }
      const objects = [...first.page.objects]
      let { next } = first.page
      for (let page = 1; next !== ''; page += 1) {
        if (page === MOST_PAGES)
          throw new Unreadable(
            `more than ${MOST_PAGES * 1000} objects lie in ${url}: name a prefix of its own`,
          )
        const more = await ask(address, next)
        if ('unusable' in more || 'code' in more.page)
          throw new Unreadable(`the bucket stopped in the middle of its list of ${url}`)
        if (more.page.next === next) throw new Unreadable(`the bucket’s list of ${url} does not end`)
        objects.push(...more.page.objects)
        next = more.page.next
      }
      return { backups: backupsIn(objects, address.prefix, first.now), fault: null }
    }
    return { backups: null, fault: faultOf(refused ?? { http: 0, code: '' }, url, region, credentials) }
  },
)

/** One page of the list, after what would make asking for it useless. */
const pageScript = (url: string, region: string, credentials: string): Script => sh`
  key=${credentials}
  [ -f "$key" ] || { echo 'key absent'; exit 0; }
  access=$(stat -c '%a %U' -- "$key") || exit 1
  case $access in '600 root' | '400 root') ;; *) echo "key open $access"; exit 0 ;; esac
  # Its shape, and nothing of what it holds.
  grep -qE '^user *= *"[^":]+:[^"]+"$' "$key" || { echo 'key malformed'; exit 0; }
  command -v curl >/dev/null || { echo 'curl absent'; exit 0; }
  curl --version | sed -n '1s/^curl \\([0-9.]*\\).*/curl \\1/p'
  printf 'now %s\\n' "$(date +%s)"
  {
    curl --disable --silent --show-error --globoff --config "$key" --aws-sigv4 ${`aws:amz:${region}:s3`} \\
      --header ${`x-amz-content-sha256: ${EMPTY_SHA256}`} --connect-timeout 20 --max-time 50 \\
      --write-out '\\n@@ http %{http_code}\\n' ${url} 2>&1
    echo "@@ exit $?"
  } | head -c 1000000
`

type Answer =
  | { readonly unusable: (credentials: string) => BucketFault }
  | { readonly http: number; readonly now: number; readonly page: BucketPage }

/** Reads what {@link pageScript} prints. @throws Unreadable when nobody answered, or not with a list or an error. */
function readAnswer(result: Parameters<typeof outputOf>[0], url: string): Answer {
  if (result.ending !== 'exited') throw new Unreadable(`the bucket gave no answer: ${whyNot(result)}`)
  const text = outputOf(result, `the list of ${url}`)
  const unusable = unusableKey(text)
  if (unusable !== null) return { unusable }
  const now = Number(/^now (\d+)$/m.exec(text)?.[1])
  const exit = /^@@ exit (\d+)\n?$/m.exec(text.slice(text.lastIndexOf('@@ exit ')))?.[1]
  const end = text.lastIndexOf('\n@@ http ')
  if (exit === undefined || end === -1 || !(now > 0))
    throw new Unreadable(`the bucket’s answer about ${url} was cut off`)
  if (exit !== '0')
    throw new Unreadable(
      `the bucket gave no answer: ${/^curl: .*$/m.exec(text)?.[0] ?? `curl ended with ${exit}`}`,
    )
  const http = Number(/^@@ http (\d+)/.exec(text.slice(end + 1))?.[1])
  const body = text.slice(text.indexOf('\n', text.search(/^now \d+$/m)) + 1, end)
  if (http >= 500 || http === 429) throw new Unreadable(`the bucket answered ${http} for ${url}`)
  return { http, now, page: parsePage(body, http, url) }
}

function unusableKey(text: string): ((credentials: string) => BucketFault) | null {
  const [first = ''] = text.split('\n')
  const write =
    'Its one line is user = "ACCESS_KEY:SECRET_KEY"; write it on the server as root, with umask 077 and an editor'
  if (first === 'key absent')
    return file => ({
      kind: 'other',
      says: `the bucket’s key is not on the server: ${file} does not exist`,
      measured: 'absent',
      advice: `${write}. A key that may list and read this bucket is enough for a restore`,
    })
  const open = /^key open (.+)$/.exec(first)?.[1]
  if (open !== undefined)
    return file => ({
      kind: 'key-open',
      says: `others than root can read the bucket’s key in ${file}`,
      measured: open,
      advice: 'It has to be root’s, mode 600',
    })
  if (first === 'key malformed')
    return file => ({
      kind: 'other',
      says: `${file} is not written as curl reads it`,
      measured: 'no such line',
      advice: write,
    })
  const version = /^curl ([0-9.]+|absent)$/.exec(first)?.[1] ?? 'absent'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (version === 'absent')
    return () => ({
      kind: 'no-curl',
      says: 'curl is not installed, which asks the bucket',
      measured: 'no curl',
      advice: 'Install the package curl',
    })
  if (major * 1000 + minor < CURL_SIGNS_SINCE[0] * 1000 + CURL_SIGNS_SINCE[1])
    return () => ({
      kind: 'other',
      says: `curl ${version} cannot sign requests to a bucket`,
      measured: `curl ${version}`,
      advice: `It takes ${CURL_SIGNS_SINCE.join('.')} or newer: Debian 12, Ubuntu 24.04. Bring the file here by another way, with what stands beside it`,
    })
  return null
}

interface Refusal {
  readonly http: number
  readonly code: string
}

/** What a refusal means, by the codes that S3 documents. Pure. */
export function faultOf({ http, code }: Refusal, url: string, region: string, file: string): BucketFault {
  const fault = (says: string, advice: string): BucketFault => ({
    kind: 'other',
    says,
    measured: `${http} ${code}`.trim(),
    advice,
  })
  switch (code) {
    case 'InvalidAccessKeyId':
      return fault(
        `the bucket knows no such access key as stands in ${file}`,
        `Write the right one into ${file}`,
      )
    case 'SignatureDoesNotMatch':
      return fault(
        `the bucket refuses the key in ${file}: its secret part is wrong`,
        `Write the right one into ${file}`,
      )
    case 'AccessDenied':
      return fault(
        `the key in ${file} may not list the bucket`,
        'A restore needs the rights to list the bucket and to read what is in it (s3:ListBucket, s3:GetObject)',
      )
    case 'RequestTimeTooSkewed':
      return fault(
        'the bucket refuses the request because the server’s clock is wrong',
        'Set the clock right: more than 15 minutes off, nothing that is signed is taken',
      )
    case 'AuthorizationHeaderMalformed':
    case 'PermanentRedirect':
    case 'TemporaryRedirect':
    case 'IllegalLocationConstraintException':
      return fault(
        `the bucket is not in the region ${region}`,
        'Name its region: --set bucketRegion=NAME, and the address that belongs to it',
      )
    case 'NoSuchBucket':
      return fault(`there is no such bucket: ${url}`, 'Look at the address, as the provider shows it')
    default:
      return fault(
        code === ''
          ? `what answers at ${url} is no bucket: ${http}`
          : `the bucket refused to be listed: ${http} ${code}`,
        'Look at the address, the region and the rights of the key, as the provider shows them',
      )
  }
}
