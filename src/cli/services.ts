/** What the screens ask for, answered from the configuration, the runbooks, the engine and the journals. */

import { dirname, join } from 'node:path'
import { discoveries } from '../../checks/discoveries.ts'
import { runbooks } from '../../runbooks/index.ts'
import type { Places } from '../config/places.ts'
import { readPolicy } from '../config/policy.ts'
import { readPreferences } from '../config/preferences.ts'
import type { Targets } from '../config/targets.ts'
import { isClaimed } from '../engine/journal-claim.ts'
import { resolveParameters } from '../engine/parameters.ts'
import { exitCodeOf, plannedSteps } from '../engine/run.ts'
import type { Discovery } from '../model/discovery.ts'
import type { RunTarget } from '../model/event.ts'
import { Failure } from '../model/failure.ts'
import { checksOf, parametersOf, type Runbook } from '../model/runbook.ts'
import { Target } from '../model/target.ts'
import type { TrainingDesk } from '../practice/training/desk.ts'
import type {
  LastRun,
  RunbookSummary,
  RunOutcome,
  RunPorts,
  RunSummary,
  Services,
  StartRequest,
} from '../tui/services.ts'
import { cutOff, overdue, upcoming } from './due.ts'
import { exportRun } from './export-run.ts'
import { endOf, journalOf, openStoredRun } from './history.ts'
import type { ConnectionOptions } from './options.ts'
import { recentRuns } from './recent-runs.ts'
import type { RunDigest } from './run-digest.ts'
import { openShell } from './shell.ts'
import { connectRequest, continueRun, type RunSetting, type StartedRun, startRun } from './start-run.ts'
import { whichRunbook } from './which-runbook.ts'

export interface ServicesOptions {
  readonly training: TrainingDesk
  readonly version: string
  readonly places: Places
  readonly targets: Targets
  readonly connection: ConnectionOptions
  readonly only?: readonly string[]
  readonly skip?: readonly string[]
}

export function createServices(options: ServicesOptions): Services {
  const { places, targets, connection } = options
  const runs = recentRuns(places.runs)
  return {
    async targets() {
      const stored = runs()
      return targets.list().map(target => {
        const last = stored.find(run => run.target.name === target.name)
        const next = upcoming(stored, target.name, Date.now())
        return { target, ...(last ? { lastRun: lastRunOf(last) } : {}), upcoming: next }
      })
    },
    async addTarget(draft) {
      targets.add(Target.parse({ ...draft, stack: {} }))
    },
    async removeTarget(name) {
      targets.remove(name)
    },
    training: options.training,
    runbooks: () => runbooks.map(summaryOf),
    plan: name => plannedSteps(whichRunbook(name).steps),
    start: (request, ports) => start(options, request, ports),
    resume: (run, ports) => {
      const { path } = openStoredRun(places.runs, run)
      return outcomeOf(options, ports, setting => continueRun(setting, path))
    },
    async history() {
      return runs().map(digest => runSummaryOf(digest, places.runs))
    },
    async openRun(run) {
      return openStoredRun(places.runs, run).state
    },
    async due() {
      const stored = runs().filter(({ target }) => !isPractice(target))
      const isUnderWay = (run: string): boolean => isClaimed(journalOf(places.runs, run))
      return [...cutOff(stored, isUnderWay), ...overdue(stored, Date.now())]
    },
    async sshHosts() {
      const { listHosts } = await import('../host/client-config.ts')
      const known = targets.list().flatMap(({ name, host }) => [name, host])
      return (await listHosts(connection.sshConfig)).filter(host => !known.includes(host))
    },
    async tryConnection(draft, ports) {
      const { tryConnection } = await import('./try-connection.ts')
      return tryConnection(connectRequest(Target.parse({ ...draft, stack: {} }), connection), ports)
    },
    async look({ target, runbook, params }, ports) {
      const { lookAtServer } = await import('./look-at-server.ts')
      const wanted = discoveriesFor(whichRunbook(runbook))
      return lookAtServer(connectRequest(target, connection), { target, discoveries: wanted, params }, ports)
    },
    openShell: target => openShell(target, { ...connection, ...knownHostsOf(target) }),
    async exportRun(run, format) {
      return exportRun(openStoredRun(places.runs, run), format, process.cwd())
    },
  }
}

function start(options: ServicesOptions, request: StartRequest, ports: RunPorts): Promise<RunOutcome> {
  const { target, params, mode } = request
  return outcomeOf(options, ports, setting => {
    const runbook = whichRunbook(request.runbook)
    const values = resolveParameters(parametersOf(checksOf(runbook)), target.stack, params)
    const { only, skip } = options
    return startRun(setting, {
      runbook,
      target,
      params: values,
      mode,
      ...(only ? { only } : {}),
      ...(skip ? { skip } : {}),
    })
  })
}

async function outcomeOf(
  options: ServicesOptions,
  ports: RunPorts,
  begin: (setting: RunSetting) => StartedRun,
): Promise<RunOutcome> {
  const { version, places, connection, training } = options
  const { operator, prompter, intents, signal, stopNow } = ports
  let journalPath: string | undefined
  try {
    const started = begin({
      version,
      runsFolder: places.runs,
      policy: readPolicy(places.config),
      preferences: readPreferences(places.config),
      connection,
      operator,
      intents,
      prompter,
      signal,
      stopNow,
      listen(event, state) {
        training.watch(event, state)
        ports.emit(event)
      },
    })
    journalPath = started.journalPath
    const state = await started.finished
    return { status: endOf(state).status, exitCode: exitCodeOf(state), journalPath }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const failure = { message: error.message, next: error.next }
    return {
      status: 'interrupted',
      exitCode: error.exitCode,
      ...(journalPath ? { journalPath } : {}),
      failure,
    }
  }
}

/** The practice server ends with Kneeboard: nothing of it can be gone on with. */
const isPractice = ({ name, environment, host }: RunTarget): boolean =>
  name === 'practice' && environment === 'practice' && host === '127.0.0.1'

/** Beside its key lies the practice server's own list of hosts: nothing of it goes into the operator's. */
function knownHostsOf(target: Target): ConnectionOptions {
  const { identity } = target
  return isPractice(target) && identity !== undefined
    ? { knownHosts: join(dirname(identity), 'known_hosts') }
    : {}
}

function summaryOf(book: Runbook): RunbookSummary {
  const { id, title, purpose, group, minutes, steps } = book
  const checks = checksOf(book)
  const remedies = new Set(checks.flatMap(check => check.remedies ?? []).map(remedy => remedy.id))
  return {
    id,
    title,
    purpose,
    group,
    minutes,
    steps: steps.length,
    checks: checks.length,
    remedies: remedies.size,
    parameters: parametersOf(checks),
    discoverable: discoveriesFor(book).map(({ parameter }) => parameter),
  }
}

/** What can be asked about the parameters that a runbook has. */
function discoveriesFor(book: Runbook): Discovery[] {
  const names = new Set(parametersOf(checksOf(book)).map(({ name }) => name))
  return discoveries.filter(({ parameter }) => names.has(parameter))
}

const lastRunOf = ({ runbook, status, startedAt, counts }: RunDigest): LastRun => ({
  runbook,
  status,
  at: startedAt,
  counts,
})

function runSummaryOf(digest: RunDigest, folder: string): RunSummary {
  const { run, runbook, title, target, startedAt, finishedAt, status, summary, counts, figures } = digest
  return {
    run,
    runbook,
    title,
    target,
    startedAt,
    status,
    summary,
    counts,
    figures,
    journalPath: journalOf(folder, run),
    ...(finishedAt === undefined ? {} : { finishedAt }),
  }
}
