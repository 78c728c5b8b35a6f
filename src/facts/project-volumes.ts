/** Volumes of a Compose project, found by the labels that Compose gave them: a name alone may be another stack's. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface ProjectVolume {
  /** As Docker has it: `webshop_postgres_data`. */
  readonly name: string
  /** As the Compose file has it: `postgres_data`. */
  readonly label: string
  /** Bytes on the disk. */
  readonly bytes: number
  /** Containers that have it mounted, running or not; each with its project's label, empty for one that has none. */
  readonly users: readonly { readonly container: string; readonly project: string }[]
}

/** @throws Unreadable when Docker does not answer. */
export const projectVolumes = fact(
  'stack/project-volumes',
  async (context, project: string): Promise<readonly ProjectVolume[]> => {
    const result = await context.run(
      sh`
        volumes=$(docker volume ls -q --filter ${`label=com.docker.compose.project=${project}`}) || exit 1
        for volume in $volumes; do
          docker volume inspect --format '{{.Mountpoint}}	{{index .Labels "com.docker.compose.volume"}}' "$volume" | {
            IFS='	' read -r place label
            printf 'volume\\t%s\\t%s\\t%s\\n' "$volume" "$label" "$(du -sk -- "$place" 2>/dev/null | cut -f 1)"
          }
          docker ps -a --no-trunc --filter "volume=$volume" --format 'user	{{.Names}}	{{.Label "com.docker.compose.project"}}'
        done
        exit 0
      `,
      { as: 'root', timeoutSeconds: 60 },
    )
    return parseVolumes(outputOf(result, `the volumes of ${project}`))
  },
)

/** Reads what {@link projectVolumes} prints. Pure. */
export function parseVolumes(text: string): ProjectVolume[] {
  const found: { name: string; label: string; bytes: number; users: ProjectVolume['users'][number][] }[] = []
  for (const line of text.split('\n')) {
    const [kind, first = '', second = '', third = ''] = line.split('\t')
    if (kind === 'volume') found.push({ name: first, label: second, bytes: Number(third) * 1024, users: [] })
    else if (kind === 'user') found.at(-1)?.users.push({ container: first, project: second })
  }
  return found
}
