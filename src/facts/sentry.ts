/** What the application itself has told Sentry's client, inside its container. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh, verbatim } from '../model/script.ts'
import { insideContainer, runningContainer } from './containers.ts'

export interface SentryOptions {
  /** False when the client was never started: no DSN. */
  readonly isOn: boolean
  readonly environment: string
  readonly release: string
}

/** The settings are loaded as a worker loads them; the client then says what it would send. The DSN is not printed. */
const PROGRAM = `
import os
import django
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings')
django.setup()
import sentry_sdk
client = sentry_sdk.get_client() if hasattr(sentry_sdk, 'get_client') else sentry_sdk.Hub.current.client
options = getattr(client, 'options', None) or {}
print('on' if options.get('dsn') else 'off', options.get('environment') or '-', options.get('release') or '-')
`

/** @throws Unreadable when the container does not run, or has no Sentry in it. */
export const sentryOptions = fact(
  'monitoring/sentry-options',
  async (context, composeFile: string, service: string): Promise<SentryOptions> => {
    const container = await context.read(runningContainer, composeFile, service)
    const result = await context.run(
      insideContainer(container, sh`python3 - <<'END_OF_PROGRAM'\n${verbatim(PROGRAM)}\nEND_OF_PROGRAM\n`),
      { as: 'root', timeoutSeconds: 40 },
    )
    return parseSentryOptions(outputOf(result, 'what Sentry’s client was told'))
  },
)

/** Reads `on ENVIRONMENT RELEASE`. @throws Unreadable on anything else. */
export function parseSentryOptions(text: string): SentryOptions {
  const [, state, environment = '', release = ''] = /^(on|off) (\S+) (\S+)$/m.exec(text) ?? []
  if (state === undefined) throw new Unreadable('what Sentry’s client was told could not be read')
  return {
    isOn: state === 'on',
    environment: environment === '-' ? '' : environment,
    release: release === '-' ? '' : release,
  }
}
