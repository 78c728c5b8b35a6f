/** What differs between production and staging, held against the policy (domain §1.2 rows 25 and 26). */

import {
  inForce,
  type StackEnvironment,
  serviceEnvFile,
  stackEnvironment,
} from '../../src/facts/env-files.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import type { Policy } from '../../src/model/policy.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { type ConfigurationParams, configurationParams, sideOf } from './parameters.ts'
import { setValues } from './set-values.ts'

interface Expectation {
  readonly name: string
  readonly expected: string
  readonly holds: (value: string) => boolean
  /** Harm is done while it does not hold; else it is a matter of comfort. */
  readonly isGrave: boolean
}

const exactly = (name: string, expected: string, isGrave: boolean): Expectation => ({
  name,
  expected,
  holds: value => value.toLowerCase() === expected.toLowerCase(),
  isGrave,
})

const atLeast = (name: string, least: number): Expectation => ({
  name,
  expected: String(least),
  holds: value => Number(value) >= least,
  isGrave: false,
})

/** Pure. */
export function expectationsFor(side: 'production' | 'staging', policy: Policy): Expectation[] {
  const production = side === 'production'
  return [
    exactly('DEBUG', 'False', true),
    // Staging only reports what it would have blocked.
    exactly('CSP_REPORT_ONLY', production ? 'False' : 'True', production),
    atLeast(
      'BACKUP_RETENTION_DAYS',
      production ? policy.backupRetentionDaysProduction : policy.backupRetentionDaysStaging,
    ),
    atLeast(
      'GUNICORN_WORKERS',
      production ? policy.gunicornWorkersProduction : policy.gunicornWorkersStaging,
    ),
    ...(production
      ? [
          {
            name: 'SENTRY_TRACES_SAMPLE_RATE',
            expected: String(policy.tracesSampleRateProduction),
            holds: (value: string) => Number(value) < policy.tracesSampleRateWarn,
            isGrave: false,
          },
        ]
      : []),
  ]
}

interface Deviation extends Expectation {
  readonly value: string
  /** Set in the env file; else in the Compose file, which is no remedy's to change. */
  readonly isInFile: boolean
}

function deviations(
  state: StackEnvironment,
  expectations: readonly Expectation[],
  backendService: string,
): Deviation[] {
  const { values } = serviceEnvFile(state)
  const arriving = state.resolved?.get(backendService) ?? []
  return expectations.flatMap(expectation => {
    const inFile = inForce(values, expectation.name)
    const value = inFile ?? inForce(arriving, expectation.name)
    // A variable that is nowhere is the example's business, or has a default.
    if (value === undefined || expectation.holds(value.plain ?? '')) return []
    return [{ ...expectation, value: value.plain ?? 'something unreadable', isInFile: inFile !== undefined }]
  })
}

const describe = ({ name, value, expected }: Deviation): string =>
  `${name} is ${value || 'empty'}, not ${expected}`

async function look({ params, read, target, policy }: ProbeContext<ConfigurationParams>) {
  const state = await read(stackEnvironment, params.composeFile)
  const side = sideOf(target.environment, state)
  return { side, found: deviations(state, expectationsFor(side, policy), params.backendService) }
}

export const correctValues = remedy({
  id: 'configuration/correct-values',
  title: 'Set the values that this environment asks for',
  why: 'They are switches and figures, no secrets; each is shown below.',
  risk: 'An enforced content security policy blocks scripts that it does not know: open a few pages afterwards.',
  grade: 'disruptive',
  params: configurationParams,
  async plan(context) {
    const { found } = await look(context)
    return setValues(
      context,
      new Map(found.filter(({ isInFile }) => isInFile).map(({ name, expected }) => [name, expected])),
    )
  },
})

export const environmentValues = check({
  id: 'configuration/environment-values',
  title: 'Switches and sizes are those of this environment',
  why: 'A value that was copied from the other environment shows nowhere: pages with debugging information in production, a policy that only reports, backups that are deleted after a week.',
  params: configurationParams,
  remedies: [correctValues],
  async probe(context) {
    const { side, found } = await look(context)
    const details = {
      measured: found.map(describe).join('; ') || `those of ${side}`,
      expected: `those of ${side}`,
    }
    if (found.length === 0) return pass(`they are those of ${side}`, details)
    const remedies = found.some(({ isInFile }) => isInFile) ? [correctValues] : []
    const verdict = found.some(({ isGrave }) => isGrave) ? fail : warn
    return verdict(found.map(describe).join('; '), {
      ...details,
      remedies,
      advice: 'What stands under `environment:` in the Compose file has to be changed there',
    })
  },
})

export const correctSentryEnvironment = remedy({
  id: 'configuration/correct-sentry-environment',
  title: 'Set SENTRY_ENVIRONMENT to this environment’s name',
  why: 'The alert rules ask for it by name.',
  risk: 'Errors since the last deployment stay under the old name.',
  grade: 'disruptive',
  params: configurationParams,
  async plan(context) {
    const { side } = await look(context)
    return setValues(context, new Map([['SENTRY_ENVIRONMENT', side]]))
  },
})

export const sentryEnvironment = check({
  id: 'configuration/sentry-environment',
  title: 'SENTRY_ENVIRONMENT is the name that the alert rules ask for',
  why: 'Alert rules are bound to an environment. With another name errors arrive, are listed somewhere, and nobody is told.',
  params: configurationParams,
  remedies: [correctSentryEnvironment],
  async probe({ params, read, target }) {
    const state = await read(stackEnvironment, params.composeFile)
    const side = sideOf(target.environment, state)
    const value = inForce(serviceEnvFile(state).values, 'SENTRY_ENVIRONMENT')
    const measured = value?.plain ?? (value === undefined ? 'not set' : 'unreadable')
    const details = { measured, expected: side }
    if (measured === side) return pass(`it is ${side}`, details)
    return fail(`SENTRY_ENVIRONMENT is ${measured}, so no alert rule of ${side} fires`, {
      ...details,
      remedies: [correctSentryEnvironment],
    })
  },
})
