/** How names resolve inside a container, found out with a container that is gone before the answer is given. */

import type { ReadContext } from '../model/check.ts'
import { type CommandResult, outputOf, Unreadable, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { answering, dockerDaemon } from './docker.ts'

/** The image that Kneeboard makes of the server's own `getent`, so that nothing has to be pulled. */
export const PROBE_IMAGE = 'kneeboard/probe:latest'

/** How many of the server's own images are tried for a `getent` when there is no probe image. */
const IMAGES_TO_TRY = 3

/** Exit statuses of `docker run`: 125 from Docker itself, 126 and 127 for a program that the image lacks. */
const PROGRAM_MISSING = [126, 127]
/** getent's "not found in the database". */
const NOT_FOUND = 2

export type Resolution =
  | { readonly outcome: 'resolved'; readonly addresses: readonly string[]; readonly image: string }
  | { readonly outcome: 'not-found'; readonly image: string }
  /** No local image has a `getent` to ask with. */
  | { readonly outcome: 'no-image' }

/**
 * Looks a name up inside a container on the default bridge: with the daemon's own name servers, or with the
 * one given as `server`.
 *
 * @throws Unreadable when no container could be run.
 */
export const containerResolution = fact(
  'docker/container-resolution',
  async (context, name: string, server: string): Promise<Resolution> => {
    for (const image of await context.read(probeImages)) {
      const result = await lookUp(context, image, name, server)
      if (result.ending === 'exited' && PROGRAM_MISSING.includes(result.exitCode ?? 0)) continue
      return resolutionOf(result, image)
    }
    return { outcome: 'no-image' }
  },
)

/** @throws Unreadable for every end that says nothing about names. */
export function resolutionOf(result: CommandResult, image: string): Resolution {
  if (result.ending === 'exited' && result.exitCode === NOT_FOUND) return { outcome: 'not-found', image }
  if (result.ending === 'exited' && result.exitCode === 0) {
    const addresses = parseAddresses(result.stdout)
    if (addresses.length > 0) return { outcome: 'resolved', addresses, image }
  }
  throw new Unreadable(`a name could not be looked up inside a container: ${whyNot(result)}`)
}

/** The addresses in the output of `getent ahosts`, each once, in its order. */
export function parseAddresses(text: string): string[] {
  const first = text.split('\n').map(line => line.trim().split(/\s+/)[0] ?? '')
  return [...new Set(first.filter(address => /^[0-9a-fA-F:.]+$/.test(address)))]
}

function lookUp(context: ReadContext, image: string, name: string, server: string): Promise<CommandResult> {
  const dns = server === '' ? sh`` : sh`--dns ${server} `
  // Shorter waits than the resolver's own, so that dead name servers are an answer and not a time-out.
  return context.run(
    sh`
      container=kneeboard-probe-$(od -An -N6 -tx1 /dev/urandom | tr -d ' \\n')
      trap 'docker rm -f -v "$container" >/dev/null 2>&1' EXIT
      trap 'exit 143' HUP INT TERM
      timeout -k 5 30 docker run --rm --name "$container" --pull never --network bridge ${dns}\\
        --dns-option timeout:2 --dns-option attempts:2 --no-healthcheck --log-driver none --read-only \\
        --cap-drop ALL --security-opt no-new-privileges --entrypoint getent ${image} ahosts ${name}
    `,
    { as: 'root', timeoutSeconds: 45 },
  )
}

/** The images to ask with, best first: the probe image alone where there is one. */
const probeImages = fact('docker/probe-images', async (context): Promise<string[]> => {
  answering(await context.read(dockerDaemon))
  const result = await context.run(sh`docker image ls --format '{{.Repository}}:{{.Tag}}'`, { as: 'root' })
  return chooseImages(outputOf(result, 'the list of images'))
})

/** Reads one `name:tag` a line, newest first. Images without a name are leftovers of builds and are passed over. */
export function chooseImages(text: string): string[] {
  const names = text.split('\n').filter(name => name !== '' && !name.includes('<none>'))
  return names.includes(PROBE_IMAGE) ? [PROBE_IMAGE] : names.slice(0, IMAGES_TO_TRY)
}

/** How the server itself sees a name. */
export interface NameOnServer {
  readonly resolves: boolean
  /** True when it stands in /etc/hosts, which containers do not see. */
  readonly inHostsFile: boolean
}

/** @throws Unreadable when getent could not be asked. */
export const nameOnServer = fact(
  'docker/name-on-server',
  async (context, name: string): Promise<NameOnServer> => {
    const [resolved, listed] = await Promise.all([
      context.run(sh`getent ahosts ${name}`, { timeoutSeconds: 30 }),
      context.run(sh`getent -s hosts:files hosts ${name}`),
    ])
    outputOf(resolved, `whether the server resolves ${name}`, [0, NOT_FOUND])
    outputOf(listed, `whether ${name} stands in /etc/hosts`, [0, NOT_FOUND])
    return { resolves: resolved.exitCode === 0, inHostsFile: listed.exitCode === 0 }
  },
)

/** Host names that the server's package sources name, in their order: names that this server must resolve anyway. */
export const packageSourceNames = fact('docker/package-source-names', async (context): Promise<string[]> => {
  const result = await context.run(sh`
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
      if [ -f "$file" ]; then cat "$file"; printf '\\n\\n'; fi
    done
  `)
  return parseSourceNames(outputOf(result, 'the package sources'))
})

/** Reads one-line and deb822 sources together; entries that are switched off and bare addresses are left out. */
export function parseSourceNames(text: string): string[] {
  const stanzas = text
    .split(/\n[ \t]*\n/)
    .filter(stanza => !/^Enabled:\s*(no|false|off|0|without)\s*$/im.test(stanza))
  const lines = stanzas
    .flatMap(stanza => stanza.split('\n'))
    .filter(line => !line.trimStart().startsWith('#'))
  const hosts = lines.flatMap(line =>
    [...line.matchAll(/\bhttps?:\/\/(?:[^/@\s]*@)?([A-Za-z0-9._-]+)/g)].map(match => match[1] ?? ''),
  )
  return [...new Set(hosts.filter(host => /[A-Za-z]/.test(host) && host !== 'localhost'))]
}

/** The name servers that the server itself asks in the end, without local stubs that a container cannot reach. */
export const upstreamNameServers = fact(
  'docker/upstream-name-servers',
  async (context): Promise<string[]> => {
    const result = await context.run(sh`
    for file in /run/systemd/resolve/resolv.conf /etc/resolv.conf; do
      if [ -f "$file" ]; then cat "$file"; echo; fi
    done
  `)
    return parseNameServers(outputOf(result, 'the server’s name servers'))
  },
)

/** Reads resolv.conf text. Loopback and link-local addresses mean nothing inside a container. */
export function parseNameServers(text: string): string[] {
  const servers = [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map(match => match[1] ?? '')
  const reachable = servers.filter(server => !/^(127\.|0\.0\.0\.0$|::1?$|fe80:)|%/i.test(server))
  return [...new Set(reachable)]
}
