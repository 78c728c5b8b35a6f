/** The practice server: how soon it answers, against a bare Node process, and how much memory it takes beside the screens. */

import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buildProgram } from '../pty/program.ts'
import { type Figure, median } from './figure.ts'

const STARTS = 9
const SCENARIOS = ['bare', 'healthy-shop', '502-after-deploy'] as const

/** @param tell told what is measured now. */
export async function measurePractice(tell: (what: string) => void): Promise<Figure[]> {
  const program = buildProgram()
  const folder = dirname(program.path)
  const server = join(folder, 'practice.js')
  // A process that does nothing but answer, started in the same way.
  const bare = join(folder, 'bare.js')
  writeFileSync(bare, 'process.on("disconnect", () => process.exit(0))\nprocess.send({})\n')
  try {
    const figures: Figure[] = []
    for (const scenario of SCENARIOS) {
      tell(`start of the practice server, ${scenario}`)
      figures.push(await startOf(scenario, server, bare))
    }
    tell('memory of the practice server')
    return [...figures, ...(await memoryOf(server))]
  } finally {
    program.remove()
  }
}

/** In turns, after one of each that fills caches. */
async function startOf(scenario: string, server: string, bare: string): Promise<Figure> {
  const times: { server: number[]; bare: number[] } = { server: [], bare: [] }
  for (let turn = 0; turn <= STARTS; turn += 1) {
    const alone = await timeOf(bare, [])
    const whole = await timeOf(server, [scenario])
    if (turn === 0) continue
    times.bare.push(alone)
    times.server.push(whole)
  }
  const [middle, base] = [median(times.server), median(times.bare)]
  // What an incident does to its server before it answers is part of the scenario, not of the start.
  const isLimited = scenario === 'bare' || scenario === 'healthy-shop'
  return {
    what: `Practice server, until it answers (${scenario}), against a bare Node process`,
    figure: `${(middle / base).toFixed(2)}× (${Math.round(middle)} / ${Math.round(base)} ms)`,
    ...(isLimited ? { limit: '500 ms', isKept: middle < 500 } : {}),
  }
}

async function timeOf(path: string, words: readonly string[]): Promise<number> {
  const started = performance.now()
  const child = open(path, words)
  await told(child)
  const milliseconds = performance.now() - started
  await end(child)
  return milliseconds
}

/** Resident memory once it answers, for the largest of its worlds. */
async function memoryOf(server: string): Promise<Figure[]> {
  const child = open(server, ['healthy-shop'])
  try {
    await told(child)
    child.send({ ask: 'memory', id: 1 })
    const { answer } = await told(child)
    const megabytes = Number(answer) / 1024 ** 2
    const peak = peakOf(child.pid)
    return [
      {
        what: `Practice server, resident memory beside the screens (peak)`,
        figure: `${Math.round(megabytes)} MB${peak === undefined ? '' : ` (${Math.round(peak)})`}`,
        limit: '150 MB',
        isKept: megabytes < 150,
      },
    ]
  } finally {
    await end(child)
  }
}

/** MB, as Linux counts them; undefined elsewhere. */
function peakOf(pid: number | undefined): number | undefined {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return undefined
  }
}

/** As the program starts it (src/practice/start.ts), its compile cache included. */
const open = (path: string, words: readonly string[]): ChildProcess =>
  fork(path, words, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--max-old-space-size=160'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(dirname(path), 'compiled') },
  })

const told = (child: ChildProcess): Promise<{ readonly answer?: unknown }> =>
  new Promise((resolve, reject) => {
    child.once('message', message => resolve(message as { answer?: unknown }))
    child.once('exit', code => reject(new Error(`it ended with ${code} before it answered`)))
  })

const end = (child: ChildProcess): Promise<void> =>
  new Promise(resolve => {
    child.once('exit', () => resolve())
    child.disconnect()
  })
