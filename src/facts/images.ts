/** The images that are on the server, by every name that a Compose file may call them. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

/** Names (`nginx:1.22`, `ghcr.io/shop/backend@sha256:…`) with the id that each stands for now. */
export const localImages = fact(
  'stack/local-images',
  async (context): Promise<ReadonlyMap<string, string>> => {
    const result = await context.run(
      sh`docker image ls --no-trunc --digests --format '{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}}'`,
      { as: 'root' },
    )
    return parseImages(outputOf(result, 'the images on the server'))
  },
)

/** Reads `repository tag digest id`, a line each. */
export function parseImages(text: string): Map<string, string> {
  const images = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [repository, tag = '', digest = '', id] = line.split(' ')
    if (repository === undefined || id === undefined) continue
    if (tag !== '<none>') images.set(`${repository}:${tag}`, id)
    if (digest !== '<none>') images.set(`${repository}@${digest}`, id)
    images.set(id, id)
  }
  return images
}

/**
 * The id that a name of the Compose file stands for; undefined when it is not on the server. Docker leaves out its
 * own registry's name, and a tag that is left out is `latest`.
 */
export function imageIdOf(images: ReadonlyMap<string, string>, name: string): string | undefined {
  const short = name.replace(/^(docker\.io|index\.docker\.io)\//, '').replace(/^library\//, '')
  const [withoutDigest = short, digest] = short.split('@')
  if (digest !== undefined) return images.get(`${withoutDigest.replace(/:[^/:]*$/, '')}@${digest}`)
  return images.get(/:[^/]*$/.test(short) ? short : `${short}:latest`)
}
