/** Who holds PostgreSQL up, and how they are sent away. */

import { containerPeers } from '../../src/facts/container-peers.ts'
import { containerOfService, runningContainer, stackContainers } from '../../src/facts/containers.ts'
import { psql } from '../../src/facts/database.ts'
import { type DatabaseSession, postgresCondition, rootBlockers } from '../../src/facts/postgres-condition.ts'
import { composeCommand } from '../../src/facts/stack.ts'
import { lastingAction, runAction } from '../../src/model/action.ts'
import type { ReadContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { Policy } from '../../src/model/policy.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { reloadIfRunning } from '../configuration/recreate.ts'
import { span } from '../services/container-of.ts'
import { type ServiceParams, serviceParams } from '../services/roles.ts'
import { settle } from '../services/settle.ts'

interface Context {
  readonly read: ReadContext['read']
  readonly params: ServiceParams
  readonly policy: Policy
}

export const conditionOf = ({ read, params }: Pick<Context, 'read' | 'params'>) =>
  read(postgresCondition, params.composeFile, params.databaseService)

export const forgotten = (sessions: readonly DatabaseSession[], policy: Policy): DatabaseSession[] =>
  sessions.filter(
    ({ state, stateSeconds }) =>
      state.startsWith('idle in transaction') && stateSeconds >= policy.idleInTransactionSeconds,
  )

export const endless = (sessions: readonly DatabaseSession[], policy: Policy): DatabaseSession[] =>
  sessions.filter(
    ({ state, transactionSeconds }) =>
      !state.startsWith('idle in transaction') && transactionSeconds >= policy.longTransactionSeconds,
  )

export const blocked = (sessions: readonly DatabaseSession[], policy: Policy): DatabaseSession[] =>
  sessions.filter(
    ({ waitsFor, stateSeconds }) => waitsFor.length > 0 && stateSeconds >= policy.blockedSeconds,
  )

/** One session as a line of a plan. */
export const describe = ({
  pid,
  application,
  user,
  address,
  state,
  verb,
  transactionSeconds,
}: DatabaseSession) =>
  `${pid}: ${user}${application === '' ? '' : ` (${application})`}${address === '' ? ' on the server' : ` from ${address}`}, ${state}${verb === '' ? '' : `, last ${verb}`}, in its transaction for ${span(transactionSeconds)}`

function endRemedy(words: {
  readonly id: string
  readonly title: string
  readonly why: string
  readonly which: (sessions: readonly DatabaseSession[], policy: Policy) => readonly DatabaseSession[]
}) {
  return remedy({
    id: words.id,
    title: words.title,
    why: words.why,
    risk: 'What the session has done in its transaction and not committed is undone. Its program gets an error and has to connect again.',
    grade: 'disruptive',
    params: serviceParams,
    async plan(context) {
      const { params, policy, read } = context
      const sessions = words.which((await conditionOf(context)).sessions, policy)
      if (sessions.length === 0) throw new Unreadable('that session has ended by itself')
      const container = await read(runningContainer, params.composeFile, params.databaseService)
      // The process id alone could be another session's by now: the moment that it began makes it this one.
      const pairs = sessions.map(({ pid, began }) => `(${pid}, timestamptz '${timestamp(began)}')`).join(', ')
      return {
        actions: [
          runAction(
            `End ${sessions.length === 1 ? 'the session' : `${sessions.length} sessions`}`,
            psql(
              container,
              `SELECT pid, application_name, pg_terminate_backend(pid) FROM pg_stat_activity WHERE (pid, backend_start) IN (${pairs});`,
            ),
          ),
          // What waited behind it takes a moment to go through.
          runAction('Let what waited go through', sh`sleep 2`),
          settle(params.composeFile, policy.recreateWaitSeconds),
        ],
        touches: sessions.map(describe),
        interrupts: 'Those sessions, and nothing else.',
        undo: 'There is no way back: what they had not committed is undone',
        expectedSeconds: 5,
      }
    },
  })
}

/** A moment as PostgreSQL wrote it. @throws Unreadable for anything else: it becomes a part of SQL. */
function timestamp(text: string): string {
  if (!/^[0-9T:.+ -]+$/.test(text)) throw new Unreadable('the beginning of a session could not be read')
  return text
}

export const endBlockers = endRemedy({
  id: 'postgres/end-blockers',
  title: 'End the sessions that all others wait for',
  why: 'They wait for nobody themselves, and everything behind them goes on as soon as they are gone.',
  which: sessions => rootBlockers(sessions),
})

export const endForgotten = endRemedy({
  id: 'postgres/end-forgotten',
  title: 'End the sessions that were left open in a transaction',
  why: 'They do nothing, hold their locks, and keep autovacuum from cleaning up.',
  which: forgotten,
})

export const endEndless = endRemedy({
  id: 'postgres/end-endless',
  title: 'End the transactions that run for hours',
  why: 'Autovacuum cannot clean up behind the oldest transaction: every table grows while it runs.',
  which: endless,
})

/**
 * The services that hold connections to PostgreSQL, most first: counted by the kernel, so that it works when PostgreSQL
 * lets nobody in.
 *
 * @throws Unreadable where the kernel cannot be asked
 */
export async function holdersOf({ read, params }: Pick<Context, 'read' | 'params'>) {
  const containers = await read(stackContainers, params.composeFile)
  const database = containerOfService(containers, params.databaseService)
  const all = database === undefined ? [] : await read(containerPeers, database.processId)
  const peers = all.filter(({ port }) => port === 5432)
  const counts = new Map<string, number>()
  for (const { address, connections } of peers) {
    const holder = containers.find(({ networks }) => networks.some(({ ipv4 }) => ipv4 === address))
    const name = holder?.service ?? address
    counts.set(name, (counts.get(name) ?? 0) + connections)
  }
  return [...counts]
    .map(([service, connections]) => ({ service, connections }))
    .sort((a, b) => b.connections - a.connections)
}

export const restartHolder = remedy({
  id: 'postgres/restart-holder',
  title: 'Restart the service that holds the connections',
  why: 'A program that opens connections and never closes them gives them back only when it ends.',
  risk: 'What that service is at is cut off. If it leaks again, it is full again: its last deployment is the first suspect.',
  grade: 'disruptive',
  params: serviceParams,
  async plan(context) {
    const { params, policy, read } = context
    const [holder] = await holdersOf(context)
    const containers = await read(stackContainers, params.composeFile)
    if (holder === undefined || !containers.some(({ service }) => service === holder.service))
      throw new Unreadable('no service of the stack holds the connections: look at who else connects')
    return {
      actions: [
        lastingAction(
          `Restart ${holder.service}`,
          sh`${composeCommand(params.composeFile)} restart ${holder.service} </dev/null`,
          { timeoutSeconds: 120 },
        ),
        settle(params.composeFile, policy.recreateWaitSeconds),
        runAction('Have nginx look the new addresses up', reloadIfRunning(params)),
      ],
      touches: [`the container of ${holder.service}, which holds ${holder.connections} connections`],
      interrupts: `${holder.service} for a few seconds`,
      undo: 'Nothing to undo: it is the same container with the same settings',
      expectedSeconds: 20,
    }
  },
})
