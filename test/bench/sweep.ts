/**
 * How long the sweep takes over a slow line, against the same commands given one after the other by hand: each of the
 * server's with an `ssh` of its own, and what is asked from outside with dig, curl and openssl. And what it costs the
 * server. On a real server of the lab, with the built program.
 */

import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readJournal } from '../../src/engine/journal.ts'
import type { Evidence } from '../../src/model/evidence.ts'
import { type Lab, type LabServer, openLab, startLink, startShopServer } from '../lab/index.ts'
import { type Kneeboard, kneeboard } from '../lab/kneeboard.ts'
import { type Figure, median } from './figure.ts'

/** Milliseconds each way: a round trip of 40, as between two countries. */
const EACH_WAY = 20
const TIMES = 7
const LIMIT_SECONDS = 3
const LIMIT_CPU_SECONDS = 2

export async function measureSweep(say: (what: string) => void): Promise<Figure[]> {
  say('a server with the shop for the sweep')
  const lab = await openLab()
  try {
    return await measure(lab, say)
  } finally {
    await lab.close()
  }
}

async function measure(lab: Lab, say: (what: string) => void): Promise<Figure[]> {
  const { server, shop } = await startShopServer(lab)
  const link = await startLink({ host: server.ipv4, port: server.sshPort })
  link.delay(EACH_WAY)
  const on = kneeboard()
  const hostKey = (await server.must('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ')[1] ?? ''
  const words = ['-t', `${server.sshUser}@${link.host}:${link.port}`, '--identity', server.identityFile]
  words.push('--accept-host-key', hostKey, '--environment', 'production', '--format', 'json')
  words.push(
    '--set',
    `domains=${shop.domain},www.${shop.domain}`,
    '--set',
    `resolvers=${lab.dns.resolver.ipv4}`,
  )

  // In turns, and held against each other in pairs: a busy hour of the machine moves both.
  const sweeps: number[] = []
  const costs: number[] = []
  const byHand: number[] = []
  const bySsh: number[] = []
  let checks = 0
  let there = 0
  let here = 0
  for (let round = 1; round <= TIMES; round++) {
    say(`the sweep at 40 ms, and the same commands one by one (${round} of ${TIMES})`)
    const idle = await processorSeconds(server, 5)
    const before = await processorUsed(server)
    const started = performance.now()
    const ended = await on.run('check', 'troubleshooting', ...words)
    const seconds = (performance.now() - started) / 1000
    costs.push((await processorUsed(server)) - before - idle * seconds)
    sweeps.push(seconds)
    const report = JSON.parse(ended.stdout) as { status: string; checks: unknown[] }
    if (report.status !== 'passed') throw new Error(`the sweep of a healthy shop ended ${report.status}`)
    checks = report.checks.length
    const commands = commandsOf(on)
    const outside = commands.filter(({ where }) => where === 'this machine')
    const inside = commands.filter(({ where }) => where !== 'this machine')
    there = inside.length
    here = outside.length
    const ssh = await oneByOne(server, link, inside)
    bySsh.push(ssh)
    byHand.push(ssh + (await oneByOne(server, link, outside)))
  }
  await link.close()
  const sweep = median(sweeps)
  const cost = median(costs)
  const timesFaster = (slow: readonly number[]): number =>
    median(slow.map((seconds, round) => seconds / (sweeps[round] ?? Number.NaN)))
  return [
    {
      what: `The sweep: ${checks} checks, ${there} commands on the server, ${here} from here, 40 ms round trip, from the start of the process`,
      figure: `${sweep.toFixed(2)} s`,
      limit: `${LIMIT_SECONDS} s`,
      isKept: sweep <= LIMIT_SECONDS,
    },
    {
      what: 'Against the same commands by hand: one ssh for each on the server; dig, curl, openssl from here',
      figure: `1/${timesFaster(byHand).toFixed(1)} (${sweep.toFixed(2)} / ${median(byHand).toFixed(1)} s)`,
      limit: '1/10',
      isKept: timesFaster(byHand) >= 10,
    },
    {
      what: 'Against those on the server alone, one ssh each, though the sweep asks from here as well',
      figure: `1/${timesFaster(bySsh).toFixed(1)} (${sweep.toFixed(2)} / ${median(bySsh).toFixed(1)} s)`,
    },
    {
      what: 'Processor time that the sweep takes on the server',
      figure: `${cost.toFixed(2)} s`,
      limit: `${LIMIT_CPU_SECONDS} s`,
      isKept: cost <= LIMIT_CPU_SECONDS,
    },
  ]
}

/** Processor seconds that the server has used since it started, everything on it counted: from its control group. */
async function processorUsed(server: LabServer): Promise<number> {
  const text = await server.must(
    'cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || sed -n "s/^usage_usec \\(.*\\)/\\1000/p" /sys/fs/cgroup/cpu.stat',
  )
  return Number(text) / 1e9
}

/** Processor seconds that the shop itself uses in a second, its health checks and all. */
async function processorSeconds(server: LabServer, seconds: number): Promise<number> {
  const before = await processorUsed(server)
  await new Promise(resolve => setTimeout(resolve, seconds * 1000))
  return ((await processorUsed(server)) - before) / seconds
}

/** Every command of the last sweep, each once: its journal has them as evidence. */
function commandsOf(on: Kneeboard): Evidence[] {
  const folder = join(on.home, 'runs')
  const newest = readdirSync(folder)
    .filter(name => name.endsWith('.jsonl'))
    .sort()
    .at(-1)
  const found = new Map<string, Evidence>()
  for (const event of readJournal(join(folder, newest ?? '')).events) {
    if (event.type !== 'check-finished') continue
    for (const piece of event.evidence) found.set(`${piece.startedAt} ${piece.script}`, piece)
  }
  const mangled = [...found.values()].find(({ script }) => script.includes('[secret]'))
  if (mangled) throw new Error(`by hand this would be another command: ${mangled.script}`)
  return [...found.values()]
}

async function oneByOne(
  server: LabServer,
  link: { readonly host: string; readonly port: number },
  commands: readonly Evidence[],
): Promise<number> {
  const words = ['-p', String(link.port), '-i', server.identityFile, '-o', 'BatchMode=yes']
  words.push('-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR')
  const ssh = ['ssh', ...words, `${server.sshUser}@${link.host}`, 'LC_ALL=C sh -s']
  const started = performance.now()
  for (const { where, script } of commands) {
    await given(where === 'this machine' ? ['sh', '-s'] : ssh, script)
  }
  return (performance.now() - started) / 1000
}

/** @throws Error when the program is missing. */
function given([program = '', ...words]: readonly string[], script: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['pipe', 'ignore', 'ignore'] })
    child.on('error', reject)
    child.on('close', () => resolve())
    child.stdin.end(script)
  })
}
