/** Whether the application answers, asked inside its own container: no name, no certificate and no proxy stands between. */

import { z } from 'zod'
import { type Container, insideContainer, runningContainer } from '../../src/facts/containers.ts'
import { type AnyCheck, check } from '../../src/model/check.ts'
import { whyNot } from '../../src/model/command.ts'
import type { AnyRemedy } from '../../src/model/remedy.ts'
import { type Script, sh, verbatim } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { backendPort, backendService, composeFile, healthPath } from '../stack-parameters.ts'

export const healthShape = { composeFile, backendService, backendPort, healthPath }

/**
 * Prints the status code and the body of the health endpoint; exits with 0 when the code is 200. Python, because it
 * is in every Django image, and curl is not.
 */
export function askHealth(container: Pick<Container, 'id'>, port: number, path: string): Script {
  return insideContainer(
    container,
    sh`
      python - ${`http://localhost:${port}${path}`} <<'END_OF_PYTHON'
      ${ASK}
      END_OF_PYTHON
    `,
  )
}

const ASK = verbatim(`
import sys, urllib.error, urllib.request
try:
    with urllib.request.urlopen(sys.argv[1], timeout=20) as answer:
        code, body = answer.status, answer.read(20000)
except urllib.error.HTTPError as error:
    code, body = error.code, error.read(20000)
except Exception as error:
    sys.exit('no answer: %s' % error)
print(code)
print(body.decode('utf-8', 'replace'))
sys.exit(0 if code == 200 else 1)
`)

export interface HealthAnswer {
  readonly code: number
  /** The components that are not healthy, each with what it says; empty when all are, or when none is named. */
  readonly ailing: readonly { readonly name: string; readonly status: string; readonly message: string }[]
}

/** Reads what {@link askHealth} printed; null when it is no answer. Pure. */
export function readHealth(text: string): HealthAnswer | null {
  const [first = '', ...rest] = text.split('\n')
  const code = Number(first)
  if (!/^\d{3}$/.test(first.trim())) return null
  const checks = componentsOf(rest.join('\n'))
  return { code, ailing: checks.filter(({ status }) => !['healthy', 'ok', 'up', 'pass'].includes(status)) }
}

function componentsOf(body: string): { name: string; status: string; message: string }[] {
  try {
    const parsed = JSON.parse(body) as { checks?: Record<string, { status?: unknown; message?: unknown }> }
    return Object.entries(parsed.checks ?? {}).map(([name, { status, message }]) => ({
      name,
      status: String(status ?? ''),
      message: String(message ?? '').slice(0, 200),
    }))
  } catch {
    return []
  }
}

/** The check, for a runbook that has just changed what the application stands on. */
export const answersWell = (
  id: string,
  after: readonly string[],
  remedies: readonly AnyRemedy[] = [],
): AnyCheck =>
  check({
    id,
    title: 'The application answers that it is well',
    why: 'A database that is right by every count is of no use while the application cannot work with it.',
    params: z.object(healthShape),
    after,
    remedies,
    async probe({ params, read, run }) {
      const container = await read(runningContainer, params.composeFile, params.backendService)
      const result = await run(askHealth(container, params.backendPort, params.healthPath), {
        as: 'root',
        timeoutSeconds: 40,
      })
      const answer = readHealth(result.stdout)
      if (answer === null)
        return fail(`${params.healthPath} gives no answer: ${whyNot(result)}`, {
          expected: 'status 200',
          remedies,
          advice: `See docker logs ${container.name}.`,
        })
      const ailing = answer.ailing.map(({ name, message }) => `${name}: ${message}`).join('; ')
      if (answer.code !== 200)
        return fail(`${params.healthPath} answers ${answer.code}${ailing === '' ? '' : `, ${ailing}`}`, {
          measured: `status ${answer.code}`,
          expected: 'status 200',
          remedies,
          advice: `See docker logs ${container.name}.`,
        })
      return pass(`${params.healthPath} answers 200${ailing === '' ? '' : `; but ${ailing}`}`, {
        measured: 'status 200',
        expected: 'status 200',
      })
    },
  })
