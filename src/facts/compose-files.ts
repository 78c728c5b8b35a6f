/** Compose files on the server: those that containers run from, and those that lie where people put them. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface ComposeFile {
  readonly path: string
  /** Running containers that were made from it. */
  readonly running: number
}

/** Those with the most running containers first. @throws Unreadable when the places could not be looked at. */
export const composeFiles = fact('stack/compose-files', async (context): Promise<ComposeFile[]> => {
  const result = await context.run(
    sh`
      # A stopped daemon is not asked: its socket would start it.
      if command -v docker >/dev/null 2>&1 && systemctl -q is-active docker 2>/dev/null; then
        docker ps --format '{{.Label "com.docker.compose.project.config_files"}}' 2>/dev/null | sed 's/^/runs /'
      fi
      for path in /opt/*/ /srv/*/ /var/www/*/ /home/*/*/ /root/*/; do
        for file in "$path"docker-compose*.yml "$path"docker-compose*.yaml "$path"compose*.yml "$path"compose*.yaml; do
          [ -f "$file" ] && printf 'lies %s\\n' "$file"
        done
      done
      :
    `,
    { as: 'root' },
  )
  return parseComposeFiles(outputOf(result, 'where Compose files lie'))
})

/** Reads lines of `runs PATH[,PATH…]` and `lies PATH`. A container of several files counts for the first. */
export function parseComposeFiles(text: string): ComposeFile[] {
  const running = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, kind, paths = ''] = /^(runs|lies) (\/.*)$/.exec(line) ?? []
    const [path = ''] = paths.split(',')
    if (kind === undefined || path === '') continue
    running.set(path, (running.get(path) ?? 0) + (kind === 'runs' ? 1 : 0))
  }
  return [...running]
    .map(([path, count]) => ({ path, running: count }))
    .sort((one, other) => other.running - one.running || one.path.localeCompare(other.path))
}
