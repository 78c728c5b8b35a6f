/** Sentry as the containers have it: without its environment no rule fires, without its release no regression is one. */

import { inForce, isFilled, stackEnvironment } from '../../src/facts/env-files.ts'
import { sentryOptions } from '../../src/facts/sentry.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { sideOf } from '../configuration/parameters.ts'
import { monitoringParams } from './parameters.ts'

export const sentryOn = check({
  id: 'monitoring/sentry-on',
  title: 'Every part of the application reports its errors, under the right environment',
  why: 'Judged by what the containers have, not by what the file says: a value that was changed later has not arrived.',
  params: monitoringParams,
  async probe({ params, read, target }) {
    const state = await read(stackEnvironment, params.composeFile)
    if (state.running === null) throw new Unreadable('Docker could not be asked')
    const side = sideOf(target.environment, state)
    const parts = [params.backendService, params.workerService, params.beatService]
    const found = parts.map(service => {
      const values = state.running?.find(running => running.service === service)?.values
      if (values === undefined) throw new Unreadable(`the container of ${service} does not run`)
      return {
        service,
        hasAddress: isFilled(inForce(values, 'SENTRY_DSN')),
        environment: inForce(values, 'SENTRY_ENVIRONMENT')?.plain ?? 'none',
      }
    })
    const measured = found.map(({ service, environment }) => `${service}: ${environment}`).join(', ')
    const expected = `${side} in all of them`
    const silent = found.filter(({ hasAddress }) => !hasAddress).map(({ service }) => service)
    const advice = 'kneeboard run app-config puts it right and recreates what has to be'
    if (silent.length > 0)
      return fail(`${silent.join(', ')} has no address to report to`, { measured, expected, advice })
    const wrong = found.filter(({ environment }) => environment !== side)
    if (wrong.length > 0)
      return fail(
        `${wrong.map(({ service, environment }) => `${service} reports as ${environment}`).join(', ')}: no rule of ${side} fires`,
        {
          measured,
          expected,
          advice,
        },
      )
    return pass(`${found.length} parts report as ${side}`, { measured, expected })
  },
})

export const sentryRelease = check({
  id: 'monitoring/sentry-release',
  title: 'Sentry’s client knows environment and release',
  why: 'Asked of the client itself. Without a release, an error that was mended and comes back is counted on in silence: a regression needs two releases to be one.',
  params: monitoringParams,
  after: ['monitoring/sentry-on'],
  async probe({ params, read, target }) {
    const side = sideOf(target.environment, await read(stackEnvironment, params.composeFile))
    const { isOn, environment, release } = await read(
      sentryOptions,
      params.composeFile,
      params.backendService,
    )
    const measured = `environment ${environment || 'none'}, release ${release || 'none'}`
    const expected = `environment ${side}, and a release`
    if (!isOn)
      return fail('Sentry’s client is not started: sentry_sdk.init was not called', { measured, expected })
    if (environment !== side)
      return fail(`the client reports as ${environment || 'nothing'}`, { measured, expected })
    if (release === '')
      return fail('the client has no release, so no regression is ever noticed', {
        measured,
        expected,
        advice: 'Set SENTRY_RELEASE to the tag or the commit, in the Compose file or when the image is built',
      })
    return pass(`it reports as ${environment}, release ${release}`, { measured, expected })
  },
})
