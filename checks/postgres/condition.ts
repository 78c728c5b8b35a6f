/** Whether PostgreSQL lets us in, and whether its sessions let each other be. */

import { rootBlockers } from '../../src/facts/postgres-condition.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { span } from '../services/container-of.ts'
import { serviceParams } from '../services/roles.ts'
import { FELT, postgresCheck } from './question.ts'
import {
  blocked,
  conditionOf,
  describe,
  endBlockers,
  endEndless,
  endForgotten,
  endless,
  forgotten,
  holdersOf,
  restartHolder,
} from './sessions.ts'

/** That connections are held is known without: where it cannot be told by whom, nobody is named. */
async function namedHolders(context: Parameters<typeof holdersOf>[0]): Promise<string[]> {
  const holders = await holdersOf(context).catch(error => {
    if (error instanceof Unreadable) return []
    throw error
  })
  return holders.map(({ service, connections }) => `${service} ${connections}`)
}

export const postgresAnswers = check({
  id: 'postgres/answers',
  title: 'PostgreSQL lets us in and answers',
  why: 'Running is not answering: it may be starting, recovering, full of connections, or out of disk.',
  params: serviceParams,
  after: ['services/database-steady'],
  explains: [...FELT, 'backend/database'],
  remedies: [restartHolder],
  async probe(context) {
    try {
      const { version } = await conditionOf(context)
      return pass(`PostgreSQL ${version} answers`)
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      const said = /(FATAL|ERROR|PANIC): .*/.exec(error.message)?.[0]?.replace(/\)$/, '')
      if (said === undefined) throw error
      const full = /too many clients|remaining connection slots/.test(said)
      const who = (full ? await namedHolders(context) : []).join(', ')
      return fail(`PostgreSQL refuses: ${said}${who === '' ? '' : ` (connections: ${who})`}`, {
        telling: said,
        measured: who === '' ? 'refused' : who,
        expected: 'an answer',
        remedies: who === '' ? [] : [restartHolder],
      })
    }
  },
})

export const connectionsLeft = postgresCheck({
  id: 'postgres/connections-left',
  title: 'Connections are left',
  why: 'When none is left, every request fails at once, the health check too, and nobody can log in to see why.',
  explains: FELT,
  remedies: [restartHolder],
  async judge({ sessions, maxConnections, reserved }, context) {
    const { policy } = context
    const most = maxConnections - reserved
    const percent = Math.round((sessions.length / most) * 100)
    const details = {
      measured: `${sessions.length} of ${most}`,
      expected: `below ${policy.connectionsWarnPercent} %`,
    }
    if (percent < policy.connectionsWarnPercent)
      return pass(`${sessions.length} of ${most} connections are in use`, details)
    const who = (await namedHolders(context)).join(', ')
    return (percent >= policy.connectionsFailPercent ? fail : warn)(
      `${sessions.length} of ${most} connections are in use${who === '' ? '' : `: ${who}`}`,
      { ...details, remedies: who === '' ? [] : [restartHolder] },
    )
  },
})

export const nobodyBlocked = postgresCheck({
  id: 'postgres/nobody-blocked',
  title: 'Nobody waits for a lock',
  why: 'One forgotten session and one ALTER TABLE behind it stop every reader of that table: pages hang and end in 504.',
  explains: [
    ...FELT,
    'backend/quick',
    'postgres/nobody-idles',
    'postgres/transactions-end',
    'nginx/pages-work',
  ],
  remedies: [endBlockers],
  judge({ sessions }, { policy }) {
    const waiting = blocked(sessions, policy)
    const details = { measured: `${waiting.length} waiting`, expected: '0' }
    if (waiting.length === 0) return pass('no session waits for another', details)
    const [root] = rootBlockers(sessions)
    return fail(
      `${waiting.length} sessions wait for ${root === undefined ? 'each other' : `the session ${describe(root)}`}`,
      { ...details, ...(root === undefined ? {} : { telling: String(root.pid) }), remedies: [endBlockers] },
    )
  },
})

export const nobodyIdles = postgresCheck({
  id: 'postgres/nobody-idles',
  title: 'No session is left open in a transaction',
  why: 'What it has changed stays locked, and autovacuum cannot clean up: some products cannot be sold, and nothing says why.',
  explains: ['postgres/transactions-end'],
  remedies: [endForgotten],
  judge({ sessions }, { policy }) {
    const found = forgotten(sessions, policy)
    const details = {
      measured: `${found.length}`,
      expected: `none for ${span(policy.idleInTransactionSeconds)} or more`,
    }
    const [first] = found
    if (first === undefined) return pass('no session idles in a transaction', details)
    return fail(
      `a session has been idle in its transaction for ${span(first.stateSeconds)}: ${describe(first)}`,
      {
        ...details,
        telling: String(first.pid),
        remedies: [endForgotten],
      },
    )
  },
})

export const transactionsEnd = postgresCheck({
  id: 'postgres/transactions-end',
  title: 'No transaction runs for hours',
  why: 'Behind the oldest transaction nothing can be cleaned up: tables and indexes grow, and everything gets slower by the hour.',
  remedies: [endEndless],
  judge({ sessions }, { policy }) {
    const found = endless(sessions, policy)
    const details = {
      measured: `${found.length}`,
      expected: `none for ${span(policy.longTransactionSeconds)} or more`,
    }
    const [first] = found
    if (first === undefined) return pass('every transaction is a short one', details)
    return warn(`a transaction has been running for ${span(first.transactionSeconds)}: ${describe(first)}`, {
      ...details,
      telling: String(first.pid),
      remedies: [endEndless],
    })
  },
})
