/** One task on its whole way: from the application through the broker to a worker and back. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh, verbatim } from '../model/script.ts'
import { insideContainer, runningContainer } from './containers.ts'

/** Seconds that a worker may take: tasks before it in the queue come first. */
const PATIENCE = 20

export interface RoundTrip {
  /** False when no worker took it in time. */
  readonly returned: boolean
  readonly milliseconds: number
  /** Why it did not come back, in the broker's or Celery's words; empty when it did. */
  readonly reason: string
}

/** `celery.accumulate` comes with Celery itself: it gives back what it got, and touches nothing of the shop. */
const PROGRAM = `
import sys, time
from celery.app.utils import find_app
app = find_app(sys.argv[1])
begun = time.monotonic()
try:
    result = app.send_task('celery.accumulate', args=['kneeboard'], expires=${PATIENCE})
    result.get(timeout=${PATIENCE})
    result.forget()
    print('returned', int((time.monotonic() - begun) * 1000))
except Exception as error:
    print('lost', int((time.monotonic() - begun) * 1000), type(error).__name__, str(error).replace('\\n', ' ')[:200])
`

/** @throws Unreadable when the application's container does not run, or Celery is not in it. */
export const taskRoundTrip = fact(
  'deploy/task-round-trip',
  async (context, composeFile: string, service: string, application: string): Promise<RoundTrip> => {
    const container = await context.read(runningContainer, composeFile, service)
    const python = sh`python3 - ${application} <<'END_OF_PROGRAM'\n${verbatim(PROGRAM)}\nEND_OF_PROGRAM\n`
    const result = await context.run(insideContainer(container, python), {
      as: 'root',
      timeoutSeconds: PATIENCE + 25,
    })
    return parseRoundTrip(outputOf(result, 'a task’s way through the queue'))
  },
)

/** Reads `returned MILLISECONDS` or `lost MILLISECONDS ERROR WORDS`. @throws Unreadable on anything else. */
export function parseRoundTrip(text: string): RoundTrip {
  const [, how, milliseconds, reason = ''] = /^(returned|lost) (\d+) ?(.*)$/m.exec(text) ?? []
  if (how === undefined) throw new Unreadable('a task’s way through the queue could not be read')
  return { returned: how === 'returned', milliseconds: Number(milliseconds), reason }
}
