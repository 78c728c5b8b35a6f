/** The backend as it answers inside its own container: the health endpoint with its body, and names that it needs. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { containerOfService, insideContainer, stackContainers } from './containers.ts'
import { lookUpFunction, parseLookUps } from './look-up.ts'
import { sayFunction, sectionsOf } from './sections.ts'

/** One request to a service inside its own container. */
export interface InsideAnswer {
  /** 0 when there was no answer. */
  readonly status: number
  readonly seconds: number
  readonly body: string
}

export interface BackendView {
  /** The health endpoint, asked as the container’s own health check asks it: for `localhost`. */
  readonly health: InsideAnswer
  /** The same for the site’s own name. */
  readonly asSite: InsideAnswer
  /** Names that the backend needs, with the addresses that they lead to inside the container. */
  readonly names: ReadonlyMap<string, readonly string[]>
  /** False where neither curl, wget nor Python is in the image: then nothing could be asked. */
  readonly hasClient: boolean
}

/** Seconds that one request may take: longer than any health endpoint, shorter than a gateway’s patience. */
const REQUEST_SECONDS = 8

/**
 * GET with what the image has: curl, else Python, which is started once for both. The body stands first, then a line
 * with status and time. Neither follows a redirect: where one leads is for a verdict to say. The forwarded protocol is that of a visitor over HTTPS, else Django redirects.
 */
const ask = sh`
  ask() {
    say "$1"
    curl -s -o - --max-time ${REQUEST_SECONDS} -H "Host: $3" -H 'X-Forwarded-Proto: https' -w '\\n%{http_code} %{time_total}\\n' "$2"
  }
  ask_both() {
    if command -v curl >/dev/null 2>&1; then
      ask health "$1" "$2"; ask site "$1" "$3"
    elif command -v python3 >/dev/null 2>&1; then
      python3 -IS -c '
import http.client, sys, time
url, *hosts = sys.argv[1:]
place, _, path = url.split("//", 1)[1].partition("/")
for section, host in zip(("health", "site"), hosts):
    begun = time.time()
    body, status = b"", 0
    try:
        connection = http.client.HTTPConnection(place, timeout=${REQUEST_SECONDS})
        connection.request("GET", "/" + path, headers={"Host": host, "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        body, status = answer.read(20000), answer.status
    except Exception:
        pass
    print("==", section)
    print(body.decode("utf-8", "replace"))
    print(status, round(time.time() - begun, 3))
' "$1" "$2" "$3"
    else say no-client; exit 0
    fi
  }
`

/**
 * @param site the site’s name, and names that the container must find, with commas between them
 * @throws Unreadable when the backend’s container does not run.
 */
export const backendView = fact(
  'backend/view',
  async (
    context,
    composeFile: string,
    service: string,
    port: number,
    path: string,
    site: string,
    names: string,
  ): Promise<BackendView> => {
    const container = containerOfService(await context.read(stackContainers, composeFile), service)
    if (container?.status !== 'running') throw new Unreadable(`the container of ${service} does not run`)
    const url = `http://localhost:${port}${path}`
    const result = await context.run(
      insideContainer(
        container,
        sh`
          ${sayFunction}
          ${ask}
          ${lookUpFunction}
          ask_both ${url} localhost ${site}
          say names
          look_up ${names.split(',').filter(name => name !== '')}
        `,
      ),
      { as: 'root', timeoutSeconds: 45 },
    )
    return parseBackendView(outputOf(result, 'how the backend answers in its container'))
  },
)

/** Reads what the script printed. */
export function parseBackendView(text: string): BackendView {
  const sections = sectionsOf(text)
  return {
    hasClient: !sections.has('no-client'),
    health: parseAnswer(sections.get('health') ?? []),
    asSite: parseAnswer(sections.get('site') ?? []),
    names: parseLookUps(sections.get('names') ?? []),
  }
}

/** The body, and on the last line status and seconds. */
function parseAnswer(lines: readonly string[]): InsideAnswer {
  const [, status = '0', seconds = '0'] = /^(\d{1,3}) ([\d.]+)$/.exec(lines.at(-1) ?? '') ?? []
  return { status: Number(status), seconds: Number(seconds), body: lines.slice(0, -1).join('\n') }
}

/** One component of the health endpoint’s answer. */
export interface Component {
  readonly name: string
  /** As the endpoint calls it: `healthy`, `warning`, `unhealthy` … */
  readonly status: string
  readonly message: string
}

export interface Health {
  /** `healthy`, `degraded`, `unhealthy`. */
  readonly status: string
  readonly components: readonly Component[]
}

/**
 * Reads the endpoint’s JSON (domain S4: `status`, and under `checks` one object a component).
 *
 * @throws Unreadable when it is none, or names no component.
 */
export function parseHealth(body: string): Health {
  let root: unknown
  try {
    root = JSON.parse(body)
  } catch {
    throw new Unreadable('the health endpoint’s answer is no JSON')
  }
  const { status, checks } = (root ?? {}) as { status?: unknown; checks?: unknown }
  if (typeof status !== 'string' || checks === null || typeof checks !== 'object')
    throw new Unreadable('the health endpoint’s answer names no components')
  const components = Object.entries(checks).map(([name, value]) => {
    const { status: own, message } = (value ?? {}) as { status?: unknown; message?: unknown }
    return {
      name,
      status: typeof value === 'string' ? value : String(own ?? ''),
      message: typeof message === 'string' ? message : '',
    }
  })
  return { status, components }
}
