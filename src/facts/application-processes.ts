/**
 * How many processes and threads of the application may each hold a connection to the database, by what the Compose
 * file and the images start. Of command lines only a few known words leave the server: passwords stand there too.
 */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { stackEnvironment } from './env-files.ts'
import { composeCommand } from './stack.ts'

export interface ApplicationProcess {
  readonly service: string
  readonly program: 'gunicorn' | 'uvicorn' | 'celery worker' | 'celery beat' | 'other'
  readonly processes: number
  readonly threads: number
  /** Where the number comes from, for the sentence: `--workers 4`, `GUNICORN_WORKERS`, `assumed`. */
  readonly by: string
}

// Words that say what runs and how often. A number counts only where it follows one of the flags.
const KNOWN_WORDS =
  '^(gunicorn|uvicorn|daphne|celery|worker|beat|flower|-w|--workers|--threads|-c|--concurrency|--pool|-P|solo|prefork|threads|gevent|eventlet)$'
const KNOWN_PAIRS = '^(--workers|--threads|--concurrency|--autoscale|-w|-c)=?[0-9]+(,[0-9]+)?$'

/** @throws Unreadable when Compose refuses the file. */
export const applicationProcesses = fact(
  'database/application-processes',
  async (context, composeFile: string, databaseService: string): Promise<readonly ApplicationProcess[]> => {
    const { resolved } = await context.read(stackEnvironment, composeFile)
    const result = await context.run(
      sh`
        config=$(${composeCommand(composeFile)} config --format json </dev/null) || exit 1
        words() {
          tr -s ' \\t' '\\n' | awk -v service="$1" '
            { sub(/^"/, ""); sub(/",?$/, ""); gsub(/[;&|"]/, "") }
            after && /^[0-9]+$/ { print "word " service " " $0 }
            { after = 0 }
            /${KNOWN_WORDS_TEXT}/ { print "word " service " " $0; after = /^-/ }
            /${KNOWN_PAIRS_TEXT}/ { print "word " service " " $0 }
          '
        }
        for service in $(${composeCommand(composeFile)} config --services </dev/null); do
          block=$(printf '%s\\n' "$config" | awk -v head="    \\"$service\\": {" '$0 == head { on = 1 } on; on && /^    }/ { exit }')
          echo "service $service $(printf '%s\\n' "$block" | grep -cE '^        "(DB_HOST|DB_NAME|DATABASE_URL|POSTGRES_HOST)":')"
          printf '%s\\n' "$block" | sed -n 's/^ *"\\(scale\\|replicas\\)": \\([0-9]*\\),*$/scale \\2/p' | sed "s/^scale /scale $service /"
          if printf '%s\\n' "$block" | grep -q '^      "command": \\['; then
            printf '%s\\n' "$block" | awk '/^      "command": \\[/ { on = 1; next } on && /^      \\]/ { exit } on' | words "$service"
          else
            image=$(printf '%s\\n' "$block" | sed -n 's/^      "image": "\\(.*\\)",*$/\\1/p')
            docker image inspect --format '{{range .Config.Entrypoint}}{{println .}}{{end}}{{range .Config.Cmd}}{{println .}}{{end}}' "$image" 2>/dev/null | words "$service"
          fi
        done
        echo "processors $(nproc)"
      `,
      { as: 'root', timeoutSeconds: 40 },
    )
    const environment = (service: string, name: string): number => {
      const plain = resolved?.get(service)?.findLast(value => value.name === name)?.plain ?? ''
      return /^\d+$/.test(plain) ? Number(plain) : 0
    }
    const all = parseProcesses(outputOf(result, 'how the application is started'), environment)
    // It shares the env file in many stacks, and opens no connection to itself.
    return all.filter(({ service }) => service !== databaseService)
  },
)

const KNOWN_WORDS_TEXT = { text: KNOWN_WORDS }
const KNOWN_PAIRS_TEXT = { text: KNOWN_PAIRS }

/** Reads what {@link applicationProcesses} prints: services that are given a database, each with what it starts. Pure. */
export function parseProcesses(
  text: string,
  environment: (service: string, name: string) => number,
): ApplicationProcess[] {
  const processors = Number(/^processors (\d+)$/m.exec(text)?.[1] ?? 1)
  const services = [...text.matchAll(/^service (\S+) (\d+)$/gm)].filter(([, , given]) => given !== '0')
  return services.map(([, service = '']) => {
    const words = [...text.matchAll(/^word (\S+) (.*)$/gm)]
      .filter(([, of]) => of === service)
      .map(([, , word = '']) => word)
    const scale = [...text.matchAll(/^scale (\S+) (\d+)$/gm)].find(([, of]) => of === service)?.[2]
    const found = processOf(service, words, processors, environment)
    return { ...found, processes: found.processes * Number(scale ?? 1) }
  })
}

/** What is not known counts as one: it was given a database's address for something. */
function processOf(
  service: string,
  words: readonly string[],
  processors: number,
  environment: (service: string, name: string) => number,
): ApplicationProcess {
  const one = { service, threads: 1 }
  if (words.includes('gunicorn') || words.includes('uvicorn') || words.includes('daphne')) {
    const program = words.includes('gunicorn') ? 'gunicorn' : 'uvicorn'
    const flag = after(words, ['-w', '--workers'])
    const variable = ['GUNICORN_WORKERS', 'WEB_CONCURRENCY'].find(name => environment(service, name) > 0)
    const processes = flag ?? (variable === undefined ? 1 : environment(service, variable))
    const by = flag !== null ? `--workers ${flag}` : (variable ?? 'assumed')
    return { ...one, program, processes, threads: after(words, ['--threads']) ?? 1, by }
  }
  if (words.includes('celery') && words.includes('worker')) {
    const flag = after(words, ['-c', '--concurrency', '--autoscale'])
    return {
      ...one,
      program: 'celery worker',
      processes: flag ?? processors,
      by: flag === null ? 'one a processor' : `--concurrency ${flag}`,
    }
  }
  if (words.includes('celery') && words.includes('beat'))
    return { ...one, program: 'celery beat', processes: 1, by: 'one' }
  return { ...one, program: 'other', processes: 1, by: 'assumed' }
}

/** The number after a flag: `--workers 4`, `--workers=4`, `-w4`, `--autoscale=10,3`; null when the flag is not there. */
function after(words: readonly string[], flags: readonly string[]): number | null {
  for (const [index, word] of words.entries()) {
    const flag = flags.find(
      name => word === name || word.startsWith(`${name}=`) || new RegExp(`^${name}\\d`).test(word),
    )
    if (flag === undefined) continue
    const text = word === flag ? (words[index + 1] ?? '') : word.slice(flag.length).replace(/^=/, '')
    const number = Number.parseInt(text, 10)
    if (!Number.isNaN(number)) return number
  }
  return null
}
