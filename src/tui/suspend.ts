/** Ctrl-Z: puts the whole job aside as the terminal would, and comes back with `fg`. */

import { once } from 'node:events'

/** A group without a shell above it is never stopped by the kernel; then this is how long nothing happens. */
const GIVE_UP = 300

/** Runs while the terminal is handed back; settles when the process goes on. */
export async function suspendToShell(): Promise<void> {
  // A live timer, because Ink lets go of standard input and Node would see nothing left to wait for.
  const waiting = new Promise<void>(resolve => setTimeout(resolve, GIVE_UP))
  const continued = once(process, 'SIGCONT')
  process.kill(0, 'SIGTSTP')
  await Promise.race([continued, waiting])
}
