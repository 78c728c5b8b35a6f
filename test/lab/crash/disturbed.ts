/** One disturbed run from beginning to end, gone on with until it has ended, and everything that is wrong with it. */

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ulid } from 'ulid'
import { readJournal } from '../../../src/engine/journal.ts'
import type { LabServer } from '../server.ts'
import { folderOf, NEW, OLD } from './book.ts'
import type { Account, Disturbance, Order } from './program.ts'

const PROGRAM = fileURLToPath(new URL('./program.ts', import.meta.url))
/** A run that has not ended after so many times of going on never will. */
const MAX_RESUMES = 4

export interface Disturbed {
  readonly account: Account
  /** How often it had to be gone on with. */
  readonly resumes: number
  /** What is not as it must be; empty when all is well. */
  readonly wrong: readonly string[]
}

export interface Plot {
  readonly disturbance?: Disturbance
  /** Where the journal goes; a folder of its own when left out. */
  readonly folder?: string
  /** Done once the run has begun, beside it. */
  readonly meanwhile?: (tag: string) => Promise<void>
  /** Done before the run is gone on with. */
  readonly beforeResume?: () => Promise<void>
  /** Outcomes with which the run may end besides `passed`, as where the server’s disk is full. */
  readonly mayEnd?: readonly string[]
}

export async function disturbedRun(server: LabServer, plot: Plot = {}): Promise<Disturbed> {
  const id = ulid()
  const tag = id.toLowerCase()
  const folder = folderOf(tag)
  await server.must(
    `mkdir -p ${folder}; printf 'old\\n' >${folder}/app.conf; printf 'old\\n' >${folder}/guarded`,
  )
  const order: Order = {
    journal: join(plot.folder ?? mkdtempSync(join(tmpdir(), 'kneeboard-crash-')), `${id}.jsonl`),
    resume: false,
    tag,
    host: server.ipv4,
    port: server.sshPort,
    identity: server.identityFile,
    hostKey: server.hostKeyFingerprint,
    ...(plot.disturbance ? { disturbance: plot.disturbance } : {}),
  }
  const first = start(order)
  const meanwhile = plot.meanwhile?.(tag)
  let account = await first
  await meanwhile
  let resumes = 0
  const { disturbance: _once, ...again } = order
  while (account?.status === undefined && resumes < MAX_RESUMES) {
    await plot.beforeResume?.()
    resumes += 1
    account = await start({ ...again, resume: hasBegun(order.journal) })
  }
  const wrong =
    account?.status === undefined
      ? [`it did not end in ${MAX_RESUMES} resumes: ${account?.failure ?? 'killed'}`]
      : [
          ...wrongInAccount(account, plot.mayEnd ?? []),
          ...wrongInJournal(order.journal, account),
          ...(await wrongOnServer(server, tag, account)),
        ]
  return { account: account ?? { events: 0, types: [], remedies: [] }, resumes, wrong }
}

/** A run whose very first event was not written has not begun: it is begun, not gone on with. */
function hasBegun(journal: string): boolean {
  if (existsSync(journal) && readJournal(journal).events.length > 0) return true
  rmSync(journal, { force: true })
  rmSync(`${journal}.writer`, { force: true })
  return false
}

/** @returns undefined when it was killed. */
function start(order: Order): Promise<Account | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(order)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let said = ''
    child.stdout.on('data', chunk => {
      out += chunk
    })
    child.stderr.on('data', chunk => {
      said += chunk
    })
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(undefined)
      else if (code === 0) resolve(JSON.parse(out) as Account)
      else reject(new Error(`the program broke (${code ?? signal}): ${said.slice(-2000)}`))
    })
  })
}

function wrongInAccount({ status, remedies }: Account, mayEnd: readonly string[]): string[] {
  const open = remedies.filter(({ outcome, consent }) => outcome === 'open' && consent === 'yes')
  return [
    ...(status === 'passed' || mayEnd.includes(status ?? '') ? [] : [`it ended ${status}`]),
    ...open.map(({ remedy, attempt }) => `${remedy} ${attempt} has no end`),
  ]
}

function wrongInJournal(path: string, { status }: Account): string[] {
  const reading = readJournal(path)
  const last = reading.events.findLast(event => event.type === 'run-finished')
  return [
    ...(reading.state === 'whole' ? [] : [`the journal is ${reading.state} at line ${reading.line}`]),
    ...(last?.status === status ? [] : ['the journal says another end']),
  ]
}

/** What the server holds against what the run says it did. */
async function wrongOnServer(
  server: LabServer,
  tag: string,
  { status, remedies }: Account,
): Promise<string[]> {
  const text = await server.must(`
    cd ${folderOf(tag)}
    for name in short long guarded; do printf '%s=' $name; cat $name.log 2>/dev/null | tr '\\n' ' '; echo; done
    printf 'file='; sha256sum <app.conf | cut -d' ' -f1; printf 'state='; cat guarded
    printf 'beside='; ls -A | grep -c '^\\.kneeboard' || :
    printf 'lock='; cat /var/lib/kneeboard/lock 2>/dev/null | head -n 1 | grep -ic ${tag} || :
    printf 'jobs='; ls /var/lib/kneeboard/jobs 2>/dev/null | grep -c ${tag} || :
    printf 'armed='; for dir in /var/lib/kneeboard/reverts/*${tag}*; do [ -e "$dir/armed" ] && [ ! -e "$dir/decided" ] && echo "$dir"; done | wc -l
    # A unit that was called off a moment ago takes a second to see it.
    tries=0
    while units=$(systemctl list-units --all --no-legend 'kneeboard-*' 2>/dev/null | grep -o 'kneeboard-[^ ]*${tag}[^ ]* .*' | tr '\\n' ' ')
      [ -n "$units" ] && [ $tries -lt 10 ]; do tries=$((tries + 1)); sleep 0.5; done
    printf 'units=%s\\n' "$units"`)
  const values = new Map(text.split('\n').map(line => line.split(/=(.*)/s).slice(0, 2) as [string, string]))
  const is = (name: string, expected: string): string[] =>
    values.get(name)?.trim() === expected
      ? []
      : [`${name} is “${values.get(name)?.trim()}”, not “${expected}”`]
  const proven = (id: string): boolean =>
    remedies.some(({ remedy, outcome }) => remedy === id && outcome === 'proven')
  const sha256 = async (content: string): Promise<string> =>
    Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(content))).toString('hex')
  const guarded = `${values.get('guarded')?.trim() ?? ''} `.trimStart()
  const always = [...is('beside', '0'), ...is('lock', '0'), ...is('armed', '0'), ...is('units', '')]
  // Never twice without being undone in between, whatever else happened.
  const order = /^(?:(?:ran )?reverted )*(?:ran )?$/.test(guarded) ? [] : [`guarded ran “${guarded}”`]
  if (status === 'passed')
    return [
      ...always,
      ...order,
      ...is('short', 'ran'),
      ...is('long', 'ran'),
      ...is('file', await sha256(NEW)),
      ...is('state', 'new'),
      ...is('jobs', '0'),
    ]
  return [
    ...always,
    ...order,
    ...(['', 'ran'].includes(values.get('short')?.trim() ?? '') ? [] : ['short ran more than once']),
    ...(['', 'ran'].includes(values.get('long')?.trim() ?? '') ? [] : ['long ran more than once']),
    ...is('file', await sha256(proven('crash/file-mend') ? NEW : OLD)),
    ...is('state', proven('crash/guarded-mend') ? 'new' : 'old'),
  ]
}
