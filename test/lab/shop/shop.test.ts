import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faults, findFault } from '../faults/index.ts'
import { type Lab, type LabServer, openLab, startShopServer } from '../index.ts'
import { run } from '../shell.ts'
import { type Shop, services, shopAuthority, waitUntilHealthy } from './shop.ts'

let lab: Lab
let server: LabServer
let shop: Shop

beforeAll(async () => {
  lab = await openLab()
  const started = await startShopServer(lab)
  server = started.server
  shop = started.shop
})
afterAll(() => lab?.close())

/** As a visitor asks: from another machine, by name, trusting the lab's CA alone. */
async function visit(path: string, ...options: string[]): Promise<string> {
  const { domain } = shop
  const answer = await run`curl --silent --show-error --cacert ${await shopAuthority()} ${options} \
    --resolve ${`${domain}:443:${server.ipv4}`} ${`https://${domain}${path}`}`
  return answer.stdout
}

function manage(command: string): Promise<string> {
  return shop.run(`compose exec -T backend python manage.py ${command}`)
}

describe('the shop', () => {
  it('runs the guide’s seven services, all healthy', async () => {
    const listed = await shop.run(`compose ps --format '{{.Service}} {{.Health}}'`)
    expect(listed.trim().split('\n').sort()).toEqual(services.map(service => `${service} healthy`).sort())
  })

  it('answers a visitor over HTTPS, with health in JSON for each component', async () => {
    const health = JSON.parse(await visit('/api/health/'))
    expect(health.status).toBe('healthy')
    expect(Object.keys(health.checks)).toEqual(['database', 'redis_cache', 'celery'])
    expect(await visit('/')).toContain('<li>Product 1: 6.00</li>')
  })

  it('holds tens of thousands of rows and a staff user', async () => {
    const count = (model: string) => manage(`shell -c 'from ${model}; print(M.objects.count())'`)
    expect(Number(await count('orders.models import OrderLine as M'))).toBeGreaterThanOrEqual(40_000)
    expect(await manage('create_staff_user')).toContain('already exists')
  })

  it('takes an order, whose e-mail is sent by the worker, and its payment’s webhook', async () => {
    const body = JSON.stringify({ email: 'visitor@example.org', product: 'product-7', quantity: 2 })
    const order = JSON.parse(await visit('/api/orders/', '--data', body))
    await expect
      .poll(() => shop.run('compose logs celery'), { timeout: 10_000 })
      .toContain(`order ${order.order} confirmed`)
    expect(await visit('/api/payments/webhook/', '--data', `id=${order.payment}`)).toBe('ok')
  })

  it('keeps its secrets to deploy, and its logs free of errors', async () => {
    expect(await shop.run('stat -c "%U %a" .env "$env_file"')).toBe('deploy 600\ndeploy 600\n')
    // Of one visit, not since the beginning: services that come back after a reboot look for each other for a while.
    const moment = (await server.must('date -u +%Y-%m-%dT%H:%M:%S.%NZ')).trim()
    expect(await visit('/')).toContain('<li>Product 1: 6.00</li>')
    const logs = await shop.run(`compose logs --since ${moment} nginx backend frontend celery celery-beat`)
    expect(logs).toContain('GET / HTTP')
    expect(logs).not.toMatch(/ERROR|CRITICAL|Traceback|unavailable/)
  })
})

describe('its migrations', () => {
  it('fail in the middle when products go back to 0005, with the orders’ one undone already', async () => {
    const plan = await manage('migrate products 0005 --plan')
    expect(plan).toMatch(/orders.0003_orderline_sku.*products.0006_generate_skus.*IRREVERSIBLE/s)
    await expect(manage('migrate products 0005')).rejects.toThrow('IrreversibleError')
    expect(await manage('showmigrations orders products')).toMatch(
      /\[ \] 0003_orderline_sku.*\[X\] 0006_generate_skus/s,
    )
    await manage('migrate')
  })

  it('hide an irreversible operation of payments from the plan', async () => {
    const plan = await manage('migrate payments 0001 --plan')
    expect(plan).toContain('Undo Custom state/database change combination')
    expect(plan).not.toContain('IRREVERSIBLE')
  })
})

/** All of them take a quarter of an hour; these are one of each kind. KNEEBOARD_ALL_FAULTS=1 tries every one. */
const tried = process.env.KNEEBOARD_ALL_FAULTS
  ? Object.keys(faults)
  : [
      'backend-stopped',
      'upstream-stale-ip',
      'redis-password-mismatch',
      'bad-migration',
      'certificate-expired',
      'db-blocked-alter',
      'full-disk',
      'truncated-backup',
      'aaaa-of-another-host',
    ]

describe('a fault', () => {
  it.each(tried)('%s can be seen, and undone', async name => {
    const fault = findFault(name)
    expect(await fault.isVisible(server)).toBe(false)
    try {
      await fault.inject(server, lab)
      expect(await fault.isVisible(server)).toBe(true)
    } finally {
      await fault.undo?.(server, lab)
    }
    expect(await fault.isVisible(server)).toBe(false)
    await waitUntilHealthy(server)
  })
})
