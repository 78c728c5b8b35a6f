/** The Compose stack as its file describes it. Values of environment variables and command lines never leave the server. */

import type { CommandResult } from '../model/command.ts'
import { outputOf, Unreadable, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh } from '../model/script.ts'

/** One service of the file, as Compose resolved it. */
export interface StackService {
  readonly name: string
  /** Empty when it is built and has no name for what is built. */
  readonly image: string
  /** True when the file says `build:`: `pull` then brings nothing. */
  readonly isBuilt: boolean
  /** Profiles under which alone it starts; empty for what `up` always starts. */
  readonly profiles: readonly string[]
  /** Names of the variables that the file and its env files give it. */
  readonly environment: readonly string[]
  readonly hasHealthcheck: boolean
  /** `no`, `always`, `unless-stopped`, `on-failure`. */
  readonly restart: string
  /** Bytes; 0 without a limit. */
  readonly memoryLimit: number
  readonly containerName: string
  readonly user: string
  readonly readOnly: boolean
  readonly capDrop: readonly string[]
  readonly logging: { readonly driver: string; readonly options: Readonly<Record<string, string>> } | null
  readonly dependsOn: readonly string[]
  readonly ports: readonly StackPort[]
  readonly mounts: readonly StackMount[]
  /** How long `stop` waits, as Compose writes it (`10s`, `1m0s`); empty for its 10 seconds. */
  readonly stopGracePeriod: string
}

export interface StackPort {
  /** Empty: every address of the server. */
  readonly address: string
  /** As the file has it: a port or a range; empty for any free one. */
  readonly published: string
  readonly inside: number
  readonly protocol: string
}

export interface StackMount {
  readonly type: 'bind' | 'volume' | 'tmpfs' | string
  /** Path on the host for a bind, name in the file for a volume. */
  readonly source: string
  readonly target: string
  readonly readOnly: boolean
}

export interface StackConfig {
  /** The project's name: what containers, networks and volumes are labelled with. */
  readonly project: string
  readonly services: readonly StackService[]
  /** Volumes: their name in the file, and their real one. */
  readonly volumes: Readonly<Record<string, string>>
  /** What Compose warned of, like `The "REDIS_PASSWORD" variable is not set. Defaulting to a blank string.` */
  readonly warnings: readonly string[]
}

/** `docker compose` for a file, without colours or progress. Its project directory is the file's. */
export const composeCommand = (composeFile: string): Script =>
  sh`docker compose --ansi never --progress quiet -f ${composeFile}`

/**
 * Blanks the values under `environment`, `command`, `entrypoint` and a health check's `test`: Compose fills
 * passwords in there, and what is not sent can not be stored. `config` prints one value a line, indented by two
 * more spaces a level; a null stands on the key's own line.
 */
const blankValues = sh`
  awk '
    /^ *"(environment|command|entrypoint|test|labels)": [{[]$/ {
      print; match($0, /^ */); depth = RLENGTH; inside = 1; next
    }
    inside { match($0, /^ */); if (RLENGTH == depth) { inside = 0; print; next } }
    inside && /^ *"[^"]*": / { sub(/": .*[^,]/, "\\": \\"\\""); print; next }
    inside { sub(/".*"/, "\\"\\""); print; next }
    { print }
  '
`

/** @throws Unreadable when the file is missing or is none: with what Compose said. */
export const stackConfig = fact(
  'stack/config',
  async (context, composeFile: string): Promise<StackConfig> => {
    const result = await context.run(
      sh`
      scratch=$(mktemp) || exit 1
      trap 'rm -f "$scratch"' EXIT
      ${composeCommand(composeFile)} --profile '*' config --format json >"$scratch" </dev/null || exit $?
      ${blankValues} <"$scratch"
    `,
      { as: 'root' },
    )
    return parseStackConfig(result, composeFile)
  },
)

/** Reads `docker compose config --format json`. @throws Unreadable on anything else. */
export function parseStackConfig(result: CommandResult, composeFile: string): StackConfig {
  if (result.ending === 'exited' && result.exitCode !== 0) {
    throw new Unreadable(`${composeFile} could not be read as a Compose file: ${whyNot(result)}`)
  }
  const root = jsonObject(outputOf(result, composeFile), composeFile)
  const services = Object.entries(objectOf(root.services)).map(([name, value]) =>
    serviceOf(name, objectOf(value)),
  )
  const volumes = Object.fromEntries(
    Object.entries(objectOf(root.volumes)).map(([name, value]) => [name, textOf(objectOf(value).name)]),
  )
  const warnings = [...result.stderr.matchAll(/level=warning msg="((?:[^"\\]|\\.)*)"/g)].map(
    ([, text = '']) => text.replaceAll('\\"', '"'),
  )
  return { project: textOf(root.name), services, volumes, warnings }
}

function serviceOf(name: string, raw: Json): StackService {
  const logging = raw.logging === undefined ? null : objectOf(raw.logging)
  return {
    name,
    image: textOf(raw.image),
    isBuilt: raw.build !== undefined,
    profiles: listOf(raw.profiles).map(String),
    environment: Object.keys(objectOf(raw.environment)),
    hasHealthcheck: raw.healthcheck !== undefined && objectOf(raw.healthcheck).disable !== true,
    restart: textOf(raw.restart) || 'no',
    memoryLimit: Number(
      raw.mem_limit ?? objectOf(objectOf(objectOf(raw.deploy).resources).limits).memory ?? 0,
    ),
    containerName: textOf(raw.container_name),
    user: textOf(raw.user),
    readOnly: raw.read_only === true,
    capDrop: listOf(raw.cap_drop).map(String),
    logging:
      logging === null
        ? null
        : {
            driver: textOf(logging.driver),
            options: objectOf(logging.options) as Record<string, string>,
          },
    dependsOn: Object.keys(objectOf(raw.depends_on)),
    ports: listOf(raw.ports).map(port => {
      const { host_ip: address, published, target, protocol } = objectOf(port)
      return {
        address: textOf(address),
        published: textOf(published),
        inside: Number(target),
        protocol: textOf(protocol) || 'tcp',
      }
    }),
    mounts: listOf(raw.volumes).map(mount => {
      const { type, source, target, read_only: readOnly } = objectOf(mount)
      return {
        type: textOf(type),
        source: textOf(source),
        target: textOf(target),
        readOnly: readOnly === true,
      }
    }),
    stopGracePeriod: textOf(raw.stop_grace_period),
  }
}

type Json = Readonly<Record<string, unknown>>

const objectOf = (value: unknown): Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {}
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const textOf = (value: unknown): string => (value === undefined || value === null ? '' : String(value))

function jsonObject(text: string, what: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Json
  } catch {
    // Said below, with what it was.
  }
  throw new Unreadable(`what Compose made of ${what} could not be read: it is no JSON object`)
}
