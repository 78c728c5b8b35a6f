/** nginx: its configuration as it was at the last start or reload, with the addresses that names had then. */

import { addLog } from '../docker/log-stream.ts'
import type { Container } from '../docker/types.ts'
import type { World } from '../world.ts'
import { type Listener, listenerAt, page, type Request, type Response } from './http.ts'
import { type Directive, parseNginx } from './nginx-config.ts'
import type { Role } from './roles.ts'

interface Server {
  readonly names: readonly string[]
  readonly listens: readonly {
    readonly port: number
    readonly secure: boolean
    readonly isDefault: boolean
  }[]
  readonly body: readonly Directive[]
}

interface Loaded {
  readonly servers: readonly Server[]
  readonly upstreams: ReadonlyMap<string, readonly { address: string; port: number }[]>
  /** Certificates as they were read, by path. */
  readonly certificates: ReadonlyMap<string, string>
}

export class NginxRole implements Role {
  readonly #world: World
  readonly #container: Container
  #loaded: Loaded | undefined
  /** When the workers that serve now began, in ticks of the machine. */
  readonly #workers: { readonly pid: number; end(status: number): void }[] = []

  constructor(world: World, container: Container) {
    this.#world = world
    this.#container = container
  }

  start(): number | undefined {
    const error = this.load()
    if (error !== undefined) {
      addLog(this.#container, this.#world.machine.now(), `nginx: [emerg] ${error}`, 'stderr')
      return 1
    }
    this.#container.main?.handlers.set('HUP', () => void this.load())
    return undefined
  }

  /** What `nginx -t` says; undefined when all is well. */
  test(): string | undefined {
    const read = this.#read()
    return typeof read === 'string' ? read : undefined
  }

  /** Reads the files anew. @returns the error that leaves everything as it was. */
  load(): string | undefined {
    const read = this.#read()
    if (typeof read === 'string') {
      addLog(this.#container, this.#world.machine.now(), `[emerg] 1#1: ${read}`, 'stderr')
      return read
    }
    this.#loaded = read
    for (const worker of this.#workers.splice(0)) worker.end(0)
    const { machine } = this.#world
    const parent = this.#container.main ?? machine.init
    const worker = machine.spawn(parent, {
      command: ['nginx: worker process'],
      files: this.#container.files,
      container: this.#container.id,
      descriptors: new Map(),
    })
    this.#workers.push(worker)
    return undefined
  }

  /** All configuration, the main file first, each file with its path. */
  files(): { path: string; text: string }[] {
    const found: { path: string; text: string }[] = []
    parseNginx(this.#container.files, '/etc/nginx/nginx.conf', found)
    return found
  }

  #read(): Loaded | string {
    const tree = parseNginx(this.#container.files, '/etc/nginx/nginx.conf', [])
    if (typeof tree === 'string') return tree
    const http = tree.find(({ name }) => name === 'http')?.body ?? []
    const upstreams = new Map<string, { address: string; port: number }[]>()
    const place = { container: this.#container.id, files: this.#container.files } as Parameters<
      World['names']['resolve']
    >[0]
    for (const { name, words, body = [], file, line } of http) {
      if (name !== 'upstream') continue
      const members = body
        .filter(each => each.name === 'server')
        .map(each => {
          const [host = '', port = '80'] = (each.words[0] ?? '').split(':')
          return {
            addresses: this.#world.names.resolve(place, host),
            port: Number(port),
            host,
            line: each.line,
          }
        })
      const lost = members.find(({ addresses }) => addresses.length === 0)
      if (lost) return `host not found in upstream "${lost.host}:${lost.port}" in ${file}:${lost.line}`
      if (members.length === 0) return `no servers are inside upstream in ${file}:${line}`
      upstreams.set(
        words[0] ?? '',
        members.flatMap(({ addresses, port }) => addresses.map(address => ({ address, port }))),
      )
    }
    const certificates = new Map<string, string>()
    const servers: Server[] = []
    for (const { name, body = [] } of http) {
      if (name !== 'server') continue
      for (const each of body.filter(
        inner => inner.name === 'ssl_certificate' || inner.name === 'ssl_certificate_key',
      )) {
        const path = each.words[0] ?? ''
        if (!this.#container.files.exists(path))
          return `cannot load certificate${each.name.endsWith('key') ? ' key' : ''} "${path}": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(${path}, r) error:10000080:BIO routines::no such file)`
        certificates.set(path, this.#container.files.text(path))
      }
      const listens = body
        .filter(inner => inner.name === 'listen')
        .map(({ words }) => ({
          port: Number(/(\d+)$/.exec(words[0] ?? '')?.[1] ?? 80),
          secure: words.includes('ssl'),
          isDefault: words.includes('default_server'),
        }))
      servers.push({
        names: body.filter(inner => inner.name === 'server_name').flatMap(({ words }) => words),
        listens,
        body,
      })
    }
    return { servers, upstreams, certificates }
  }

  /** The certificate that is served for a name; undefined without TLS. */
  certificate(name: string): string | undefined {
    const server = this.#serverFor(name, 443)
    const path = server?.body.find(each => each.name === 'ssl_certificate')?.words[0]
    return path === undefined ? undefined : this.#loaded?.certificates.get(path)
  }

  /** The private key that goes with it. */
  keyOf(name: string): string | undefined {
    const server = this.#serverFor(name, 443)
    const path = server?.body.find(each => each.name === 'ssl_certificate_key')?.words[0]
    return path === undefined ? undefined : this.#loaded?.certificates.get(path)
  }

  listener(port: number): Listener | undefined {
    const known = this.#loaded?.servers.some(({ listens }) => listens.some(listen => listen.port === port))
    return known ? request => this.#answer(request, port) : undefined
  }

  #serverFor(host: string, port: number): Server | undefined {
    const all =
      this.#loaded?.servers.filter(({ listens }) => listens.some(listen => listen.port === port)) ?? []
    return (
      all.find(({ names }) => names.includes(host)) ??
      all.find(({ listens }) => listens.some(listen => listen.port === port && listen.isDefault)) ??
      all[0]
    )
  }

  #answer(request: Request, port: number): Response | 'silent' {
    const server = this.#serverFor(request.host.split(':')[0] ?? '', port)
    const secure = server?.listens.some(listen => listen.port === port && listen.secure) === true
    const answer = server ? this.#locate(server, { ...request, secure }) : page(404, 'Not Found')
    const response = answer === 'silent' ? page(504, errorPage('504 Gateway Time-out')) : answer
    const headers = [['Server', 'nginx'] as const, ...response.headers, ...this.#added(server)]
    const at = new Date(this.#world.machine.now())
    const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][
      at.getUTCMonth()
    ]
    const stamp = `${String(at.getUTCDate()).padStart(2, '0')}/${month}/${at.getUTCFullYear()}:${at.toISOString().slice(11, 19)} +0000`
    addLog(
      this.#container,
      at.getTime(),
      `${request.client} - - [${stamp}] "${request.method} ${request.path} HTTP/1.1" ${response.status} ${Buffer.byteLength(response.body)} "-" "${request.headers.get('user-agent') ?? '-'}"`,
    )
    return { ...response, headers }
  }

  #added(server: Server | undefined): [string, string][] {
    return (server?.body ?? [])
      .filter(({ name }) => name === 'add_header')
      .map(({ words }) => [words[0] ?? '', words[1] ?? ''])
  }

  #locate({ body }: Server, request: Request): Response | 'silent' {
    const path = request.path.split('?')[0] ?? '/'
    const locations = body.filter(({ name }) => name === 'location')
    const test = (kind: string, fits: (pattern: string) => boolean): Directive | undefined =>
      locations
        .filter(({ words }) => (words.length > 1 ? words[0] : '') === kind)
        .filter(({ words }) => fits(words.at(-1) ?? ''))
        .sort((a, b) => (b.words.at(-1)?.length ?? 0) - (a.words.at(-1)?.length ?? 0))[0]
    const starts = (pattern: string): boolean => path.startsWith(pattern)
    const location =
      test('=', pattern => pattern === path) ??
      test('^~', starts) ??
      locations.find(({ words }) => words[0] === '~' && new RegExp(words[1] ?? '').test(path)) ??
      test('', starts)
    const inner = location?.body ?? []
    const value = (name: string): readonly string[] | undefined =>
      inner.find(each => each.name === name)?.words
    const guard = (value('auth_basic') ?? body.find(({ name }) => name === 'auth_basic')?.words)?.[0]
    const returned = value('return') ?? body.find(({ name }) => name === 'return')?.words
    if (returned) return this.#returned(returned, request)
    if (guard !== undefined && guard !== 'off' && !request.headers.has('authorization'))
      return page(401, errorPage('401 Authorization Required'), [
        ['WWW-Authenticate', `Basic realm="${guard}"`],
      ])
    const pass = value('proxy_pass')?.[0]
    if (pass !== undefined) return this.#proxy(pass, request)
    const root = value('alias')?.[0] ?? value('root')?.[0]
    if (root === undefined) return page(404, errorPage('404 Not Found'))
    const file = value('alias') ? root + path.slice(location?.words.at(-1)?.length ?? 0) : root + path
    const node = this.#container.files.maybe(file)
    return node?.kind === 'file'
      ? page(200, node.content.toString('utf8'))
      : page(404, errorPage('404 Not Found'))
  }

  #returned(words: readonly string[], { host, path }: Request): Response {
    const status = Number(words[0])
    const text = (words[1] ?? '')
      .replaceAll('$host', host)
      .replaceAll('$request_uri', path)
      .replaceAll('$server_name', host)
    if (status >= 300 && status < 400)
      return page(status, errorPage(`${status} Moved Permanently`), [['Location', text]])
    return {
      ...page(status, text.replaceAll('\\n', '\n')),
      headers: [
        ['Content-Type', 'text/plain'],
        ['Content-Length', String(text.length)],
      ],
    }
  }

  #proxy(pass: string, request: Request): Response | 'silent' {
    const [, host = '', given] = /^https?:\/\/([^/:]+)(?::(\d+))?/.exec(pass) ?? []
    const place = { container: this.#container.id, files: this.#container.files } as Parameters<
      World['names']['resolve']
    >[0]
    const members =
      this.#loaded?.upstreams.get(host) ??
      this.#world.names.resolve(place, host).map(address => ({ address, port: Number(given ?? 80) }))
    for (const { address, port } of members) {
      const listener = listenerAt(this.#world, { container: this.#container.id }, address, port)
      if (typeof listener === 'string') {
        const why = listener === 'refused' ? '111: Connection refused' : '113: No route to host'
        const worker = this.#workers[0]?.pid ?? 0
        const at = new Date(this.#world.machine.now())
          .toISOString()
          .slice(0, 19)
          .replace('T', ' ')
          .replaceAll('-', '/')
        addLog(
          this.#container,
          this.#world.machine.now(),
          `${at} [error] ${worker}#${worker}: *1 connect() failed (${why}) while connecting to upstream, client: ${request.client}, server: ${request.host}, request: "${request.method} ${request.path} HTTP/1.1", upstream: "http://${address}:${port}${request.path}", host: "${request.host}"`,
          'stderr',
        )
        continue
      }
      const headers = new Map(request.headers)
      headers.set('x-forwarded-proto', request.secure ? 'https' : 'http')
      return listener({ ...request, headers })
    }
    return page(502, errorPage('502 Bad Gateway'))
  }
}

export const errorPage = (title: string): string =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`
