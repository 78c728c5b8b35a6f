import { readFile } from 'node:fs/promises'
import { sleep } from './shell.ts'

/** A process that cannot be mistaken for a later one with the same number. */
export type ProcessIdentity = { pid: number; startTime: string }

/** The start time of a process in clock ticks since boot (proc_pid_stat(5), field 22), or undefined when it is gone. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return undefined
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state] = afterName
  return state === 'Z' ? undefined : afterName[19]
}

export async function identify(pid: number): Promise<ProcessIdentity> {
  return { pid, startTime: (await startTimeOf(pid)) ?? 'gone' }
}

export async function isAlive(process: ProcessIdentity): Promise<boolean> {
  return (await startTimeOf(process.pid)) === process.startTime
}

/** Ends a process that the lab started: politely, then not; never another one that got its number since. */
export async function end(target: ProcessIdentity, { patience = 10_000 } = {}): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await isAlive(target))) return
    process.kill(target.pid, signal)
    const giveUp = Date.now() + patience
    while (Date.now() < giveUp) {
      if (!(await isAlive(target))) return
      await sleep(50)
    }
  }
}
