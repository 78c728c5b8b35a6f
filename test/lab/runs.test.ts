import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { docker, LABEL, sweep } from './index.ts'
import { runFolder } from './runs.ts'
import { run } from './shell.ts'

vi.setConfig({ testTimeout: 300_000 })

const index = join(import.meta.dirname, 'index.ts')
const anotherRun = `
const { openLab, losePackets } = await import(${JSON.stringify(index)})
const lab = await openLab()
const server = await lab.startServer()
await server.snapshot('before')
await losePackets(lab, server, 0.5)
console.log(JSON.stringify({ runId: lab.runId, bridge: lab.network.bridge }))
setInterval(() => undefined, 1000)
`

it('a run killed with SIGKILL is cleaned up by the next one; one that goes on is left alone', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', anotherRun], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let runId: string
  let bridge: string
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    ;({ runId, bridge } = JSON.parse(String(line)) as { runId: string; bridge: string })
    await sweep()
    expect(await traces(runId, bridge)).toMatchObject({ containers: 1, networks: 1, folder: true })
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await sweep()
  expect(await traces(runId, bridge)).toEqual({
    containers: 0,
    networks: 0,
    volumes: 0,
    images: 0,
    folder: false,
    bridge: false,
    rules: false,
    processes: false,
  })
})

async function traces(runId: string, bridge: string) {
  const filter = ['--quiet', '--filter', `label=${LABEL}.run=${runId}`]
  const count = async (...words: string[]) =>
    (await docker(...words, ...filter)).stdout.split('\n').filter(line => line !== '').length
  return {
    containers: await count('ps', '--all'),
    networks: await count('network', 'ls'),
    volumes: await count('volume', 'ls'),
    images: await count('images'),
    folder: existsSync(runFolder(runId)),
    bridge: (await run`ip -oneline link`).stdout.includes(`${bridge}:`),
    rules: (await run`iptables -w -S && ip6tables -w -S`).stdout.includes(`${bridge}"`),
    processes: (await run`ps -eo args`).stdout.includes(`runs/${runId}`),
  }
}
