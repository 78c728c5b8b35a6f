/** A task through broker and worker and back: what no ping of a worker proves. It changes nothing of the application's. */

import { outputOf, Unreadable, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh, verbatim } from '../model/script.ts'
import { runningContainer } from './containers.ts'

export interface RoundTrip {
  /** `answered` · `silent`: nobody answered within the time · `no-results`: no place for results is set. */
  readonly ending: 'answered' | 'silent' | 'no-results'
  readonly seconds: number
  /** `celery@4f2a…` that did it; empty when none did. */
  readonly worker: string
}

const MARK = 'KNEEBOARD-ROUND-TRIP '

/**
 * Every Celery worker knows celery.accumulate, which gives back what it is given. The application is found by the
 * words that the worker itself was started with.
 */
const PYTHON = String.raw`
import glob, json, os, re, sys, time
answer_to, sys.stdout = sys.stdout, sys.stderr
sys.path.insert(0, os.getcwd())
name = os.environ.get('CELERY_APP', '')
for path in sorted(glob.glob('/proc/[0-9]*/cmdline')):
    try:
        words = open(path, 'rb').read().decode('utf-8', 'replace').split('\0')
    except OSError:
        continue
    if any(os.path.basename(word) == 'celery' for word in words) and 'worker' in words:
        for index, word in enumerate(words):
            if word in ('-A', '--app') and index + 1 < len(words):
                name = words[index + 1]
            found = re.match(r'(?:--app=|-A)(.+)', word)
            if found:
                name = found.group(1)
if not name:
    sys.exit('no worker was found by its command line')
from celery.app.utils import find_app
app = find_app(name)
began = time.time()
if type(app.backend).__name__ == 'DisabledBackend':
    said = {'ending': 'no-results', 'worker': ''}
else:
    result = app.send_task('celery.accumulate', args=['kneeboard'], expires=LIMIT)
    try:
        result.get(timeout=LIMIT)
        said = {'ending': 'answered', 'worker': str((result._get_task_meta() or {}).get('worker') or '')}
    except Exception as error:
        if 'Timeout' not in type(error).__name__:
            raise
        said = {'ending': 'silent', 'worker': ''}
    result.forget()
said['seconds'] = round(time.time() - began, 3)
answer_to.write('${MARK}' + json.dumps(said) + '\n')
`

/** @throws Unreadable when the worker's container does not run, or the application cannot be loaded in it. */
export const celeryRoundTrip = fact(
  'celery/round-trip',
  async (context, composeFile: string, workerService: string, limit: number): Promise<RoundTrip> => {
    const { id } = await context.read(runningContainer, composeFile, workerService)
    const python = `LIMIT = ${limit}\n${PYTHON}`
    const result = await context.run(
      sh`docker exec -i ${id} sh -c 'exec "$(command -v python3 || command -v python)" -' <<'END_OF_PYTHON'\n${verbatim(python)}\nEND_OF_PYTHON\n`,
      { as: 'root', timeoutSeconds: limit + 40 },
    )
    if (result.ending === 'exited' && result.exitCode !== 0) {
      const last = result.stderr.trim().split('\n').at(-1) ?? ''
      throw new Unreadable(`a task could not be sent: ${last === '' ? whyNot(result) : last.slice(0, 200)}`)
    }
    return parseRoundTrip(outputOf(result, 'the round trip of a task'))
  },
)

/** Reads the answer's line. @throws Unreadable when there is none. */
export function parseRoundTrip(text: string): RoundTrip {
  const line = text.split('\n').find(candidate => candidate.startsWith(MARK))
  if (line === undefined) throw new Unreadable('the round trip of a task gave no answer')
  return JSON.parse(line.slice(MARK.length)) as RoundTrip
}
