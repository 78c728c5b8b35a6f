/** Puts a run together: connection, redaction, journal, engine. The plain printer and the screens both start here. */

import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { runbooks } from '../../runbooks/index.ts'
import type { Preferences } from '../config/preferences.ts'
import type { Intents } from '../engine/intents.ts'
import { createJournal, type Journal, reopenJournal } from '../engine/journal.ts'
import type { Operator } from '../engine/operator.ts'
import { rememberedFrom } from '../engine/remembered.ts'
import { newRunId, resumeRun, runRunbook } from '../engine/run.ts'
import type { RunPorts } from '../engine/session.ts'
import { type RunState, replay } from '../engine/state.ts'
import { connectTo } from '../host/connect.ts'
import type { ConnectRequest } from '../host/connect-request.ts'
import { evidenceMaker, harmless } from '../host/evidence.ts'
import { learningPrompter } from '../host/learning-prompter.ts'
import type { Prompter } from '../host/prompter.ts'
import { createRedactor } from '../host/redact.ts'
import type { RunEvent } from '../model/event.ts'
import { EXIT, Failure } from '../model/failure.ts'
import type { Policy } from '../model/policy.ts'
import { checksOf, type Runbook } from '../model/runbook.ts'
import type { Target } from '../model/target.ts'
import { reportJson } from '../report/json.ts'
import type { ConnectionOptions } from './options.ts'
import { journalsThatMay } from './recent-runs.ts'
import type { RunDigest } from './run-digest.ts'
import { whichChecks } from './which-runbook.ts'

/** What any run needs, a new one and one that is gone on with. */
export interface RunSetting {
  readonly version: string
  readonly runsFolder: string
  readonly policy: Policy
  readonly preferences: Preferences
  readonly connection: ConnectionOptions
  readonly operator: Operator
  /** What the operator says unasked; left out without a screen. */
  readonly intents?: Intents
  readonly prompter: Prompter
  readonly signal: AbortSignal
  /** Ends what runs now, too. */
  readonly stopNow?: AbortSignal
  listen(event: RunEvent, state: RunState): void
}

export interface NewRun {
  readonly runbook: Runbook
  readonly target: Target
  readonly params: Readonly<Record<string, unknown>>
  readonly mode: 'run' | 'check'
  readonly only?: readonly string[]
  readonly skip?: readonly string[]
  readonly dryRun?: boolean
}

export interface StartedRun {
  readonly journalPath: string
  readonly finished: Promise<RunState>
}

/** @throws Failure when the journal cannot be made; later failures reject `finished`. */
export function startRun(setting: RunSetting, run: NewRun): StartedRun {
  const id = newRunId()
  const journal = createJournal(join(setting.runsFolder, `${id}.jsonl`))
  const { name } = run.target
  const remembering = checksOf(run.runbook).filter(({ remembers }) => remembers)
  const mayTell = ({ status, target, looked }: RunDigest): boolean =>
    status === 'passed' && target.name === name && remembering.some(check => looked.includes(check.id))
  const request = {
    ...run,
    policy: setting.policy,
    remembered: once(() => rememberedFrom(journalsThatMay(setting.runsFolder, mayTell), name, remembering)),
  }
  return {
    journalPath: journal.path,
    finished: runRunbook(id, request, portsFor(setting, run.target, journal)),
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/**
 * Goes on with a run, from its journal alone: its target, its parameters and the host key it saw are in there.
 *
 * @throws Failure (64) for a run that reached its end, (75) for one that another process still writes, (78) for a
 *   journal that is not what was written.
 */
export function continueRun(setting: RunSetting, path: string): StartedRun {
  const { journal, reading } = reopenJournal(path)
  try {
    const before = replay(reading.events)
    if (before === undefined)
      throw new Failure(
        EXIT.configuration,
        `the journal ${path} holds no whole event`,
        'Nothing was changed in that run: start a new one.',
      )
    if (before.status !== undefined)
      throw new Failure(EXIT.usage, 'that run reached its end', 'Start a new one with `kneeboard run`.')
    refuseRedacted(before)
    const target = targetOf(before)
    const request = {
      runbook: runbookOf(before),
      target,
      params: before.params,
      mode: before.mode,
      policy: setting.policy,
      only: before.steps.map(step => step.id),
    }
    const finished = resumeRun(before, reading.state === 'torn', request, portsFor(setting, target, journal))
    return { journalPath: path, finished }
  } catch (error) {
    journal.close()
    throw error
  }
}

/** What was taken out or cut before it was stored. */
const NOT_AS_GIVEN = /\[secret(?::[^\]]*)?\]|… \(\d+ more characters\)/

/** @throws Failure (64) where a value that the run needs was a secret: the journal does not hold it. */
function refuseRedacted({ params, reach }: RunState): void {
  const values = Object.entries({ ...reach?.stack, ...params })
  const [name] = values.find(([, value]) => NOT_AS_GIVEN.test(JSON.stringify(value) ?? '')) ?? []
  if (name !== undefined)
    throw new Failure(
      EXIT.usage,
      `the value of ${name} was not stored, because it looks like a secret`,
      'Start a new run with it: its checks find what is left to do.',
    )
}

/** The host key that the run saw is the only one accepted: what goes on must be the same server. */
function targetOf({ target, reach, connection }: RunState): Target {
  const { stack = {}, ...rest } = reach ?? {}
  const seen = connection.hostKey ? { hostKey: connection.hostKey } : {}
  return { ...target, ...definedOnly(rest), ...seen, stack }
}

function definedOnly<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

function runbookOf(before: RunState): Runbook {
  const known = runbooks.find(book => book.id === before.runbook)
  return known ?? whichChecks(Object.keys(before.checks))
}

function portsFor(setting: RunSetting, target: Target, journal: Journal): RunPorts {
  const redactor = createRedactor()
  const { summaryOnServer } = setting.preferences
  const { operator, prompter, signal, listen, version } = setting
  return {
    connect: () =>
      connectTo(connectRequest(target, setting.connection), learningPrompter(prompter, redactor), signal),
    operator,
    ...(setting.intents ? { intents: setting.intents } : {}),
    journal,
    ...(summaryOnServer === false ? {} : { serverSummary: { folder: summaryOnServer, render: reportJson } }),
    evidence: evidenceMaker(redactor),
    clean: text => harmless(text, redactor),
    learn: redactor.learn,
    listen,
    signal,
    ...(setting.stopNow ? { stopNow: setting.stopNow } : {}),
    tool: `kneeboard ${version}`,
    operatorName: `${userInfo().username}@${hostname()}`,
  }
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
