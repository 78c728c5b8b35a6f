import { inForce, isFilled, serviceEnvFile, stackEnvironment } from '../../src/facts/env-files.ts'
import { check } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { editAction, keptWhere } from './edit-env.ts'
import { configurationParams } from './parameters.ts'
import { changePlan, usersOf } from './recreate.ts'

export const generateSecretKey = remedy({
  id: 'configuration/generate-secret-key',
  title: 'Generate a new secret key on the server',
  why: 'It is made by the server’s own generator and written into its env file. Nobody sees it, you neither: nobody needs to.',
  risk: 'Everybody is logged out, and links in e-mails that were sent for a new password stop working. Nothing in the database depends on it.',
  grade: 'disruptive',
  params: configurationParams,
  async plan(context) {
    const { params, policy } = context
    const state = await context.read(stackEnvironment, params.composeFile)
    const { path } = serviceEnvFile(state)
    const edit = editAction(
      `Write a new random value for the secret key into ${path}`,
      [path],
      sh`value=$(random ${policy.secretKeyLength}); set_key ${path} SECRET_KEY`,
    )
    return changePlan(
      context,
      usersOf(state, ['SECRET_KEY'], params),
      [edit],
      [`${path}: the secret key`],
      keptWhere,
    )
  },
})

export const secretKeyStrong = check({
  id: 'configuration/secret-key-strong',
  title: 'Django’s secret key is long, random, and free of special characters',
  why: 'Sessions and password links are signed with it: who guesses it is anybody. A `$` or `#` in it is cut off on the way through shells and Compose, without an error.',
  params: configurationParams,
  remedies: [generateSecretKey],
  async probe({ params, read, policy }) {
    const key = inForce(serviceEnvFile(await read(stackEnvironment, params.composeFile)).values, 'SECRET_KEY')
    const expected = `letters and digits, at least ${policy.secretKeyMinLength}`
    if (!isFilled(key))
      return fail('there is no secret key, or a placeholder in its place', {
        expected,
        remedies: [generateSecretKey],
      })
    const measured = `${key.length} characters, ${key.distinct} different ones`
    const wrong = !key.isAlphanumeric
      ? 'the secret key holds characters that shells and Compose may rewrite'
      : key.length < policy.secretKeyMinLength
        ? `the secret key has ${key.length} characters only`
        : key.distinct < policy.secretKeyMinDistinct
          ? 'the secret key repeats a few characters'
          : ''
    if (wrong === '') return pass('it is long, random and alphanumeric', { measured, expected })
    return fail(wrong, { measured, expected, remedies: [generateSecretKey] })
  },
})
