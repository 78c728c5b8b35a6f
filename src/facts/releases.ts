/**
 * The ledger of releases: what ran, by digest, and how it was found. It lies on the server, because whoever rolls
 * back at night is not always who deployed, nor at the same machine.
 */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh } from '../model/script.ts'

export const RELEASE_LEDGER = '/var/lib/kneeboard/releases.tsv'

/**
 * `good`: it ran, and every check of its health passed. `deployed`: it was put in place. `failed`: it was not, or did
 * not hold. `rolled-back`: it was put in place again after another one failed.
 */
export type ReleaseEvent = 'good' | 'deployed' | 'failed' | 'rolled-back'

export interface ReleaseEntry {
  readonly at: Date
  readonly event: ReleaseEvent
  /** The Compose project: a server may have more than one stack. */
  readonly project: string
  readonly tag: string
  /** By service: the image's name at that time, and its id (`sha256:…`). */
  readonly images: ReadonlyMap<string, { readonly name: string; readonly id: string }>
  /** Why, for `failed`; empty otherwise. */
  readonly reason: string
}

export interface ReleaseLedger {
  /** Oldest first. */
  readonly entries: readonly ReleaseEntry[]
  /** The server's clock when this was read. */
  readonly now: Date
}

/** @throws Unreadable when the file is there and cannot be read. */
export const releaseLedger = fact('deploy/ledger', async (context): Promise<ReleaseLedger> => {
  const result = await context.run(
    sh`
      date +%s
      if [ -e ${RELEASE_LEDGER} ]; then cat ${RELEASE_LEDGER} || exit 1; fi
    `,
    { as: 'root' },
  )
  return parseReleases(outputOf(result, 'the ledger of releases'))
})

/** Reads the time, then `EPOCH EVENT PROJECT TAG IMAGES REASON` with tabs between. A line that is none is left out. */
export function parseReleases(text: string): ReleaseLedger {
  const [now = '0', ...lines] = text.split('\n')
  const entries = lines.flatMap((line): ReleaseEntry[] => {
    const [epoch, event, project, tag, images = '', reason = ''] = line.split('\t')
    if (event !== 'good' && event !== 'deployed' && event !== 'failed' && event !== 'rolled-back') return []
    if (project === undefined || tag === undefined || !/^\d+$/.test(epoch ?? '')) return []
    return [{ at: new Date(Number(epoch) * 1000), event, project, tag, images: imagesOf(images), reason }]
  })
  return { entries, now: new Date(Number(now) * 1000) }
}

/** `backend=registry.example/shop:v1@sha256:…,frontend=…`. */
function imagesOf(text: string): ReleaseEntry['images'] {
  return new Map(
    text.split(',').flatMap(part => {
      const [, service, name, id] = /^([^=]+)=(.+)@(sha256:[0-9a-f]+)$/.exec(part) ?? []
      return service === undefined || name === undefined || id === undefined
        ? []
        : [[service, { name, id }] as const]
    }),
  )
}

/**
 * Shell that adds one line: what the services' containers run at this moment. `note EVENT PROJECT TAG REASON IDS…`,
 * where the ids are of containers. A line is written whole or not at all, and is on disk before it returns.
 */
export const noteFunction: Script = sh`
  note() {
    event=$1 project=$2 tag=$3 reason=$(printf %s "$4" | tr '\\t\\n' '  ' | cut -c 1-300)
    shift 4
    images=$(docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}={{.Config.Image}}@{{.Image}}' "$@" 2>/dev/null | sort -u | tr '\\n' ',')
    mkdir -p ${RELEASE_LEDGER.replace(/\/[^/]*$/, '')} || return 1
    printf '%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' "$(date +%s)" "$event" "$project" "$tag" "\${images%,}" "$reason" >>${RELEASE_LEDGER} || return 1
    sync ${RELEASE_LEDGER} 2>/dev/null || :
  }
`

/** The newest entry of a project with one of these events. */
export const latest = (
  { entries }: ReleaseLedger,
  project: string,
  ...events: readonly ReleaseEvent[]
): ReleaseEntry | undefined =>
  entries.findLast(entry => entry.project === project && events.includes(entry.event))
