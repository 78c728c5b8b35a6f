/** Connects to a server only to ask what it says about a runbook's parameters, and leaves. */

import { type Discovered, discover } from '../engine/discover.ts'
import { connectTo } from '../host/connect.ts'
import type { ConnectRequest } from '../host/connect-request.ts'
import { harmless } from '../host/evidence.ts'
import { learningPrompter } from '../host/learning-prompter.ts'
import { createRedactor } from '../host/redact.ts'
import type { Discovery } from '../model/discovery.ts'
import type { Target } from '../model/target.ts'
import type { ConnectionPorts } from '../tui/services.ts'

export interface LookRequest {
  readonly target: Target
  readonly discoveries: readonly Discovery[]
  /** The form's values so far. */
  readonly params: Readonly<Record<string, string>>
}

/** @throws Failure as {@link connectTo} does. */
export async function lookAtServer(
  connection: ConnectRequest,
  { target, discoveries, params }: LookRequest,
  { prompter, signal }: ConnectionPorts,
): Promise<Discovered> {
  const redactor = createRedactor()
  const machine = await connectTo(connection, learningPrompter(prompter, redactor), signal)
  try {
    return await discover(machine, target, discoveries, params, raw => harmless(raw, redactor))
  } finally {
    await machine.close()
  }
}
