/** One more login, beside the connection at hand: made, used for one script at most, and closed. */

import { EXIT, Failure } from '../model/failure.ts'
import type { LoginOutcome, LoginRequest } from '../model/machine.ts'
import type { Script } from '../model/script.ts'
import type { Authentication, Offer } from './authentication.ts'
import { Lanes } from './lanes.ts'
import { shellOpener } from './open-shell.ts'
import { runCommand } from './run-command.ts'
import type { Login, SshSession } from './ssh-session.ts'

/** Seconds for the whole attempt, when its caller says nothing (contract of LoginRequest). */
const DEFAULT_SECONDS = 15

const OFFERS: Record<LoginRequest['with'], Offer> = {
  methods: 'nothing',
  'key-only': 'keys',
  credentials: 'everything',
}

/** Never rejects: a refusal is what some checks hope for. */
export async function tryLogin(
  session: SshSession,
  request: LoginRequest,
  { user, host }: { readonly user: string; readonly host: string },
): Promise<LoginOutcome> {
  const { with: manner, script, timeoutSeconds: seconds = DEFAULT_SECONDS } = request
  let attempt: Authentication | undefined
  try {
    const login = await session.login({ user, offer: OFFERS[manner], seconds }, made => {
      attempt = made
    })
    try {
      const how =
        manner === 'methods' ? 'without any proof of identity' : `with ${login.connection.authenticatedBy}`
      const accepted = { outcome: 'accepted', methods: [], reason: `${user} was let in ${how}` } as const
      return script ? { ...accepted, result: await runOnce(login, script, user, host, seconds) } : accepted
    } finally {
      await login.close()
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const refused = error instanceof Failure && error.exitCode === EXIT.refused
    return { outcome: refused ? 'refused' : 'unreachable', methods: attempt?.methods ?? [], reason }
  }
}

async function runOnce(
  { connection }: Login,
  script: Script,
  user: string,
  host: string,
  timeoutSeconds: number,
): ReturnType<typeof runCommand> {
  // Root's password is not asked for here: the script runs as whoever logged in.
  const openShell = shellOpener(connection, user, async () => null)
  const lanes = new Lanes({ openShell, depth: 1, maxLanes: 1 })
  connection.onGone(reason => lanes.close(reason))
  try {
    return await runCommand({ lanes, notConnected: '', loginUser: user, at: `@${host}` }, script, {
      timeoutSeconds,
    })
  } finally {
    lanes.close('the login was over')
  }
}
