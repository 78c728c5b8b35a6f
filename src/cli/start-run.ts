/** Puts a run together: connection, redaction, journal, engine. The plain printer and the screens both start here. */

import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { createJournal } from '../engine/journal.ts'
import type { Operator } from '../engine/operator.ts'
import { newRunId, runRunbook } from '../engine/run.ts'
import type { RunState } from '../engine/state.ts'
import { type ConnectRequest, connectTo } from '../host/connect.ts'
import { toEvidence } from '../host/evidence.ts'
import type { Prompter } from '../host/prompter.ts'
import { createRedactor } from '../host/redact.ts'
import { visible } from '../host/visible.ts'
import type { RunEvent } from '../model/event.ts'
import type { Policy } from '../model/policy.ts'
import type { Runbook } from '../model/runbook.ts'
import type { Target } from '../model/target.ts'
import type { ConnectionOptions } from './options.ts'

export interface StartRun {
  readonly version: string
  readonly runsFolder: string
  readonly runbook: Runbook
  readonly target: Target
  readonly params: Readonly<Record<string, unknown>>
  readonly policy: Policy
  readonly mode: 'run' | 'check'
  readonly only?: readonly string[]
  readonly skip?: readonly string[]
  readonly dryRun?: boolean
  readonly connection: ConnectionOptions
  readonly operator: Operator
  readonly prompter: Prompter
  readonly signal: AbortSignal
  listen(event: RunEvent, state: RunState): void
}

export interface StartedRun {
  readonly journalPath: string
  readonly finished: Promise<RunState>
}

/** @throws Failure when the journal cannot be made; later failures reject `finished`. */
export function startRun(start: StartRun): StartedRun {
  const { runbook, target, params, policy, mode, only, skip, dryRun, operator, signal, listen } = start
  const id = newRunId()
  const journal = createJournal(join(start.runsFolder, `${id}.jsonl`))
  const redactor = createRedactor()
  const clean = (text: string): string => {
    try {
      return redactor.redact(visible(text))
    } catch {
      return '[left out: it could not be redacted]'
    }
  }
  const finished = runRunbook(
    id,
    {
      runbook,
      target,
      params,
      policy,
      mode,
      ...(only ? { only } : {}),
      ...(skip ? { skip } : {}),
      ...(dryRun ? { dryRun } : {}),
    },
    {
      connect: () => connectTo(connectRequest(target, start.connection), start.prompter, signal),
      operator,
      journal,
      evidence: result => toEvidence(result, redactor),
      clean,
      listen,
      signal,
      tool: `kneeboard ${start.version}`,
      operatorName: `${userInfo().username}@${hostname()}`,
    },
  )
  return { journalPath: journal.path, finished }
}

/** What the options of one call say goes before what is stored with the target. */
export function connectRequest(target: Target, options: ConnectionOptions): ConnectRequest {
  const { host, user, port, identity, hostKey } = target
  const { knownHosts, acceptHostKey, sshConfig } = options
  return {
    host,
    user,
    port,
    identity: options.identity ?? identity,
    hostKey,
    acceptHostKey,
    sshConfigFile: sshConfig,
    knownHostsFiles: knownHosts === undefined ? undefined : [knownHosts],
  }
}
