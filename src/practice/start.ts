/** Starts the practice server in a process of its own, on first use, and describes it as a target. */

import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openTunnel } from '../host/tunnel.ts'
import { EXIT, Failure } from '../model/failure.ts'
import type { Target } from '../model/target.ts'
import type { Ready } from './child.ts'
import type { Task } from './training/exercise.ts'

export interface PracticeServer {
  readonly target: Target
  /** What there is to find out and to mend. */
  readonly task: Task
  /** Asks the child something: `lacking`, `healthy`, `memory` (bytes). @throws Failure (69) when it has ended. */
  ask(question: 'lacking' | 'healthy' | 'memory'): Promise<unknown>
  stop(): void
}

/** Seconds in which it must answer. */
const START_SECONDS = 20

const running = new Map<string, Promise<PracticeServer>>()

/** The server of a scenario: started once in a program. @throws Failure (69) when it does not start. */
export function practiceServer(scenario: string): Promise<PracticeServer> {
  let server = running.get(scenario)
  if (!server) {
    server = start(scenario)
    running.set(scenario, server)
    server.catch(() => running.delete(scenario))
  }
  return server
}

/** Ends the server of a scenario, so that the next one starts afresh. */
export async function stopPracticeServer(scenario: string): Promise<void> {
  const server = running.get(scenario)
  running.delete(scenario)
  await server?.then(
    ({ stop }) => stop(),
    () => {},
  )
}

/** Beside this file in the sources, beside the launcher when bundled. */
function childFile(): string {
  const places = ['./child.ts', './practice.js', '../practice.js']
  const found = places.map(place => fileURLToPath(new URL(place, import.meta.url))).find(existsSync)
  if (!found)
    throw new Failure(
      EXIT.unreachable,
      'the practice server is not part of this installation',
      'Install Kneeboard again.',
    )
  return found
}

/** Where the program keeps what was compiled, so that the server need not compile itself anew each time. */
function compileCache(): { readonly NODE_COMPILE_CACHE?: string } {
  const folder = getCompileCacheDir?.()
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) }
}

async function start(scenario: string): Promise<PracticeServer> {
  const child = fork(childFile(), [scenario], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--max-old-space-size=160'],
    env: { ...process.env, ...compileCache() },
  })
  const ready = await answer(child)
  const stop = (): void => {
    process.off('exit', stop)
    if (child.connected) child.disconnect()
  }
  process.once('exit', stop)
  // The server must not keep a program alive that has nothing else to do.
  child.unref()
  child.channel?.unref()
  for (const { address, port, local } of ready.doors)
    openTunnel(address, port, { host: '127.0.0.1', port: local })
  const blob = Buffer.from(ready.hostKey.split(' ')[1] ?? '', 'base64')
  return {
    task: ready.task,
    target: {
      name: 'practice',
      environment: 'practice',
      host: '127.0.0.1',
      port: ready.port,
      user: 'root',
      identity: ready.identity,
      hostKey: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
      stack: ready.stack,
    },
    ask: question => ask(child, question),
    stop,
  }
}

function answer(child: ChildProcess): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const fail = (): void =>
      reject(new Failure(EXIT.unreachable, 'the practice server did not start', 'Its reason stands above.'))
    const tooLate = setTimeout(fail, START_SECONDS * 1000)
    child.once('exit', fail)
    child.once('error', fail)
    child.once('message', message => {
      clearTimeout(tooLate)
      child.off('exit', fail)
      resolve(message as Ready)
    })
  })
}

let lastId = 0

function ask(child: ChildProcess, question: string): Promise<unknown> {
  const id = ++lastId
  return new Promise((resolve, reject) => {
    const done = (): void => {
      child.off('message', listen)
      child.off('exit', gone)
      child.unref()
      child.channel?.unref()
    }
    const listen = (message: unknown): void => {
      const { id: its, answer: given } = message as { id?: number; answer?: unknown }
      if (its !== id) return
      done()
      resolve(given)
    }
    const gone = (): void => {
      done()
      reject(new Failure(EXIT.unreachable, 'the practice server has ended'))
    }
    if (!child.connected) return gone()
    child.on('message', listen)
    child.once('exit', gone)
    child.ref()
    child.channel?.ref()
    child.send({ ask: question, id })
  })
}
