/** Setting variables whose values are no secret: addresses, switches and figures, which the plan may show. */

import { serviceEnvFile, stackEnvironment } from '../../src/facts/env-files.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { RemedyPlan } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { editAction, keptWhere } from './edit-env.ts'
import type { ConfigurationParams } from './parameters.ts'
import { changePlan, usersOf } from './recreate.ts'

/** A plan that sets variables in the application's env file and recreates what reads them. */
export async function setValues(
  context: ProbeContext<ConfigurationParams>,
  values: ReadonlyMap<string, string>,
): Promise<RemedyPlan> {
  const { params } = context
  if (values.size === 0) throw new Unreadable('the values are right already: nothing is to be set')
  const state = await context.read(stackEnvironment, params.composeFile)
  const { path } = serviceEnvFile(state)
  const names = [...values.keys()]
  const steps = [...values].map(([name, value]) => sh`value=${value}; set_key ${path} ${name}`)
  const edit = editAction(
    `In ${path}: ${[...values].map(([name, value]) => `${name} becomes ${value}`).join(', ')}`,
    [path],
    steps.reduce((all, step) => sh`${all}\n${step}`),
  )
  return changePlan(
    context,
    usersOf(state, names, params),
    [edit],
    [`${path}: ${names.join(', ')}`],
    keptWhere,
  )
}
