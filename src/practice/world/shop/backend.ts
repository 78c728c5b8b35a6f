/** The backend: what it needs to start, how it tells its health, what its pages do with the database. */

import { addLog } from '../docker/log-stream.ts'
import type { Container } from '../docker/types.ts'
import type { World } from '../world.ts'
import { WorkerRole } from './celery.ts'
import { newTable } from './database.ts'
import { json, type Listener, page, type Request, type Response } from './http.ts'
import { modelsOf } from './migrations.ts'
import { PostgresRole } from './postgres-role.ts'
import { RedisRole } from './redis.ts'
import { environmentIn, leadsToItself, type Role, roleAt, roleBeside } from './roles.ts'

/** What one component says of itself. */
interface Component {
  readonly status: 'healthy' | 'warning' | 'unhealthy'
  readonly message: string
  readonly workers?: readonly string[]
}

export class BackendRole implements Role {
  readonly #world: World
  readonly #container: Container

  constructor(world: World, container: Container) {
    this.#world = world
    this.#container = container
  }

  get environment(): Map<string, string> {
    return environmentIn(this.#container)
  }

  get version(): string {
    return this.environment.get('SHOP_VERSION') ?? 'unknown'
  }

  start(): number | undefined {
    const say = (text: string): void => addLog(this.#container, this.#world.machine.now(), text, 'stderr')
    say('[1] [INFO] Starting gunicorn 20.1.0')
    if (!this.environment.has('SECRET_KEY')) {
      say("KeyError: 'SECRET_KEY'")
      say('[1] [ERROR] Worker failed to boot.')
      return 3
    }
    say('[1] [INFO] Listening at: http://0.0.0.0:8000 (1)')
    return undefined
  }

  listener(port: number): Listener | undefined {
    return port === 8000 ? request => this.#answer(request) : undefined
  }

  #answer(request: Request): Response | 'silent' {
    // Its workers wait for a search index that nobody has installed.
    if (this.version === 'v1.3.0') return 'silent'
    const routed = this.#route(request)
    const policy = `Content-Security-Policy${this.environment.get('CSP_REPORT_ONLY') === 'True' ? '-Report-Only' : ''}`
    const response = { ...routed, headers: [...routed.headers, [policy, "default-src 'self'"] as const] }
    const at = new Date(this.#world.machine.now())
    addLog(
      this.#container,
      at.getTime(),
      `${request.client} - - [${at.toUTCString()}] "${request.method} ${request.path} HTTP/1.1" ${response.status} ${Buffer.byteLength(response.body)} "-" "${request.headers.get('user-agent') ?? '-'}"`,
    )
    return response
  }

  #route({ host, path }: Request): Response {
    const allowed = (this.environment.get('ALLOWED_HOSTS') ?? '').split(',')
    const name = host.split(':')[0] ?? ''
    if (
      !allowed.some(each => each === name || each === '*' || (each.startsWith('.') && name.endsWith(each)))
    ) {
      addLog(
        this.#container,
        this.#world.machine.now(),
        `ERROR django.security.DisallowedHost Invalid HTTP_HOST header: '${host}'. You may need to add '${name}' to ALLOWED_HOSTS.`,
        'stderr',
      )
      return page(400, '<h1>Bad Request (400)</h1>')
    }
    const [bare = ''] = path.split('?')
    if (bare === '/api/health/') return this.#health()
    if (bare === '/api/products/' || bare.startsWith('/api/orders')) return this.#products(bare)
    if (bare.startsWith('/admin/')) return page(302, '', [['Location', `/admin/login/?next=${bare}`]])
    if (bare === '/api/payments/webhook/') return page(200, '')
    return page(404, '<h1>Not Found</h1>')
  }

  #health(): Response {
    const checks = { database: this.database(), redis_cache: this.cache(), celery: this.#celery() }
    const found = new Set(Object.values(checks).map(({ status }) => status))
    const status = found.has('unhealthy') ? 'unhealthy' : found.has('warning') ? 'degraded' : 'healthy'
    const answer = json(status === 'unhealthy' ? 503 : 200, { status, checks })
    // Celery's client goes on trying for this long at a broker that does not let it in.
    return checks.redis_cache.status === 'healthy' ? answer : { ...answer, seconds: 2.05 }
  }

  database(): Component {
    const given = this.environment
    const host = given.get('DB_HOST') ?? 'db'
    const server = roleBeside(this.#world, this.#container, host, PostgresRole)
    const refusal = server
      ? server.refuses(
          given.get('DB_USER') ?? '',
          given.get('DB_PASSWORD') ?? '',
          given.get('DB_NAME') ?? '',
          leadsToItself(this.#world, this.#container, host),
        )
      : `could not translate host name "${host}" to address: Temporary failure in name resolution`
    if (refusal !== undefined) return { status: 'unhealthy', message: `Database error: ${refusal}` }
    return { status: 'healthy', message: 'Database connection successful' }
  }

  cache(): Component {
    const url =
      this.environment.get('REDIS_URL') ||
      `redis://:${this.environment.get('REDIS_PASSWORD') ?? ''}@redis:6379/1`
    const [, password = '', host = 'redis'] = /^redis:\/\/:([^@]*)@([^:/]+)/.exec(url) ?? []
    const server = roleBeside(this.#world, this.#container, host, RedisRole)
    const refusal = /[/?#]/.test(password)
      ? 'Port could not be cast to integer value'
      : server
        ? server.refuses(password, true)
        : `Error -3 connecting to ${host}:6379. Temporary failure in name resolution.`
    if (refusal !== undefined) return { status: 'unhealthy', message: `Redis error: ${refusal}` }
    return { status: 'healthy', message: 'Redis cache connection successful' }
  }

  #celery(): Component {
    if (this.cache().status !== 'healthy')
      return { status: 'warning', message: 'Celery error: broker connection failed' }
    const workers = [...this.#world.docker.containers.values()].filter(container =>
      roleAt(container, WorkerRole)?.works(),
    )
    if (workers.length === 0) return { status: 'warning', message: 'No Celery workers responding' }
    return {
      status: 'healthy',
      message: `Celery workers active: ${workers.length}`,
      workers: workers.map(({ id }) => `celery@${id.slice(0, 12)}`),
    }
  }

  #products(path: string): Response {
    const broken = this.database()
    const fail = (error: string): Response => {
      addLog(
        this.#container,
        this.#world.machine.now(),
        `ERROR django.request Internal Server Error: ${path}`,
        'stderr',
      )
      addLog(this.#container, this.#world.machine.now(), error, 'stderr')
      return page(500, '<h1>Server Error (500)</h1>')
    }
    if (broken.status !== 'healthy') return fail(`django.db.utils.OperationalError: ${broken.message}`)
    const server = roleBeside(
      this.#world,
      this.#container,
      this.environment.get('DB_HOST') ?? 'db',
      PostgresRole,
    )
    const database = server?.cluster.databases.get(this.environment.get('DB_NAME') ?? '')
    if (!database?.tables.has('products_product'))
      return fail('django.db.utils.ProgrammingError: relation "products_product" does not exist')
    // v1.2.0's last migration renames a column that the code still reads.
    const { columns } = database.tables.get('products_product') ?? newTable([])
    const model = modelsOf(this.version).find(({ table }) => table === 'products_product')
    const lacking = model?.columns.find(column => !columns.includes(column))
    if (lacking !== undefined)
      return fail(`django.db.utils.ProgrammingError: column products_product.${lacking} does not exist`)
    return json(200, {
      products: [
        { name: 'Teapot', slug: 'teapot', price: '29.90' },
        { name: 'Mug', slug: 'mug', price: '9.50' },
      ],
    })
  }
}
