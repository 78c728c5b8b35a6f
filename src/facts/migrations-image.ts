/** Running a reader inside the application's image: in its running container where there is one, else in a one-off. */

import type { ReadContext } from '../model/check.ts'
import { type CommandResult, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh, verbatim } from '../model/script.ts'
import { containerOfService, stackContainers } from './containers.ts'
import { composeCommand } from './stack.ts'

/** Seconds that a reader may take: a large project imports for a while on a small server. */
export const READER_SECONDS = 90

/** Where Python is called differently, or not at all, this says so with status 127. */
const PYTHON = 'exec "$(command -v python3 || command -v python || echo python3)" "$@"'

/** What PostgreSQL is told about every connection of a reader. */
export const READ_ONLY_OPTIONS =
  '-c default_transaction_read_only=on -c statement_timeout=15s -c lock_timeout=2s'

/** The image of a service, and whether a container of it runs now. */
export interface ServiceImage {
  /** As the container was made from it: `registry.example/shop-backend:v1.2.0`. */
  readonly name: string
  /** `sha256:…`. */
  readonly id: string
  /** Empty when none runs. */
  readonly container: string
}

/** The image that a service runs, or ran last. @throws Unreadable when there never was a container of it. */
export const serviceImage = fact(
  'migrations/service-image',
  async (context, composeFile: string, service: string): Promise<ServiceImage> => {
    const found = containerOfService(await context.read(stackContainers, composeFile), service)
    if (found === undefined)
      throw new Unreadable(`there is no container of ${service}, so its image is not known`)
    return {
      name: found.image,
      id: found.imageId,
      container: found.status === 'running' ? found.id : '',
    }
  },
)

/** A name as Docker takes it: nothing in it can become syntax of YAML or shell. */
const IMAGE_NAME = /^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$/

/**
 * `docker compose run` of one service from an image of our choice, without its dependencies and without its own
 * entry point, which in many images applies migrations by itself. Sets `override` for it, and takes it away at the end.
 *
 * @param words options of `run` that come before the service: `-e NAME=value`
 * @throws Unreadable for a name that is none.
 */
export function oneOff(
  place: { readonly composeFile: string; readonly service: string; readonly image: string },
  words: readonly string[],
  command: readonly string[],
): { readonly prepare: Script; readonly run: Script } {
  const { composeFile, service, image } = place
  if (!IMAGE_NAME.test(image)) throw new Unreadable(`“${image.slice(0, 80)}” is no name of an image`)
  const yaml = JSON.stringify({ services: { [service]: { image, pull_policy: 'never' } } })
  return {
    prepare: sh`
      override=$(mktemp) || exit 1
      trap 'rm -f "$override"' EXIT
      printf '%s\\n' ${yaml} >"$override"
      docker image inspect --format '{{.Id}}' ${image} >/dev/null || exit 1
    `,
    run: sh`${composeCommand(composeFile)} -f "$override" run --rm --no-deps -T ${words} --entrypoint sh ${service} -c ${PYTHON} sh ${command}`,
  }
}

/** Runs a Python text inside an image: by `docker exec` where its container runs, else in a one-off. */
export async function runReader(
  context: ReadContext,
  place: { readonly composeFile: string; readonly service: string; readonly image: string },
  python: string,
): Promise<CommandResult> {
  const running = await context.read(serviceImage, place.composeFile, place.service)
  const options = `PGOPTIONS=${READ_ONLY_OPTIONS}`
  const text = sh`<<'END_OF_READER'\n${verbatim(python)}\nEND_OF_READER`
  const isRunning = running.container !== '' && running.name === place.image
  if (isRunning) {
    const script = sh`docker exec -i -e ${options} ${running.container} sh -c ${PYTHON} sh - ${text}\n`
    return context.run(script, { as: 'root', timeoutSeconds: READER_SECONDS })
  }
  const { prepare, run } = oneOff(place, ['-e', options], ['-'])
  return context.run(sh`${prepare}\n${run} ${text}\n`, { as: 'root', timeoutSeconds: READER_SECONDS })
}

/** `REQUEST`, then the reader: JSON's strings are Python's, too. */
export const withRequest = (request: object, reader: string): string =>
  `REQUEST = __import__('json').loads(${asciiJson(JSON.stringify(request))})\n${reader}`

const asciiJson = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
