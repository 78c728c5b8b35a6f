import { createSocket, type Socket } from 'node:dgram'
import { appendFileSync, readFileSync, statSync } from 'node:fs'
import { createServer, isIPv6, type Server } from 'node:net'
import { type Question, type Response, readQuestion, writeResponse } from './dns-message.ts'
import {
  authoritativeAnswer,
  type NameServer,
  resolverAnswer,
  type Verdict,
  type Zones,
} from './dns-zones.ts'

/**
 * Name servers on addresses of their own. Each answers from the zones file as it is at that moment, so that a
 * test changes DNS by writing a file, and each question is noted, so that a test can see who was asked what.
 */
export type NameServerRole = NameServer | 'resolver'
export type Listener = { role: NameServerRole; address: string }
export type AskedQuestion = {
  role: NameServerRole
  name: string
  type: number
  from: string
  over: 'udp' | 'tcp'
}

export async function startNameServers(options: {
  listeners: Listener[]
  port: number
  zonesFile: string
  questionsFile: string
}): Promise<{ close(): Promise<void> }> {
  const readZones = zonesReader(options.zonesFile)
  const answer = (
    message: Buffer,
    listener: Listener,
    from: string,
    over: 'udp' | 'tcp',
  ): Buffer | undefined => {
    const question = readQuestion(message)
    const asked: AskedQuestion = { role: listener.role, name: question.name, type: question.type, from, over }
    appendFileSync(options.questionsFile, `${JSON.stringify(asked)}\n`)
    const verdict = decide(readZones(), listener.role, question)
    return verdict === 'timeout' ? undefined : writeResponse(question, verdict, over === 'udp' ? 1232 : 65535)
  }
  const sockets = await Promise.all(
    options.listeners.map(listener => listenUdp(listener, options.port, answer)),
  )
  const servers = await Promise.all(
    options.listeners.map(listener => listenTcp(listener, options.port, answer)),
  )
  return {
    close: async () => {
      for (const socket of sockets) socket.close()
      for (const server of servers) server.close()
    },
  }
}

function decide(zones: Zones, role: NameServerRole, question: Question): Verdict {
  if (question.opcode !== 0) return { ...empty, code: 'NOTIMP' }
  return role === 'resolver'
    ? resolverAnswer(zones, question.name, question.type)
    : authoritativeAnswer(zones, role, question.name, question.type)
}

const empty: Response = {
  code: 'SERVFAIL',
  answers: [],
  authorities: [],
  additionals: [],
  authoritative: false,
  recursionAvailable: false,
}

type Answer = (message: Buffer, listener: Listener, from: string, over: 'udp' | 'tcp') => Buffer | undefined

function listenUdp(listener: Listener, port: number, answer: Answer): Promise<Socket> {
  const socket = createSocket(isIPv6(listener.address) ? 'udp6' : 'udp4')
  socket.on('message', (message, sender) => {
    const reply = safely(() => answer(message, listener, sender.address, 'udp'))
    if (reply) socket.send(reply, sender.port, sender.address)
  })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, listener.address, () => resolve(socket))
  })
}

function listenTcp(listener: Listener, port: number, answer: Answer): Promise<Server> {
  const server = createServer(connection => {
    let received = Buffer.alloc(0)
    connection.on('error', () => connection.destroy())
    connection.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const length = received.readUInt16BE(0)
        const message = received.subarray(2, 2 + length)
        received = received.subarray(2 + length)
        const reply = safely(() => answer(message, listener, connection.remoteAddress ?? '', 'tcp'))
        if (reply)
          connection.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]))
      }
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, listener.address, () => resolve(server))
  })
}

/** A message that is no DNS question is dropped, as any server would. */
function safely<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function zonesReader(file: string): () => Zones {
  let seen = ''
  let zones: Zones | undefined
  return () => {
    const { mtimeMs, ino, size } = statSync(file)
    const now = `${mtimeMs} ${ino} ${size}`
    if (!zones || now !== seen) {
      zones = JSON.parse(readFileSync(file, 'utf8')) as Zones
      seen = now
    }
    return zones
  }
}
