/** A script that takes longer than a few seconds: a job on the server, attached to again when the connection dies. */

import { attachJob, cleanJob, type JobEnd, startJob } from '../host/job.ts'
import type { PreparedAction } from '../model/action.ts'
import type { CommandResult, RunAs } from '../model/command.ts'
import { verbatim } from '../model/script.ts'
import type { Done } from './attempt.ts'
import { patience, type Session } from './session.ts'

type RunAction = Extract<PreparedAction, { type: 'run' }>

export async function performLasting(
  session: Session,
  action: RunAction,
  id: string,
  onOutput: (text: string) => void,
): Promise<Done> {
  const script = verbatim(action.script)
  const as = action.as as RunAs
  const started = await startJob(
    session.machine,
    { id, script, as, timeoutSeconds: action.timeoutSeconds },
    patience(session),
  )
  if (started.state === 'not-started') return { ok: false, summary: started.reason, record: [] }
  return followJob(session, action, id, onOutput)
}

/** Attaches to a job to its end. It starts nothing: a journal that is gone on from names jobs, it runs none. */
export async function followJob(
  session: Session,
  action: RunAction,
  id: string,
  onOutput: (text: string) => void,
): Promise<Done> {
  const as = action.as as RunAs
  const startedAt = new Date().toISOString()
  const began = performance.now()
  const end = await attachJob(
    session.machine,
    { id, as },
    { onOutput, signal: session.ports.signal, ...patience(session) },
  )
  const { connection } = session.machine
  const result: CommandResult = {
    script: verbatim(action.script),
    as,
    where: `${connection.user}@${connection.host}`,
    startedAt,
    durationMs: Math.round(performance.now() - began),
    stdout: 'stdout' in end ? end.stdout : '',
    stderr: '',
    omittedBytes: end.state === 'done' ? end.omittedBytes : 0,
    ...endingOf(end),
  }
  if (end.state === 'detached')
    return { ok: false, summary: wordsFor(end, action, id), record: [result], left: true }
  const ok = end.state === 'done' && end.why === 'exit' && end.exitCode === 0
  return {
    ok,
    summary: ok ? `done in ${Math.round(result.durationMs / 1000)} s` : wordsFor(end, action, id),
    record: [result],
  }
}

/** Takes a job's files off the server, once its result is in the journal. What cannot be taken off goes after a week. */
export async function forgetJob(session: Session, action: PreparedAction, id: string): Promise<void> {
  if (action.type !== 'run') return
  await cleanJob(session.machine, { id, as: action.as as RunAs }, patience(session)).catch(() => {})
}

function endingOf(end: JobEnd): Pick<CommandResult, 'ending' | 'exitCode' | 'reason'> {
  switch (end.state) {
    case 'done':
      if (end.why === 'timeout')
        return { ending: 'timed-out', exitCode: null, reason: 'it passed its time limit and was ended' }
      return { ending: 'exited', exitCode: end.exitCode }
    case 'lost':
      return { ending: 'lost', exitCode: null, reason: `the job ended without a result: ${end.reason}` }
    case 'detached':
      return { ending: 'lost', exitCode: null, reason: 'left running on the server' }
    case 'absent':
      return { ending: 'not-run', exitCode: null, reason: 'it never started' }
  }
}

function wordsFor(end: JobEnd, action: RunAction, id: string): string {
  switch (end.state) {
    case 'done':
      if (end.why === 'timeout') return `it was ended after its limit of ${action.timeoutSeconds} s`
      if (end.why === 'stopped') return 'it was stopped'
      return `exit status ${end.exitCode}${lastLine(end.stdout)}`
    case 'lost':
      return end.reason === 'rebooted'
        ? 'the server restarted while it ran: it may have been done in part'
        : 'it was killed on the server: it may have been done in part'
    case 'detached':
      return `it goes on on the server as job ${id}`
    case 'absent':
      return 'it never started'
  }
}

function lastLine(output: string): string {
  const line = output.trimEnd().split('\n').at(-1)?.trim() ?? ''
  return line === '' ? '' : ` (${line.slice(0, 200)})`
}
