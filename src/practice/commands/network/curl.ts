/** curl(1) and wget(1): requests within this world. */

import type { Call } from '../../system/call.ts'
import { SystemError } from '../../system/system-error.ts'
import { type Outcome, request } from '../../world/shop/http.ts'

const VALUED = 'oHwAXdmDbcueTrE'
const LONG = [
  'output',
  'header',
  'write-out',
  'user-agent',
  'request',
  'data',
  'max-time',
  'max-filesize',
  'interface',
  'tls-max',
  'dump-header',
  'connect-timeout',
  'resolve',
  'cacert',
  'retry',
  'proto',
  'data-binary',
  'url',
  'retry-delay',
  'user',
  'range',
  'connect-to',
  'tlsv1',
]

const STATUS_OF: Readonly<Record<string, [number, string]>> = {
  'no-name': [6, 'Could not resolve host'],
  refused: [7, 'Failed to connect: Connection refused'],
  unreachable: [7, 'Failed to connect: No route to host'],
  silent: [28, 'Operation timed out'],
}

export async function curl(call: Call): Promise<number> {
  const options = call.options(VALUED, LONG)
  const address = options.value('url') ?? options.operands[0] ?? ''
  let url: URL
  try {
    url = new URL(/^[a-z]+:\/\//.test(address) ? address : `http://${address}`)
  } catch {
    return call.fail('(3) URL rejected: Malformed input to a URL function', 3)
  }
  const given = new Map(
    options
      .values('H', 'header')
      .map(text => [text.split(':')[0]?.toLowerCase() ?? '', text.replace(/^[^:]*:\s*/, '')]),
  )
  given.set('user-agent', options.value('A', 'user-agent') ?? given.get('user-agent') ?? 'curl/8.14.1')
  if (options.has('u', 'user')) given.set('authorization', 'Basic')
  const method =
    options.value('X', 'request') ??
    (options.has('I', 'head') ? 'HEAD' : options.has('d', 'data', 'data-binary') ? 'POST' : 'GET')
  const began = Date.now()
  let answer: Outcome = 'refused'
  for (let hop = 0; hop < 10; hop++) {
    answer = await one(call, url, method, given, options.values('resolve'))
    if (
      typeof answer === 'string' ||
      !options.has('L', 'location') ||
      answer.status < 300 ||
      answer.status >= 400
    )
      break
    const location = answer.headers.find(([name]) => name.toLowerCase() === 'location')?.[1]
    if (location === undefined) break
    url = new URL(location, url)
  }
  const waited = typeof answer === 'string' ? 0 : (answer.seconds ?? 0)
  const seconds = ((Date.now() - began) / 1000 + waited + 0.004).toFixed(6)
  const format = options.value('w', 'write-out')
  const report = (status: number, size: number): void => {
    if (format === undefined) return
    const values: Readonly<Record<string, string>> = {
      http_code: String(status).padStart(3, '0'),
      response_code: String(status).padStart(3, '0'),
      time_total: seconds,
      time_connect: '0.001',
      remote_ip: '127.0.0.1',
      size_download: String(size),
      num_redirects: '0',
      ssl_verify_result: '0',
      url_effective: url.href,
      redirect_url:
        typeof answer === 'string' ? '' : (answer.headers.find(([name]) => name === 'Location')?.[1] ?? ''),
      errormsg: '',
      content_type: 'text/html',
    }
    call.out(
      format
        .replace(/%\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
        .replaceAll('\\n', '\n')
        .replaceAll('\\t', '\t')
        .replaceAll('%%', '%'),
    )
  }
  if (typeof answer === 'string') {
    const [status = 7, words = ''] = STATUS_OF[answer] ?? []
    report(0, 0)
    if (!options.has('s', 'silent') || options.has('S', 'show-error'))
      call.err(`curl: (${status}) ${answer === 'no-name' ? `${words}: ${url.hostname}` : words}\n`)
    return status
  }
  if (options.has('f', 'fail') && answer.status >= 400) {
    report(answer.status, 0)
    if (!options.has('s', 'silent') || options.has('S', 'show-error'))
      call.err(`curl: (22) The requested URL returned error: ${answer.status}\n`)
    return 22
  }
  const head = `HTTP/1.1 ${answer.status} ${REASONS[answer.status] ?? 'OK'}\r\n${answer.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  const body = method === 'HEAD' ? '' : answer.body
  const dump = options.value('D', 'dump-header')
  if (dump === '-' || options.has('i', 'I', 'include', 'head')) call.outText(head)
  else if (dump !== undefined && dump !== '/dev/null') await save(call, dump, head)
  const output = options.value('o', 'output')
  if (output === undefined || output === '-') call.outText(body)
  else await save(call, output, body)
  report(answer.status, Buffer.byteLength(body))
  return 0
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  301: 'Moved Permanently',
  302: 'Found',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Time-out',
}

async function one(
  call: Call,
  url: URL,
  method: string,
  headers: ReadonlyMap<string, string>,
  resolve: readonly string[],
): Promise<Outcome> {
  const secure = url.protocol === 'https:'
  const port = Number(url.port || (secure ? 443 : 80))
  const pinned = resolve
    .map(text => /^([^:]+):(\d+):(.+)$/.exec(text))
    .find(match => match?.[1] === url.hostname && Number(match[2]) === port)?.[3]
  const far = call.world.downloads.get(url.href)
  if (far !== undefined && call.world.names.resolve(call.process, url.hostname).length > 0)
    return { status: 200, headers: [], body: far }
  const host = headers.get('host') ?? url.host
  const outcome = request(
    call.world,
    call.process,
    url.hostname.replace(/^\[|\]$/g, ''),
    port,
    { method, host, path: url.pathname + url.search, secure, headers },
    pinned,
  )
  if (outcome === 'silent') await call.process.sleep(Math.min(1000, 200))
  return outcome
}

async function save(call: Call, path: string, text: string): Promise<void> {
  try {
    const file = (await call.process.openFile(path, 'write')).retain()
    await file.write(Buffer.from(text, 'utf8'), call.process.wait)
    file.release()
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
    call.err(`curl: (23) Failure writing output to destination\n`)
  }
}

export async function wget(call: Call): Promise<number> {
  const options = call.options('OTt', ['header', 'timeout', 'tries', 'output-document'])
  const url = new URL(options.operands[0] ?? 'http://localhost')
  const headers = new Map(
    options
      .values('header')
      .map(text => [text.split(':')[0]?.toLowerCase() ?? '', text.replace(/^[^:]*:\s*/, '')]),
  )
  headers.set('user-agent', 'Wget/1.21.3')
  const answer = await one(call, url, options.has('spider') ? 'HEAD' : 'GET', headers, [])
  if (typeof answer === 'string') return 4
  if (answer.status >= 400) return 8
  const output = options.value('O', 'output-document')
  if (output === '-') call.outText(answer.body)
  else if (!options.has('spider'))
    await save(call, output ?? (url.pathname.split('/').at(-1) || 'index.html'), answer.body)
  return 0
}
