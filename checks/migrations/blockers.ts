/** Whoever holds the tables makes a rollback wait; and everybody who reads them waits behind it. */

import { runningContainer } from '../../src/facts/containers.ts'
import { psql } from '../../src/facts/database.ts'
import { literal } from '../../src/facts/migrations-rows.ts'
import { describeSession, type HoldingSession, holdingSessions } from '../../src/facts/migrations-sessions.ts'
import { runAction } from '../../src/model/action.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, notApplicable, pass, type Verdict } from '../../src/model/verdict.ts'
import { READING_SECONDS } from './history.ts'
import { type MigrationParams, migrationParams } from './parameters.ts'
import { type Outlook, readGoingBack } from './situation.ts'

type Context = ProbeContext<MigrationParams>

async function sessionsOf(
  { params, read }: Context,
  { effects, reading }: Outlook,
): Promise<readonly HoldingSession[]> {
  const tables = [
    ...new Set(effects.flatMap(({ live, lock }) => (live === null || lock === '' ? [] : [live.table]))),
  ]
  return read(
    holdingSessions,
    params.composeFile,
    params.databaseService,
    reading.state.database,
    tables.sort().join(','),
  )
}

/**
 * Sessions that have held a table longer than a request does; those that only wait behind them are not the cause. An
 * autovacuum gives way to a schema change by itself, but for one against wraparound; a parallel worker is its leader's.
 */
export function blockersAmong(sessions: readonly HoldingSession[], seconds: number): HoldingSession[] {
  return sessions.filter(
    ({ holds, seconds: age, pid, kind, againstWraparound }) =>
      holds.length > 0 &&
      (age >= seconds || pid === 0) &&
      kind !== 'parallel worker' &&
      (kind !== 'autovacuum worker' || againstWraparound),
  )
}

const isForgotten = ({ state, kind }: HoldingSession): boolean =>
  kind === 'client backend' && state.startsWith('idle in transaction')

export const endForgotten = remedy({
  id: 'migrations/end-forgotten-sessions',
  title: 'End the sessions that were left open in a transaction',
  why: 'They do nothing, and hold their locks until somebody closes them. The rollback, and every reader behind it, would wait for that.',
  risk: 'What such a session has changed and not committed is taken back. Whoever left it open finds the connection closed.',
  grade: 'disruptive',
  params: migrationParams,
  async plan(context) {
    const { params, policy, read } = context
    const outlook = await readGoingBack(context)
    const sessions = outlook === null ? [] : await sessionsOf(context, outlook)
    const found = blockersAmong(sessions, policy.migrationBlockerSeconds).filter(isForgotten)
    if (found.length === 0) throw new Unreadable('none of them is idle in a transaction any more')
    const container = await read(runningContainer, params.composeFile, params.databaseService)
    // With the time at which it began, a process id that was given away again is never hit.
    const those = found.map(({ pid, began }) => `(pid = ${pid} AND backend_start::text = ${literal(began)})`)
    return {
      actions: [
        runAction(
          `End ${found.map(({ pid }) => `pid ${pid}`).join(', ')}`,
          psql(
            container,
            `SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${those.join(' OR ')}`,
          ),
        ),
      ],
      touches: found.map(describeSession),
      interrupts: 'these sessions',
      undo: 'There is no way back: their open transactions are rolled back',
      expectedSeconds: 2,
    }
  },
})

export const nobodyBlocks = check({
  id: 'migrations/nobody-blocks',
  title: 'Nobody holds the tables that change',
  why: 'A schema change needs the table for itself for a moment. Behind one that waits, every reader waits too, and the shop stands still.',
  params: migrationParams,
  after: ['migrations/exit'],
  remedies: [endForgotten],
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    const outlook = await readGoingBack(context)
    if (outlook === null) return notApplicable('nothing is about to be undone')
    if (!outlook.reading.state.obeysOptions)
      return fail('a limit on waiting for locks does not reach the database', {
        measured: 'PGOPTIONS is not obeyed',
        expected: 'lock_timeout as asked for',
        advice:
          'The settings give “options” of their own, or a pooler stands between: without a limit a blocked change stops every reader. Let the migration connect directly, and without such options',
      })
    const sessions = await sessionsOf(context, outlook)
    return judgeBlockers(sessions, context.policy.migrationBlockerSeconds)
  },
})

export function judgeBlockers(sessions: readonly HoldingSession[], seconds: number): Verdict {
  const expected = `no transaction of more than ${seconds} s on them`
  const found = blockersAmong(sessions, seconds)
  const waiting = sessions.filter(({ waitsFor }) => waitsFor.length > 0).length
  if (found.length === 0)
    return pass('nobody holds the tables for longer than a request does', {
      measured: `${sessions.length} at work on them for a moment`,
      expected,
    })
  const behind = waiting === 0 ? '' : `; ${waiting} already wait behind`
  const forgotten = found.filter(isForgotten)
  return fail(`${found.map(describeSession).join('; ')}${behind}`, {
    measured: `${found.length} hold them`,
    expected,
    ...(forgotten.length > 0 ? { remedies: [endForgotten] } : {}),
    ...(forgotten.length < found.length ? { advice: adviceFor(found) } : {}),
  })
}

function adviceFor(found: readonly HoldingSession[]): string {
  if (found.some(({ againstWraparound }) => againstWraparound))
    return 'An autovacuum against the wraparound of transaction ids does not give way: let it end'
  if (found.some(({ pid }) => pid === 0))
    return 'A prepared transaction holds its locks without a session: COMMIT PREPARED or ROLLBACK PREPARED it'
  return 'Let it end, or end it knowingly: SELECT pg_cancel_backend(pid)'
}
