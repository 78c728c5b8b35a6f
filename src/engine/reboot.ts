/** Restarts the server and proves that it is another boot that answers. */

import type { PreparedAction } from '../model/action.ts'
import { type CommandResult, outputOf } from '../model/command.ts'
import { sh } from '../model/script.ts'
import type { Done } from './attempt.ts'
import type { Session } from './session.ts'

const BOOT_ID = sh`cat /proc/sys/kernel/random/boot_id`

export async function performReboot(
  session: Session,
  action: Extract<PreparedAction, { type: 'reboot' }>,
): Promise<Done> {
  const { machine, emit } = session
  const record: CommandResult[] = []
  const bootId = async (): Promise<string> => {
    const result = await machine.run(BOOT_ID)
    record.push(result)
    return outputOf(result, 'the boot id').trim()
  }
  const before = await bootId()
  // Two seconds later, so that this command still gets its answer back.
  record.push(
    await machine.run(
      sh`systemd-run --quiet --on-active=2s systemctl reboot || { (sleep 2; reboot) >/dev/null 2>&1 & }`,
      { as: 'root' },
    ),
  )
  emit({ type: 'connection-lost', reason: 'the server restarts' })
  const deadline = Date.now() + action.timeoutSeconds * 1000
  while (Date.now() < deadline) {
    await new Promise(resolve => setTimeout(resolve, 1000))
    try {
      await machine.reconnect(Math.max(1, Math.ceil((deadline - Date.now()) / 1000)))
      if ((await bootId()) === before) continue
      emit({ type: 'connection-restored', rebooted: true })
      return { ok: true, summary: 'the server restarted and answers', record }
    } catch {
      // Not up yet, or still going down: asked again until the deadline.
    }
  }
  return { ok: false, summary: `the server did not come back within ${action.timeoutSeconds} s`, record }
}
