/** Compose, in its two lives: the client's plugin (v2), and the program docker-compose (v1, or v2 as a courtesy). */

import { type CommandResult, outputOf, Unreadable, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

/**
 * The version of the Compose plugin that every user has, or null when there is none. A plugin in one user's
 * home does not count: deployments run as another user.
 *
 * @throws Unreadable when the client could not be asked.
 */
export const composePlugin = fact('docker/compose-plugin', async (context): Promise<string | null> => {
  // The client greets the daemon even for this, which would start one that is stopped: so it is sent nowhere.
  const result = await context.run(
    sh`DOCKER_CONFIG=/nonexistent DOCKER_HOST=unix:///nonexistent docker compose version`,
  )
  return pluginVersion(result)
})

/** Without the plugin, `docker compose version` is no command: old clients say so, newer ones show their usage. */
export function pluginVersion(result: CommandResult): string | null {
  if (result.ending === 'exited' && result.exitCode === 0) {
    const version = /\bversion v?(\d+\.\d[^\s,]*)/.exec(result.stdout)?.[1]
    if (version !== undefined) return version
    throw new Unreadable('docker compose gave no version that could be read')
  }
  const refused = /is not a docker command|unknown command|unknown (shorthand )?flag/.test(result.stderr)
  if (result.ending === 'exited' && refused) return null
  throw new Unreadable(`the version of Compose could not be read: ${whyNot(result)}`)
}

/** A program called docker-compose. */
export interface StandaloneCompose {
  readonly path: string
  /** Empty when it did not say. */
  readonly version: string
}

/** Every `docker-compose` that a script or a login would find. */
export const standaloneCompose = fact(
  'docker/standalone-compose',
  async (context): Promise<StandaloneCompose[]> => {
    const result = await context.run(sh`
      for path in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /snap/bin; do
        path=$path/docker-compose
        if [ -x "$path" ]; then
          printf '%s\\t%s\\n' "$path" "$(timeout 15 "$path" version --short 2>/dev/null | head -n 1)"
        fi
      done
    `)
    return parseStandalone(outputOf(result, 'the programs called docker-compose'))
  },
)

/** Reads lines of `path TAB version`. */
export function parseStandalone(text: string): StandaloneCompose[] {
  return text.split('\n').flatMap(line => {
    const [path, version] = line.split('\t')
    return path?.startsWith('/') && version !== undefined ? [{ path, version: version.trim() }] : []
  })
}
