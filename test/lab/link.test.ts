import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Link, startLink } from './link.ts'
import { sleep } from './shell.ts'

/** The lab's link in front of a server that echoes: no lab is needed for it. */
let echo: Server
let link: Link
const clients: Socket[] = []

beforeEach(async () => {
  echo = createServer(socket => socket.on('error', () => undefined).pipe(socket))
  await once(echo.listen(0, '127.0.0.1'), 'listening')
  link = await startLink({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port })
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await link.close()
  echo.close()
})

async function connect(): Promise<Socket> {
  const socket = createConnection({ host: link.host, port: link.port, noDelay: true })
  clients.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

async function roundTrip(socket: Socket, text: string): Promise<number> {
  const started = performance.now()
  const answer = once(socket, 'data')
  socket.write(text)
  const [data] = await answer
  expect(String(data)).toBe(text)
  return performance.now() - started
}

it('passes bytes and counts them', async () => {
  const socket = await connect()
  await roundTrip(socket, 'hello')
  expect(link.stats()).toEqual({ connections: 1, open: 1, bytesToServer: 5, bytesToClient: 5 })
})

it('delays each direction', async () => {
  const socket = await connect()
  link.delay(40)
  expect(await roundTrip(socket, 'slow')).toBeGreaterThanOrEqual(78)
})

it('goes silent when cut, and delivers what was held back when restored', async () => {
  const socket = await connect()
  link.cut()
  const answer = once(socket, 'data')
  socket.write('late')
  const first = await Promise.race([answer.then(() => 'data'), sleep(150).then(() => 'silence')])
  expect(first).toBe('silence')
  expect(socket.destroyed).toBe(false)
  link.restore()
  expect(String((await answer)[0])).toBe('late')
})

it('breaks every connection with a reset, and takes new ones', async () => {
  const socket = await connect()
  await roundTrip(socket, 'one')
  const reason = new Promise(resolve =>
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code)),
  )
  link.reset()
  expect(await reason).toBe('ECONNRESET')
  expect(link.stats().open).toBe(0)
  await roundTrip(await connect(), 'two')
})

it('breaks after so many bytes', async () => {
  const socket = await connect()
  link.dropAfterBytes(12)
  await roundTrip(socket, 'five!')
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket.write('five!')
  await closed
  expect(link.stats().open).toBe(0)
})

it('refuses, and accepts again on the same port', async () => {
  await link.refuse()
  await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await link.accept()
  await roundTrip(await connect(), 'again')
})
