/** One idea a check about PostgreSQL, all answered by the one question that was asked. */

import type { PostgresCondition } from '../../src/facts/postgres-condition.ts'
import { type Check, check, type ProbeContext } from '../../src/model/check.ts'
import type { AnyRemedy } from '../../src/model/remedy.ts'
import type { Verdict } from '../../src/model/verdict.ts'
import { type ServiceParams, serviceParams, symptomsWhileUp } from '../services/roles.ts'
import { conditionOf } from './sessions.ts'

/** What is felt elsewhere when PostgreSQL is up and fails. */
export const FELT = symptomsWhileUp('database').filter(id => id !== 'postgres/answers')

interface Question {
  readonly id: string
  readonly title: string
  readonly why: string
  readonly explains?: readonly string[]
  readonly remedies?: readonly AnyRemedy[]
  readonly judge: (
    condition: PostgresCondition,
    context: ProbeContext<ServiceParams>,
  ) => Verdict | Promise<Verdict>
}

export function postgresCheck({ judge, ...rest }: Question): Check<ServiceParams> {
  return check({
    ...rest,
    params: serviceParams,
    after: ['postgres/answers'],
    async probe(context) {
      return judge(await conditionOf(context), context)
    },
  })
}
