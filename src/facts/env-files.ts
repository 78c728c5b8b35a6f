/**
 * The environment of the stack in its four places: env files, their examples, what Compose makes of them, and what
 * the containers run with. Values stay on the server: they are told apart by numbers (see `env-reading.ts`).
 */

import { type CommandResult, outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh, verbatim } from '../model/script.ts'
import { allContainers, type Container, isLive } from './containers.ts'
import { numberValues } from './env-reading.ts'
import { composeCommand } from './stack.ts'

/** One variable's value, as far as it may be known. */
export interface EnvValue {
  readonly name: string
  /** The same number within one reading: the same value. */
  readonly number: number
  readonly length: number
  /** Different characters in it. */
  readonly distinct: number
  /** True for letters and digits alone. */
  readonly isAlphanumeric: boolean
  /** What payment keys start with; empty for all others. */
  readonly prefix: 'test_' | 'live_' | ''
  /** Still what a template has: `change-me`, `your-key`, `<…>`. */
  readonly isPlaceholder: boolean
  /** A quote is opened on its line and not closed there. */
  readonly isOpen: boolean
  /** The value itself for the few names of `PLAIN_NAMES`; null for every other. */
  readonly plain: string | null
}

export interface EnvFile {
  readonly path: string
  /** `compose`: `.env` beside the Compose file. `service`: an `env_file` of it. `example`: what one was copied from. */
  readonly role: 'compose' | 'service' | 'example'
  readonly exists: boolean
  /** Permission bits, 0 to 0o7777; 0 when it does not exist. */
  readonly mode: number
  readonly owner: string
  readonly group: string
  /** In the file's order; a name that stands twice is here twice, and the last one counts. */
  readonly values: readonly EnvValue[]
}

/** What a running container has in its environment. */
export interface RunningEnvironment {
  /** The first twelve digits of its id. */
  readonly container: string
  readonly service: string
  readonly values: readonly EnvValue[]
  /** Names that its image sets to the same value. */
  readonly fromImage: ReadonlySet<string>
}

export interface StackEnvironment {
  readonly files: readonly EnvFile[]
  /** Variables that the Compose file asks for by `${…}`, and whether it can do without. */
  readonly asked: readonly { readonly name: string; readonly hasDefault: boolean }[]
  /** By service; null when Compose refuses the file, for `refusal`. */
  readonly resolved: ReadonlyMap<string, readonly EnvValue[]> | null
  /** Compose's own words; empty when it takes the file. */
  readonly refusal: string
  /** Running containers of the project; null when Docker could not be asked. */
  readonly running: readonly RunningEnvironment[] | null
}

/** The last assignment of a name is the one in force. */
export const inForce = (values: readonly EnvValue[], name: string): EnvValue | undefined =>
  values.findLast(value => value.name === name)

/** True for a value that is there and was really filled in. */
export const isFilled = (value: EnvValue | undefined): value is EnvValue =>
  value !== undefined && value.length > 0 && !value.isPlaceholder

/** `.env` beside the Compose file. */
export const composeEnvFile = (state: StackEnvironment): EnvFile => {
  const found = state.files.find(({ role }) => role === 'compose')
  if (found === undefined) throw new Unreadable('the place of .env beside the Compose file could not be told')
  return found
}

/**
 * The env file of the application.
 *
 * @throws Unreadable when the Compose file names none.
 */
export function serviceEnvFile(state: StackEnvironment): EnvFile {
  const found = state.files.find(({ role }) => role === 'service')
  if (found === undefined) throw new Unreadable('the Compose file names no env_file')
  return found
}

/** @throws Unreadable when the Compose file is not there. */
export const stackEnvironment = fact(
  'configuration/environment',
  async (context, composeFile: string): Promise<StackEnvironment> => {
    const containers = await context.read(allContainers).catch(() => null)
    const script = environmentScript(composeFile, containers)
    const result = await context.run(script, { as: 'root', timeoutSeconds: 40 })
    return parseEnvironment(result, composeFile)
  },
)

/** Comments of the Compose file are left out; `$$` is no variable but a dollar sign. */
const askedNames = sh`
  sed -e 's/^[ 	]*#.*//' -e 's/[ 	]#.*//' -e 's/[$][$]//g' "$file" | grep -oE '[$]([{][A-Za-z_][A-Za-z0-9_]*[^}]*[}]|[A-Za-z_][A-Za-z0-9_]*)' |
    sed -E 's/^[$][{]?([A-Za-z_][A-Za-z0-9_]*)(:?([-+]))?.*/asked \\1 \\3/' | sort -u
`

/** One path a line: `env_file: path`, `env_file: [a, b]`, and lists of paths or of `path: …`. */
const namedFiles = sh`
  awk '
    { sub(/[ \\t]#.*$/, "") }
    /^[ \\t]*#/ || /^[ \\t]*$/ { next }
    { match($0, /^[ \\t]*/); indent = RLENGTH }
    inside && !(indent > depth || (indent == depth && /^[ \\t]*-/)) { inside = 0 }
    inside { path = $0; if (path ~ /required:|format:/) next
      sub(/^[ \\t]*(-[ \\t]*)?(path:[ \\t]*)?/, "", path); show(path); next }
    /^[ \\t]*env_file:/ { rest = $0; sub(/^[ \\t]*env_file:[ \\t]*/, "", rest)
      if (rest == "") { inside = 1; depth = indent; next }
      gsub(/[][]/, "", rest); count = split(rest, parts, ","); for (at = 1; at <= count; at++) show(parts[at]) }
    function show(path) { gsub(/^[ \\t"\\047]+|[ \\t"\\047]+$/, "", path)
      if (path != "" && !(path in seen)) { seen[path] = 1; print path } }
  ' "$file"
`

/** @param containers those of the server; null where Docker could not be asked */
export function environmentScript(composeFile: string, containers: readonly Container[] | null): Script {
  const running = containers
    ?.filter(container => container.project !== '' && !container.isOneOff && isLive(container))
    .map(({ project, id, imageId }) => `${project} ${id} ${imageId}`)
  return sh`
    file=${composeFile}
    [ -f "$file" ] || { echo 'there is no such file' >&2; exit 44; }
    cd -- "$(dirname -- "$file")" || exit 1
    here=$(pwd)
    show_file() {
      echo "@@ say path	$1	$2	$(stat -L -c '%a %U %G' -- "$2" 2>/dev/null || echo missing)"
      if [ -f "$2" ]; then echo "@@ file $2"; sed 's/^/|/' -- "$2"; echo; fi
    }
    {
      ${askedNames} | sed 's/^/@@ say /'
      show_file compose "$here/.env"
      [ ! -f .env.example ] || show_file example "$here/.env.example"
      ${namedFiles} | while IFS= read -r path; do
        case $path in
          /*) ;;
          *) path=$here/\${path#./} ;;
        esac
        show_file service "$path"
        [ ! -f "$path.example" ] || show_file example "$path.example"
      done
      if config=$(${composeCommand(composeFile)} --profile '*' config --format json 2>/dev/null </dev/null); then
        echo '@@ resolved -'
        printf '%s\\n' "$config" | sed 's/^/|/'
        project=$(printf '%s\\n' "$config" | sed -n 's/^  "name": "\\(.*\\)",*$/\\1/p' | head -n 1)
      else
        echo '@@ say refused'
        project=$(basename -- "$here")
      fi
      ${running === undefined ? verbatim('') : runningEnvironments(running)}
    } | ${numberValues}
  `
}

/**
 * What containers and their images have in their environment, asked for in one call: each object says which it is, and
 * one that has gone since says nothing.
 *
 * @param running project, id and image of each container, a line each
 */
const runningEnvironments = (running: readonly string[]): Script => sh`
  echo '@@ say docker'
  running=${running.join('\n')}
  objects=$(printf '%s\\n' "$running" | awk -v project="$project" '$1 == project { print $2; print $3 }' | sort -u)
  [ -z "$objects" ] || docker inspect --format '{{if eq (printf "%.7s" .ID) "sha256:"}}@@ image {{printf "%.19s" .ID}}{{else}}@@ say runs	{{printf "%.12s" .ID}}	{{index .Config.Labels "com.docker.compose.service"}}	{{printf "%.19s" .Image}}
  @@ container {{printf "%.12s" .ID}}{{end}}
  {{range .Config.Env}}|{{json .}}
  {{end}}' $objects 2>/dev/null | sed 's/^ *//'
`

/** Reads what the awk program printed. @throws Unreadable when the script did not run to its end. */
export function parseEnvironment(result: CommandResult, composeFile: string): StackEnvironment {
  const lines = outputOf(result, `the environment of ${composeFile}`)
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.split('\t'))
  const of = (kind: string) => lines.filter(([first]) => first === kind)
  const valuesIn = (kind: string, where: string): EnvValue[] =>
    of(kind)
      .filter(([, place]) => place === where)
      .map(envValue)
  const files = of('path').map(([, role = '', path = '', state = '']): EnvFile => {
    const [mode = '0', owner = '', group = ''] = state.split(' ')
    const exists = state !== 'missing'
    return {
      path,
      role: role === 'compose' || role === 'example' ? role : 'service',
      exists,
      mode: exists ? Number.parseInt(mode, 8) : 0,
      owner,
      group,
      values: valuesIn('file', path),
    }
  })
  const refused = lines.some(([first]) => first === 'refused')
  return {
    files,
    asked: askedOf(lines),
    resolved: refused ? null : groupByService(of('resolved')),
    refusal: refused ? 'docker compose config refuses the file' : '',
    running: lines.some(([first]) => first === 'docker') ? runningOf(of('runs'), valuesIn) : null,
  }
}

function askedOf(lines: readonly string[][]): StackEnvironment['asked'] {
  const found = new Map<string, boolean>()
  for (const [first = ''] of lines) {
    const [, name, mark = ''] = /^asked (\w+) ?([-+]?)$/.exec(first) ?? []
    // Asked for twice, once without a default: it is needed.
    if (name !== undefined) found.set(name, (found.get(name) ?? true) && mark !== '')
  }
  return [...found].map(([name, hasDefault]) => ({ name, hasDefault }))
}

function groupByService(lines: readonly string[][]): Map<string, EnvValue[]> {
  const services = new Map<string, EnvValue[]>()
  for (const line of lines) {
    const service = line[1] ?? ''
    services.set(service, [...(services.get(service) ?? []), envValue(line)])
  }
  return services
}

function runningOf(
  containers: readonly string[][],
  valuesIn: (kind: string, where: string) => EnvValue[],
): RunningEnvironment[] {
  return containers.map(([, container = '', service = '', image = '']) => {
    const ofImage = valuesIn('image', image)
    const values = valuesIn('container', container)
    const same = values.filter(({ name, number }) => inForce(ofImage, name)?.number === number)
    return { container, service, values, fromImage: new Set(same.map(({ name }) => name)) }
  })
}

function envValue([
  ,
  ,
  name = '',
  number,
  length,
  distinct,
  flags = '',
  plain = '',
]: readonly string[]): EnvValue {
  if (plain === undefined || number === undefined) throw new Unreadable('a variable could not be read')
  return {
    name,
    number: Number(number),
    length: Number(length),
    distinct: Number(distinct),
    isAlphanumeric: flags.includes('a'),
    prefix: flags.includes('t') ? 'test_' : flags.includes('l') ? 'live_' : '',
    isPlaceholder: flags.includes('p'),
    isOpen: flags.includes('q'),
    plain: plain === '' ? null : plain,
  }
}
