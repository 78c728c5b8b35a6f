/** The storefront: renders its page from the API, and still answers 200 with an apology when the API does not. */

import { addLog } from '../docker/log-stream.ts'
import type { Container } from '../docker/types.ts'
import type { World } from '../world.ts'
import { type Listener, listenerAt, page, type Request, type Response } from './http.ts'
import { environmentIn, neighbour, type Role } from './roles.ts'

export class FrontendRole implements Role {
  readonly #world: World
  readonly #container: Container

  constructor(world: World, container: Container) {
    this.#world = world
    this.#container = container
  }

  start(): undefined {
    addLog(
      this.#container,
      this.#world.machine.now(),
      `storefront ${environmentIn(this.#container).get('SHOP_VERSION')} listens on 3000`,
    )
    return undefined
  }

  listener(port: number): Listener | undefined {
    return port === 3000 ? request => this.#answer(request) : undefined
  }

  #answer(request: Request): Response {
    const given = environmentIn(this.#container)
    const policy = `Content-Security-Policy${given.get('CSP_REPORT_ONLY') === 'True' ? '-Report-Only' : ''}`
    const headers = [[policy, "default-src 'self'"]] as const
    if ((request.path.split('?')[0] ?? '') !== '/')
      return page(404, '<!doctype html><title>Shop</title><h1>Not found</h1>', headers)
    const body = `<h1>Shop</h1>${this.#catalogue(given.get('INTERNAL_API_URL') ?? '')}<footer data-api="${given.get('NEXT_PUBLIC_API_URL') ?? ''}">${given.get('SHOP_VERSION')}</footer>`
    return page(200, `<!doctype html><title>Shop</title>${body}`, headers)
  }

  #catalogue(api: string): string {
    const [, host = '', port = '80'] = /^http:\/\/([^/:]+)(?::(\d+))?/.exec(api) ?? []
    const there = neighbour(this.#world, this.#container, host)
    const address = [...(there?.addresses.values() ?? [])][0]
    const listener =
      address === undefined
        ? 'refused'
        : listenerAt(this.#world, { container: this.#container.id }, address, Number(port))
    const answer =
      typeof listener === 'string'
        ? listener
        : listener({
            method: 'GET',
            host: 'localhost',
            path: '/api/products/',
            secure: false,
            headers: new Map(),
            client: [...this.#container.addresses.values()][0] ?? '',
          })
    if (typeof answer === 'string' || answer.status !== 200) {
      addLog(
        this.#container,
        this.#world.machine.now(),
        `catalogue unavailable: ${typeof answer === 'string' ? answer : `HTTP Error ${answer.status}`}`,
      )
      return '<p>The catalogue is not available right now.</p>'
    }
    const { products } = JSON.parse(answer.body) as { products: { name: string; price: string }[] }
    return `<ul>${products.map(({ name, price }) => `<li>${name}: ${price}</li>`).join('')}</ul>`
  }
}
