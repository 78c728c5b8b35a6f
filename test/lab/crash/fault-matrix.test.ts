/**
 * Nothing lost, nothing done twice: a run with a short command, a write, a job and a guarded change is cut, killed,
 * starved and rebooted at every event of its life, gone on with, and then held against what the server says.
 *
 * All of it with KNEEBOARD_THOROUGH=1 (about an hour; docs/reliability.md has the counts); a sample otherwise.
 */

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Lab, type LabServer, labIsPossible, losePackets, openLab, waitFor } from '../index.ts'
import { run } from '../shell.ts'
import { folderOf } from './book.ts'
import { type Disturbed, disturbedRun, type Plot } from './disturbed.ts'
import { everywhere, inTheMiddle, longSilences, sample } from './plots.ts'

const THOROUGH = process.env.KNEEBOARD_THOROUGH === '1'
/** Servers side by side: what is waited for is mostly time limits. */
const SERVERS = THOROUGH ? 3 : 2
/** Milliseconds for one kind of disturbance. */
const LIMIT = THOROUGH ? 5_400_000 : 900_000

/** What the disturbed runs of one kind came to, in the order of the columns of docs/reliability.md. */
interface Count {
  runs: number
  /** Ended as an undisturbed run does. */
  passed: number
  /** Ended otherwise, and the run said so exactly. */
  saidSo: number
  /** How often one of them was gone on with. */
  resumes: number
  wrong: number
}

/** What a run says of itself, in a line. */
const inShort = (account: Disturbed['account'] | undefined): string =>
  [
    account?.status ?? 'no end',
    ...(account?.remedies ?? []).map(({ remedy, outcome, summary }) => `${remedy} ${outcome} (${summary})`),
  ].join('; ')

const possible = await labIsPossible()

// No second try: a wrong end that comes once in many runs is the very thing that is looked for.
describe.skipIf(!possible.possible)('a run that is disturbed', { retry: 0 }, () => {
  let lab: Lab
  let servers: LabServer[]
  let types: readonly string[]
  const counts = new Map<string, Count>()
  beforeAll(async () => {
    lab = await openLab()
    servers = await Promise.all(
      Array.from({ length: SERVERS }, (_, n) => lab.startServer({ name: `crash-${n + 1}` })),
    )
  })
  afterAll(async () => {
    for (const [kind, count] of counts) console.log(`| ${kind} | ${Object.values(count).join(' | ')} |`)
    await lab?.close()
  })

  /** Plays all plots, each server one after the other. @returns what was wrong, with the plot's name. */
  async function playAll(
    kind: string,
    plots: readonly { name: string; plot: (server: LabServer) => Promise<Disturbed> }[],
  ): Promise<string[]> {
    const queue = [...plots]
    const wrong: string[] = []
    const count: Count = { runs: 0, passed: 0, saidSo: 0, resumes: 0, wrong: 0 }
    counts.set(kind, count)
    const worker = async (server: LabServer): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { name } = next
        const done = await next.plot(server).catch((error: Error) => ({
          wrong: [`it broke: ${error.message}`],
          resumes: 0,
          account: undefined,
        }))
        count.runs += 1
        count.resumes += done.resumes
        if (done.wrong.length > 0) count.wrong += 1
        else if (done.account?.status === 'passed') count.passed += 1
        else count.saidSo += 1
        if (process.env.KNEEBOARD_LAB_TRACE) {
          console.error(`${kind}: ${count.runs} of ${plots.length}`)
          if (done.account?.status !== 'passed') console.error(`${name}: ${inShort(done.account)}`)
        }
        if (done.wrong.length === 0) continue
        wrong.push(`${name}: ${done.wrong.join('; ')} (${JSON.stringify(done.account?.remedies)})`)
        if (process.env.KNEEBOARD_LAB_TRACE) console.error(wrong.at(-1))
      }
    }
    await Promise.all(servers.map(worker))
    return wrong
  }

  const first = (): LabServer => {
    const [server] = servers
    if (server === undefined) throw new Error('no server')
    return server
  }
  const plotted = (list: readonly { name: string; disturbance: NonNullable<Plot['disturbance']> }[]) =>
    list.map(({ name, disturbance }) => ({
      name,
      // A guarded change whose connection dies may be undone by the server: that is said, and is no end to resume.
      plot: (server: LabServer) => disturbedRun(server, { disturbance, mayEnd: ['failed'] }),
    }))

  test(
    'undisturbed, it ends as it should: the measure for all others',
    async () => {
      const done = await disturbedRun(first())
      expect(done.wrong).toEqual([])
      expect(done.resumes).toBe(0)
      types = done.account.types
      expect(types.length).toBeGreaterThan(50)
    },
    LIMIT,
  )

  test(
    'killed or cut off at any event, before or after it is on disk',
    async () => {
      const all = everywhere(types.length)
      const wrong = await playAll('at every event', plotted(THOROUGH ? all : sample(all, 6)))
      expect(wrong).toEqual([])
    },
    LIMIT,
  )

  test(
    'killed, cut off or silenced in the middle of what it does',
    async () => {
      const all = inTheMiddle(types)
      const wrong = await playAll('in the middle of an action', plotted(THOROUGH ? all : sample(all, 3)))
      expect(wrong).toEqual([])
    },
    LIMIT,
  )

  test.runIf(THOROUGH)(
    'with no packet passing for half a minute',
    async () => {
      expect(await playAll('silence of 30 s', plotted(longSilences(types)))).toEqual([])
    },
    LIMIT,
  )

  test(
    'on a line that loses 30 % of all packets',
    async () => {
      const plot = async (server: LabServer): Promise<Disturbed> => {
        const loss = await losePackets(lab, server, 0.3)
        try {
          return await disturbedRun(server, { mayEnd: ['failed'] })
        } finally {
          await loss.restore()
        }
      }
      const plots = Array.from({ length: THOROUGH ? 9 : 1 }, (_, n) => ({ name: `loss ${n}`, plot }))
      expect(await playAll('30 % packet loss', plots)).toEqual([])
    },
    LIMIT,
  )

  test.runIf(THOROUGH)(
    'with every packet lost for a minute, from several moments on',
    async () => {
      const plots = [0.5, 1.5, 3, 4.5, 6, 7.5].map(seconds => ({
        name: `a minute of silence after ${seconds} s`,
        plot: (server: LabServer) =>
          disturbedRun(server, {
            mayEnd: ['failed'],
            async meanwhile() {
              await sleep(seconds * 1000)
              const loss = await losePackets(lab, server, 1)
              await sleep(60_000)
              await loss.restore()
            },
          }),
      }))
      expect(await playAll('100 % loss for a minute', plots)).toEqual([])
    },
    LIMIT,
  )

  test(
    'with a server that restarts in the middle of a job',
    async () => {
      const ways = THOROUGH
        ? (['reboot', 'powerCycle', 'reboot', 'powerCycle'] as const)
        : (['reboot'] as const)
      const plots = ways.map((way, n) => ({
        name: `${way} ${n}`,
        plot: (server: LabServer) =>
          disturbedRun(server, {
            mayEnd: ['failed'],
            async meanwhile(tag) {
              const log = `${folderOf(tag)}/long.log`
              await waitFor('the job', async () => (await server.exec(`test -e ${log}`)).exitCode === 0)
              await server[way]()
            },
          }),
      }))
      expect(await playAll('restart in the middle of a job', plots)).toEqual([])
    },
    LIMIT,
  )

  test(
    'with a full disk on the operator’s side, that is made room on later',
    async () => {
      const sizes = Array.from({ length: THOROUGH ? 18 : 2 }, (_, n) => (THOROUGH ? 8 + 4 * n : 20 + 20 * n))
      const plots = sizes.map(size => ({
        name: `${size} KiB for the journal`,
        async plot(server: LabServer): Promise<Disturbed> {
          const folder = mkdtempSync(join(tmpdir(), 'kneeboard-full-'))
          await run`mount -t tmpfs -o ${`size=${size}k,mode=700`} kneeboard-lab ${folder}`
          try {
            return await disturbedRun(server, {
              folder,
              mayEnd: ['failed'],
              beforeResume: async () => {
                await run`mount -o ${'remount,size=8m'} ${folder}`
              },
            })
          } finally {
            await run`umount ${folder}`
          }
        },
      }))
      expect(await playAll('full disk here', plots)).toEqual([])
    },
    LIMIT,
  )

  test(
    'with a full disk on the server',
    async () => {
      const pages = Array.from({ length: THOROUGH ? 16 : 2 }, (_, n) => (THOROUGH ? n : 5 * n))
      const plots = pages.map(left => ({
        name: `${left} pages left on the server`,
        async plot(server: LabServer): Promise<Disturbed> {
          await server.must(`
          mkdir -p /var/lib/kneeboard && mount -t tmpfs -o size=128k,mode=700 kneeboard-lab /var/lib/kneeboard
          head -c $((131072 - ${left} * 4096)) /dev/zero >/var/lib/kneeboard/filler 2>/dev/null || :`)
          try {
            return await disturbedRun(server, {
              mayEnd: ['failed', 'unproven'],
              beforeResume: async () => {
                await server.must('rm -f /var/lib/kneeboard/filler')
              },
            })
          } finally {
            await server.must('umount /var/lib/kneeboard')
          }
        },
      }))
      expect(await playAll('full disk on the server', plots)).toEqual([])
    },
    LIMIT,
  )
})
