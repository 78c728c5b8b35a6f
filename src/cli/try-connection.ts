/** Connects to a server only to see whether a run could: who, over which key, what it is, and whether root can be had. */

import { connectTo } from '../host/connect.ts'
import type { ConnectRequest } from '../host/connect-request.ts'
import { harmless } from '../host/evidence.ts'
import { learningPrompter } from '../host/learning-prompter.ts'
import { createRedactor } from '../host/redact.ts'
import { whyNot } from '../model/command.ts'
import { sh } from '../model/script.ts'
import type { ConnectionPorts, ConnectionReport } from '../tui/services.ts'

/** @throws Failure as {@link connectTo} does. */
export async function tryConnection(
  request: ConnectRequest,
  { prompter, signal }: ConnectionPorts,
): Promise<ConnectionReport> {
  const redactor = createRedactor()
  const machine = await connectTo(request, learningPrompter(prompter, redactor), signal)
  try {
    const { user, host, hostKey, authenticatedBy } = machine.connection
    const system = await machine.run(
      sh`. /etc/os-release 2>/dev/null; printf '%s' "\${PRETTY_NAME:-$(uname -sr)}"`,
      { signal },
    )
    const asked = performance.now()
    await machine.run(sh`:`, { signal })
    const milliseconds = Math.round(performance.now() - asked)
    const root = await machine.run(sh`test "$(id -u)" = 0`, { as: 'root', signal })
    return {
      where: `${user}@${host}`,
      hostKey,
      authenticatedBy,
      system: harmless(system.stdout.trim(), redactor) || 'unknown',
      root:
        root.ending === 'exited' && root.exitCode === 0
          ? { works: true }
          : { works: false, why: harmless(whyNot(root), redactor) },
      milliseconds,
    }
  } finally {
    await machine.close()
  }
}
