/** Which release images lie on the server, with the migrations that each contains; and which one fits a schema. */

import type { ReadContext } from '../model/check.ts'
import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import type { ImageMigrations } from './migrations.ts'
import { serviceImage } from './migrations-image.ts'
import { imageMigrations, type MigrationTool } from './migrations-read.ts'

export interface ReleaseImage {
  /** `registry.example/shop-backend:v1.1.0`. */
  readonly name: string
  /** `sha256:…`. */
  readonly id: string
  /** ISO 8601, UTC. */
  readonly createdAt: string
}

/** Images of the service's repository on this server, newest first. A name without a tag is left out. */
export const releaseImages = fact(
  'migrations/release-images',
  async (context, composeFile: string, service: string): Promise<readonly ReleaseImage[]> => {
    const running = await context.read(serviceImage, composeFile, service)
    const repository = repositoryOf(running.name)
    const result = await context.run(
      sh`
        names=$(docker image ls --format '{{.Repository}}:{{.Tag}}' ${repository}) || exit 1
        for name in $names; do
          case $name in *:'<none>') continue ;; esac
          printf '%s %s\\n' "$name" "$(docker image inspect --format '{{.Id}} {{.Created}}' "$name")"
        done
      `,
      { as: 'root' },
    )
    return parseReleaseImages(outputOf(result, `the images of ${repository}`))
  },
)

/** `registry.example:5000/shop` of `registry.example:5000/shop:v1`. */
export const repositoryOf = (image: string): string => image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
/** `v1` of `registry.example:5000/shop:v1`; `latest` when there is none. */
export const tagOf = (image: string): string => /:([^/:@]+)$/.exec(image.replace(/@.*$/, ''))?.[1] ?? 'latest'

/** Reads `name id created`, a line each; newest first. */
export function parseReleaseImages(text: string): ReleaseImage[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => {
      const [name = '', id = '', createdAt = ''] = line.split(' ')
      return { name, id, createdAt }
    })
    .filter(({ createdAt }) => !Number.isNaN(Date.parse(createdAt)))
    .sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
}

export interface Release extends ReleaseImage {
  readonly migrations: ImageMigrations
}

/**
 * The releases on the server with what each contains, newest first; each image once, whatever its names. An image
 * that cannot be read is left out: it cannot be recommended either.
 *
 * @param most images to look into: each is started once
 */
export async function readReleases(
  context: ReadContext,
  place: {
    readonly composeFile: string
    readonly backendService: string
    readonly migrationTool: MigrationTool
  },
  most: number,
): Promise<Release[]> {
  const images = await context.read(releaseImages, place.composeFile, place.backendService)
  const once = [...new Map(images.map(image => [image.id, image])).values()].slice(0, most)
  const found: Release[] = []
  // One after the other: each takes the memory of an application that starts.
  for (const image of once) {
    const { composeFile, backendService, migrationTool } = place
    const migrations = await context
      .read(imageMigrations, composeFile, backendService, migrationTool, image.name)
      .catch(() => null)
    if (migrations !== null) found.push({ ...image, migrations })
  }
  return found
}

/**
 * The release to go back to: older than the running one, with every migration that stays applied, and with none of
 * its own that is not. The newest such. Pure.
 *
 * @param applied what the database has once it is at its target
 */
export function releaseFor(
  releases: readonly Release[],
  running: { readonly id: string },
  applied: readonly string[],
): Release | undefined {
  const current = releases.find(({ id }) => id === running.id)
  const there = new Set(applied)
  return releases.find(
    ({ id, createdAt, migrations }) =>
      id !== running.id &&
      (current === undefined || Date.parse(createdAt) < Date.parse(current.createdAt)) &&
      migrations.known.every(key => there.has(key)) &&
      applied.every(key => migrations.known.includes(key)),
  )
}
