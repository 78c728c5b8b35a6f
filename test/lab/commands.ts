import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Release } from './archive.ts'
import { dockerEnvironment, findDocker } from './docker.ts'
import { faults, findFault } from './faults/index.ts'
import { buildServerImage, type Variant } from './image.ts'
import { cacheFolder } from './places.ts'
import { labIsPossible } from './possible.ts'
import { takeDown, withDocker } from './runs.ts'
import type { LabServer } from './server.ts'
import { findLab, type Lab, openLab } from './session.ts'
import { buildShopImages, startShop } from './shop/shop.ts'
import { startShopServer } from './shop-server.ts'
import { listSnapshots } from './snapshot.ts'
import { targetArguments } from './target.ts'

/** What each `npm run lab -- COMMAND` does. */
type Kind = 'bare' | 'bare13' | 'awkward' | 'shop'

const kinds: Record<Kind, { release: Release; variant: Variant; runbook: string }> = {
  bare: { release: 'bookworm', variant: 'bare', runbook: 'server-setup' },
  bare13: { release: 'trixie', variant: 'bare', runbook: 'server-setup' },
  awkward: { release: 'bookworm', variant: 'awkward', runbook: 'server-setup' },
  shop: { release: 'bookworm', variant: 'bare', runbook: 'server-setup' },
}

export async function build(names: string[]): Promise<void> {
  await mustBePossible()
  await withDocker(async () => {
    for (const kind of names.map(kindOf)) {
      const { release, variant } = kinds[kind]
      await timed(`${kind}: the server’s image`, () => buildServerImage(release, variant))
      if (kind === 'shop') await timed('shop: the images of its services', buildShopImages)
    }
  })
}

export async function up(name: string): Promise<void> {
  await mustBePossible()
  const started = Date.now()
  const kind = kindOf(name)
  const lab = await openLab({ keep: true })
  const running = await findReady(lab, kind)
  const server = running ?? (await start(lab, kind))
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  const arguments_ = targetArguments(server).join(' ')
  console.log(`The ${kind} server ${running ? 'was running already' : 'is ready'} (${seconds} s).

  address   ${server.ipv4}   ${server.ipv6}
  host key  ${server.hostKeyFingerprint}
  try       npm start -- run ${kinds[kind].runbook} ${arguments_}
  look      npm run lab -- shell --server ${server.name}${kind === 'shop' ? '\n  break     npm run lab -- fault' : ''}
  end       npm run lab -- down`)
}

/** A server that an `up` was still setting up when it was interrupted is begun anew. */
async function findReady(lab: Lab, kind: Kind): Promise<LabServer | undefined> {
  const server = (await lab.servers()).find(({ name }) => name === kind)
  if (!server || existsSync(readyMark(lab, kind))) return server
  await server.stop()
  return undefined
}

async function start(lab: Lab, kind: Kind): Promise<LabServer> {
  const { release, variant } = kinds[kind]
  const server =
    kind === 'shop'
      ? (await startShopServer(lab, { name: kind })).server
      : await lab.startServer({ name: kind, release, variant })
  await writeFile(readyMark(lab, kind), '')
  return server
}

function readyMark(lab: Lab, kind: Kind): string {
  return join(lab.folder, kind, 'ready')
}

export async function stack(options: ServerChoice & { staging?: boolean; tag?: string }): Promise<void> {
  const { server } = await runningServer(options)
  const environment = options.staging ? 'staging' : 'production'
  const tag = options.tag === undefined ? {} : { tag: options.tag }
  await timed(`The shop runs on ${server.name}`, () => startShop(server, { environment, ...tag }))
}

export async function fault(
  name: string | undefined,
  options: ServerChoice & { undo?: boolean },
): Promise<void> {
  if (name === undefined) {
    const width = Math.max(...Object.keys(faults).map(key => key.length))
    for (const known of Object.values(faults)) console.log(`${known.name.padEnd(width)}  ${known.describe}`)
    return
  }
  const chosen = findFault(name)
  const { lab, server } = await runningServer(options)
  if (!options.undo) {
    await timed(`${server.name} now has ${name}: ${chosen.describe}`, () => chosen.inject(server, lab))
    return
  }
  if (!chosen.undo)
    throw new Error(`${name} cannot be undone: go back to a snapshot, or start another server.`)
  await chosen.undo(server, lab)
  console.log(`${server.name} no longer has ${name}.`)
}

export async function snapshot(
  label: string | undefined,
  options: ServerChoice & { restore?: boolean },
): Promise<void> {
  const { lab, server } = await runningServer(options)
  if (label === undefined) {
    for (const known of await listSnapshots(lab.runId)) console.log(known)
  } else if (options.restore) {
    await timed(`${server.name} is as it was in ${label}`, () => server.restore(label))
  } else {
    await timed(`${server.name} is kept as ${label}`, () => server.snapshot(label))
  }
}

export async function shell(words: string[], options: ServerChoice): Promise<void> {
  const { server } = await runningServer(options)
  const address = ['-p', String(server.sshPort), `${server.sshUser}@${server.ipv4}`]
  const known = ['-o', `UserKnownHostsFile=${server.knownHostsFile}`]
  const identity = ['-i', server.identityFile, '-o', 'IdentitiesOnly=yes']
  process.exitCode = await hand('ssh', [...identity, ...known, ...address, ...words])
}

export async function runDocker(words: string[]): Promise<void> {
  await findDocker()
  process.exitCode = await hand('docker', words)
}

export async function down(options: { cache?: boolean }): Promise<void> {
  const { stillRunning } = await takeDown(options)
  if (stillRunning.length > 0) {
    console.log(`Left alone: runs of processes that still go on (${stillRunning.join(', ')}).`)
    return
  }
  if (options.cache) await rm(cacheFolder, { recursive: true, force: true })
  console.log(
    options.cache
      ? 'The lab is gone, with its cache.'
      : `The lab is down. Its cache stays in ${cacheFolder}.`,
  )
}

type ServerChoice = { server?: string }

async function runningServer(choice: ServerChoice): Promise<{ lab: Lab; server: LabServer }> {
  const lab = (await findDocker()) ? await findLab() : undefined
  const servers = lab ? await lab.servers() : []
  if (!lab || servers.length === 0) throw new Error('No lab server runs: start one with `npm run lab -- up`.')
  const names = servers.map(candidate => candidate.name).join(', ')
  const server = choice.server ? servers.find(({ name }) => name === choice.server) : servers[0]
  if (!server) throw new Error(`No server ${choice.server} runs; there is ${names}.`)
  if (!choice.server && servers.length > 1) throw new Error(`Which one? --server takes ${names}.`)
  return { lab, server }
}

function kindOf(name: string): Kind {
  if (name in kinds) return name as Kind
  throw new Error(`There is no kind of server called ${name}: choose ${Object.keys(kinds).join(', ')}.`)
}

async function mustBePossible(): Promise<void> {
  const { possible, reason } = await labIsPossible()
  if (!possible) throw new Error(`No lab on this machine: ${reason}`)
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const started = Date.now()
  await work()
  console.log(`${what} (${((Date.now() - started) / 1000).toFixed(1)} s).`)
}

/** Gives this terminal to another program until it ends. */
async function hand(program: string, words: string[]): Promise<number> {
  const child = spawn(program, words, { stdio: 'inherit', env: dockerEnvironment() })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 130
}
