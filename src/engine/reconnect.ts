/** The connection that went away: told from a server that merely refuses something, waited for, and built up again. */

import { EXIT, Failure } from '../model/failure.ts'
import { sh } from '../model/script.ts'
import { forget, type Session } from './session.ts'

/** Whether the machine still answers over the connection at hand. */
export async function answers({ machine }: Session): Promise<boolean> {
  return (await machine.run(sh`:`, { timeoutSeconds: 10 })).ending === 'exited'
}

/** Waits until the machine answers again. @throws Failure (69) when it does not. */
export async function reconnect(session: Session, seconds: number): Promise<void> {
  session.emit({ type: 'connection-lost', reason: 'the connection to the server was lost' })
  try {
    await session.machine.reconnect(seconds)
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(
      EXIT.unreachable,
      `the server did not answer again within ${seconds} s`,
      'What was done so far is in the journal; run again when the server answers.',
    )
  }
  forget(session)
  session.emit({ type: 'connection-restored', rebooted: false })
}
