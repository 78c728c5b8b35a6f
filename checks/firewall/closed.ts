/** Whether the firewall keeps strangers from a port of this server. */

import type { Family } from '../../src/facts/address.ts'
import { ufwInstalled, ufwRules, ufwStatus } from '../../src/facts/ufw.ts'
import { ruleFor } from '../../src/facts/ufw-rules.ts'
import type { ReadContext } from '../../src/model/check.ts'

/** True only when ufw is on and neither a rule nor its default lets strangers in. */
export async function isClosed(
  { read }: ReadContext,
  family: Family,
  port: number,
  protocol: 'tcp' | 'udp',
): Promise<boolean> {
  if (!(await read(ufwInstalled))) return false
  const status = await read(ufwStatus)
  if (!status.active) return false
  const { action } = ruleFor(await read(ufwRules), { family, port, protocol }, null)
  if (action === 'none') return status.incoming !== 'allow'
  return action === 'deny' || action === 'reject'
}
