/** The view from outside, against real servers of this machine; DNS is tried in the lab, on its own port. */

import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { fetchAt, shakeHands } from '../../../src/host/outside-web.ts'

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

async function listening<S extends Server | ReturnType<typeof createSocketServer>>(
  server: S,
): Promise<number> {
  open.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  return (server.address() as AddressInfo).port
}

describe('a request pinned to an address', () => {
  test('asks for the name, follows nothing, and is evidence', async () => {
    const port = await listening(
      createServer((request, response) => {
        response.writeHead(301, { Location: `http://${request.headers.host}/next`, Server: 'cloudflare' })
        response.end('moved')
      }),
    )
    const { answer, record } = await fetchAt('127.0.0.1', new URL(`http://shop.test:${port}/x`))
    expect(answer).toEqual({
      outcome: 'answered',
      status: 301,
      location: `http://shop.test:${port}/next`,
      server: 'cloudflare',
      cloudflare: true,
      body: 'moved',
    })
    expect(record).toMatchObject({ where: 'this machine', ending: 'exited', exitCode: 0 })
    expect(record.script.text).toContain(`curl -ki --max-time 10 --resolve shop.test:${port}:127.0.0.1`)
    expect(record.stdout).toContain('HTTP 301')
  })

  test('takes no more of a page than it has to', async () => {
    const port = await listening(createServer((_, response) => response.end('x'.repeat(1_000_000))))
    const { answer } = await fetchAt('127.0.0.1', new URL(`http://shop.test:${port}/`))
    expect(answer).toMatchObject({ outcome: 'answered', body: 'x'.repeat(4096) })
  })

  test('tells a refusal from an answer that breaks off', async () => {
    const closed = createSocketServer()
    const port = await listening(closed)
    await new Promise(resolve => closed.close(resolve))
    expect((await fetchAt('127.0.0.1', new URL(`http://shop.test:${port}/`))).answer.outcome).toBe('refused')
    const rude = await listening(createSocketServer(socket => socket.destroy()))
    expect((await fetchAt('127.0.0.1', new URL(`http://shop.test:${rude}/`))).answer.outcome).toBe('broken')
  })
})

test('a handshake with what speaks no TLS is broken, and no exception', async () => {
  const port = await listening(createServer((_, response) => response.end('plain')))
  const { answer, record } = await shakeHands('127.0.0.1', 'shop.test', port)
  expect(answer.outcome).toBe('broken')
  expect(record.exitCode).toBe(1)
})
