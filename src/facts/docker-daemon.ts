/** The Docker daemon's configuration: its file, and what the running process was started with. */

import { z } from 'zod'
import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { dockerService } from './docker.ts'

const DEFAULT_PATH = '/etc/docker/daemon.json'

/** The keys that Kneeboard looks at. Every other key is somebody's, and stays. */
const DaemonKeys = z.looseObject({
  'log-driver': z.string().optional(),
  'log-opts': z.record(z.string(), z.string()).optional(),
  'live-restore': z.boolean().optional(),
  dns: z.array(z.string()).optional(),
  'data-root': z.string().optional(),
})
export type DaemonKeys = z.infer<typeof DaemonKeys>

export interface DaemonConfiguration {
  /** The file that the daemon reads: `/etc/docker/daemon.json`, unless it was started with another. */
  readonly path: string
  /** The file as it is; null when there is none. */
  readonly text: string | null
  /** What stands in the file; null when it cannot be understood. No file is an empty configuration. */
  readonly keys: DaemonKeys | null
  /** Why the file cannot be understood, with the place; empty when it can. */
  readonly broken: string
  /** True when the file was changed after the daemon's process started: what it says is then not in force. */
  readonly newerThanDaemon: boolean
  /** The names of the options on the running daemon's command line, without dashes. */
  readonly flags: readonly string[]
  /** True when this dockerd can check a file before it is used (`--validate`, Docker 23 and later). */
  readonly canValidate: boolean
}

/** @throws Unreadable when the file or the service's state could not be read. */
export const daemonConfiguration = fact(
  'docker/daemon-configuration',
  async (context): Promise<DaemonConfiguration> => {
    const service = await context.read(dockerService)
    const flags = parseCommandLine(
      service.processId === 0
        ? ''
        : outputOf(
            await context.run(sh`tr '\\0' '\\n' < /proc/${service.processId}/cmdline`, { as: 'root' }),
            'the Docker daemon’s command line',
          ),
    )
    const path = flags.get('config-file') ?? DEFAULT_PATH
    const file = await context.run(
      sh`
        [ -e ${path} ] || exit 44
        cat ${path}
      `,
      { as: 'root' },
    )
    const text = outputOf(file, path, [0, 44])
    const existing = file.exitCode === 44 ? null : text
    const canValidate = await validates()
    const { keys, broken } = parseDaemonJson(existing)
    const refused = broken === '' && existing !== null && canValidate ? await refusal(path) : ''
    return {
      path,
      text: existing,
      keys: refused === '' ? keys : null,
      broken: broken || refused,
      newerThanDaemon:
        existing !== null && service.processId !== 0 && (await isNewer(path, service.startedAt)),
      flags: [...flags.keys()],
      canValidate,
    }

    async function isNewer(file: string, startedAt: string): Promise<boolean> {
      const times = await context.run(
        sh`
          set -e
          changed=$(stat -L -c %Y ${file})
          started=$(date -u -d ${startedAt} +%s)
          echo "$changed $started"
        `,
        { as: 'root' },
      )
      const [changed, started] = outputOf(times, `the age of ${file}`).trim().split(' ').map(Number)
      return (changed ?? 0) > (started ?? 0)
    }

    /** What dockerd itself says against the file: a key that it does not know, say. Empty when nothing. */
    async function refusal(file: string): Promise<string> {
      const said = await context.run(sh`dockerd --validate --config-file ${file}`, { as: 'root' })
      if (said.ending === 'exited' && said.exitCode === 1) {
        const reason = said.stderr.trim().split('\n').at(-1) ?? ''
        return (
          reason.replace(`unable to configure the Docker daemon with file ${file}: `, '') ||
          'dockerd refuses it'
        )
      }
      outputOf(said, `whether dockerd takes ${file}`)
      return ''
    }

    async function validates(): Promise<boolean> {
      const help = await context.run(sh`dockerd --help`, { as: 'root' })
      return /^\s+--validate\b/m.test(outputOf(help, 'what dockerd can do'))
    }
  },
)

/** Reads a daemon's arguments, one a line: `--name=value`, `--name value`, `-H value`, or a bare `--name`. */
export function parseCommandLine(text: string): Map<string, string> {
  const flags = new Map<string, string>()
  const words = text.split('\n').slice(1)
  words.forEach((word, index) => {
    const match = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/.exec(word)
    const name = match?.[1]
    if (name === undefined) return
    const next = words[index + 1] ?? ''
    flags.set(name, match?.[2] ?? (next.startsWith('-') ? '' : next))
  })
  return flags
}

/** Reads daemon.json. Pure; never throws: a file that cannot be understood is an answer, too. */
export function parseDaemonJson(text: string | null): { keys: DaemonKeys | null; broken: string } {
  if (text === null) return { keys: {}, broken: '' }
  // dockerd takes an empty file for an empty configuration.
  if (text.trim() === '') return { keys: {}, broken: '' }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { keys: null, broken: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  const keys = DaemonKeys.safeParse(value)
  if (keys.success) return { keys: keys.data, broken: '' }
  const issue = keys.error.issues[0]
  const where = issue?.path.join('.') ?? ''
  return {
    keys: null,
    broken: `${where === '' ? 'it' : `its key ${where}`} is not what Docker takes: ${issue?.message ?? ''}`,
  }
}

/**
 * A script that checks a candidate configuration whose path stands in `$candidate`. An old dockerd cannot check
 * a file without starting; then only its being JSON is checked, where the server has something to read it with.
 */
export function validateDaemonJson(canValidate: boolean) {
  if (canValidate) return sh`dockerd --validate --config-file "$candidate"`
  return sh`
    # This dockerd has no --validate (it came with Docker 23): only the syntax is checked.
    if command -v python3 >/dev/null; then
      python3 -m json.tool "$candidate" >/dev/null
    else
      test -s "$candidate"
    fi
  `
}
