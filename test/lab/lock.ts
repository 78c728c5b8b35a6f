import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { places } from './places.ts'

/**
 * One process at a time: two test files that both need an image build it once.
 *
 * `flock` holds the lock for as long as our end of its standard input is open, so a run that is killed with
 * SIGKILL lets go of it without anybody cleaning up.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  await mkdir(places.locks, { recursive: true, mode: 0o700 })
  const holder = spawn('flock', [join(places.locks, name), 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  try {
    return await work()
  } finally {
    const ended = once(holder, 'exit')
    holder.stdin.end()
    await ended
  }
}
