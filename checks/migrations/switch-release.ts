/** Putting an older release in place: one key of the env file, the containers made anew, nginx told. */

import { dirname } from 'node:path'
import { containerOfService, stackContainers } from '../../src/facts/containers.ts'
import {
  type Release,
  readReleases,
  releaseFor,
  repositoryOf,
  tagOf,
} from '../../src/facts/migrations-releases.ts'
import { composeCommand, stackConfig } from '../../src/facts/stack.ts'
import { textFile } from '../../src/facts/text-file.ts'
import { type Action, lastingAction, runAction } from '../../src/model/action.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { type Script, sh } from '../../src/model/script.ts'
import { type MigrationParams, withReleaseParams } from './parameters.ts'
import { appliedAfter, readMigrations, readOutlook } from './situation.ts'

/**
 * The older release on this server that fits the schema of the target.
 *
 * @throws Unreadable when there is none.
 */
async function fittingRelease(context: ProbeContext<MigrationParams>): Promise<Release> {
  const { params, policy } = context
  const { running, state } = await readMigrations(context)
  const outlook = await readOutlook(context)
  const releases = await readReleases(context, params, policy.migrationImagesRead)
  const found = outlook.release ?? releaseFor(releases, running, appliedAfter(state))
  if (found === undefined)
    throw new Unreadable(
      `no older image of ${repositoryOf(running.name)} on this server fits the schema: bring it here first (docker pull)`,
    )
  return found
}

export const putReleaseBack = remedy({
  id: 'migrations/put-release-back',
  title: 'Put the older release in place',
  why: 'The code and the schema have to be of one release. The running one would fail on the older schema, or apply its migrations again when it starts.',
  risk: 'The containers are made anew from the older image: requests fail for some seconds.',
  grade: 'disruptive',
  params: withReleaseParams,
  async plan(context) {
    const { params, policy, read } = context
    const { running } = await readMigrations(context)
    const release = await fittingRelease(context)
    const text = await read(textFile, params.composeFile)
    const { key, repositories } = tagVariable(text ?? '', running.name)
    const { services } = await read(stackConfig, params.composeFile)
    const containers = await read(stackContainers, params.composeFile)
    const moved = services
      .filter(({ image }) => repositories.includes(repositoryOf(image)))
      .filter(({ name }) => containerOfService(containers, name) !== undefined)
    const tag = tagOf(release.name)
    const images = [...new Set(moved.map(({ image }) => `${repositoryOf(image)}:${tag}`))]
    const names = moved.map(({ name }) => name)
    const file = `${dirname(params.composeFile)}/.env`
    return {
      actions: [
        runAction(
          `Are all images of ${tag} here?`,
          sh`for image in ${images}; do docker image inspect --format "$image {{.Id}}" "$image" || exit 1; done`,
        ),
        { type: 'set-env', title: `Set ${key} to ${tag} in ${file}`, path: file, keys: { [key]: tag } },
        lastingAction(
          `Make ${names.join(', ')} anew from ${tag}`,
          makeAnew(params.composeFile, names, images),
          {
            timeoutSeconds: 600,
          },
        ),
        waitUntilHealthy(params.composeFile, names, policy.releaseHealthySeconds),
        runAction('Tell nginx the new addresses', reloadNginx(params)),
      ],
      touches: [`${file}: ${key}`, ...names.map(name => `the container of ${name}`)],
      interrupts: 'The shop, for about 15 seconds',
      undo: `set ${key}=${tagOf(running.name)} in ${file} and run docker compose up -d; its migrations have to be applied again`,
      expectedSeconds: 30,
    }
  },
})

/**
 * The variable that the Compose file takes the image's tag from, and every repository that it stands behind. Pure.
 *
 * @throws Unreadable when the file names the tag itself.
 */
export function tagVariable(composeText: string, image: string): { key: string; repositories: string[] } {
  const uses = [...composeText.matchAll(/^\s*image:\s*["']?([^\s"'$]+):\$\{?([A-Za-z_][A-Za-z0-9_]*)/gm)].map(
    ([, repository = '', key = '']) => ({ repository, key }),
  )
  const own = uses.find(({ repository }) => repository === repositoryOf(image))
  if (own === undefined)
    throw new Unreadable(
      `the Compose file names the tag of ${repositoryOf(image)} itself: change it there by hand, then docker compose up -d`,
    )
  const repositories = uses.filter(({ key }) => key === own.key).map(({ repository }) => repository)
  return { key: own.key, repositories: [...new Set(repositories)] }
}

function makeAnew(composeFile: string, services: readonly string[], images: readonly string[]): Script {
  return sh`
    meant=$(${composeCommand(composeFile)} config --images </dev/null) || exit 1
    for image in ${images}; do
      printf '%s\\n' "$meant" | grep -qxF "$image" || { echo "Compose does not mean $image: an exported variable stands above the file" >&2; exit 1; }
    done
    ${composeCommand(composeFile)} up -d --no-deps --pull never ${services} </dev/null
  `
}

/** Healthy where there is a health check, running where there is none. */
export function waitUntilHealthy(composeFile: string, services: readonly string[], seconds: number): Action {
  const script = sh`
    for service in ${services}; do
      containers=$(${composeCommand(composeFile)} ps -q "$service" </dev/null) && [ -n "$containers" ] || exit 1
      for container in $containers; do
        state=$(docker inspect --format '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}}' "$container")
        [ "$state" = 'running healthy' ] || exit 1
      done
    done
  `
  return {
    type: 'wait',
    title: `Wait until ${services.join(', ')} are healthy`,
    script: script.text,
    as: 'root',
    everySeconds: 1,
    timeoutSeconds: seconds,
  }
}

function reloadNginx(params: {
  readonly composeFile: string
  readonly nginxRunsIn: 'compose' | 'host'
  readonly nginxService: string
}): Script {
  return params.nginxRunsIn === 'host'
    ? sh`nginx -t && nginx -s reload`
    : sh`${composeCommand(params.composeFile)} exec -T ${params.nginxService} sh -c 'nginx -t && nginx -s reload' </dev/null`
}
