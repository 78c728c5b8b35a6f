/**
 * New containers for services whose environment changed. `restart` reads nothing again: stop, remove, up. What would
 * change the version on the way, or leave nothing to start, is refused before anything stops.
 */

import type { EnvValue, StackEnvironment } from '../../src/facts/env-files.ts'
import { stackEnvironment } from '../../src/facts/env-files.ts'
import { composeCommand } from '../../src/facts/stack.ts'
import { serviceImages } from '../../src/facts/stack-images.ts'
import { type Action, lastingAction, runAction } from '../../src/model/action.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { type Script, sh } from '../../src/model/script.ts'
import { reload } from '../web/change-nginx.ts'
import { type ConfigurationParams, configurationParams } from './parameters.ts'

/**
 * Before anything stops: the image of every service is here, and it is the one that runs now. Otherwise a new
 * environment would be a deployment that nobody decided on.
 */
export function imagesStay(composeFile: string, services: readonly string[]): Action {
  return runAction(
    'Make sure that the same images are started again',
    sh`
      images=$(${serviceImages(composeFile)}) && [ -n "$images" ] || exit 1
      for service in ${services}; do
        image=$(printf '%s\\n' "$images" | sed -n "s|^$service ||p")
        there=$(docker image inspect --format '{{.Id}}' "$image" 2>/dev/null) || {
          echo "the image $image of $service is not on this server: nothing was stopped" >&2; exit 1
        }
        container=$(${composeCommand(composeFile)} ps --all --quiet "$service" </dev/null | head -n 1)
        [ -n "$container" ] || continue
        runs=$(docker inspect --format '{{.Image}}' "$container")
        [ "$runs" = "$there" ] || {
          echo "$service would come back as another version, $image: deploy it, or put IMAGE_TAG back; nothing was stopped" >&2; exit 1
        }
      done
    `,
  )
}

/** Stops, removes and starts services, waits until their health checks have spoken, and tells nginx. */
export function recreateActions(
  params: Pick<ConfigurationParams, 'composeFile' | 'nginxRunsIn' | 'nginxService'>,
  services: readonly string[],
  waitSeconds: number,
): Action[] {
  const compose = composeCommand(params.composeFile)
  return [
    lastingAction(
      `Recreate ${services.join(', ')}`,
      sh`
        ${compose} stop ${services} </dev/null || exit 1
        ${compose} rm -f ${services} </dev/null || exit 1
        ${compose} up -d --no-deps ${services} </dev/null || exit 1
        ${untilHealthy(params.composeFile, services, waitSeconds)}
      `,
      { timeoutSeconds: 300 + waitSeconds },
    ),
    runAction('Have nginx look the new addresses up', reloadIfRunning(params)),
  ]
}

/** Waits for the health checks' word, good or bad, and says it. What it amounts to is for the checks to judge. */
export function untilHealthy(composeFile: string, services: readonly string[], seconds: number): Script {
  return sh`
    waited=0
    while :; do
      states=$(${composeCommand(composeFile)} ps --all --format '{{.Service}} {{.State}} {{.Health}}' ${services} </dev/null)
      printf '%s\\n' "$states" | grep -qE ' (created|restarting) | running starting$' || break
      [ "$waited" -lt ${Math.round(seconds)} ] || break
      waited=$((waited + 1)); sleep 1
    done
    printf '%s\\n' "$states"
  `
}

/** A stopped nginx looks addresses up when it starts: that it does not run is another check's finding. */
export function reloadIfRunning(
  params: Pick<ConfigurationParams, 'composeFile' | 'nginxRunsIn' | 'nginxService'>,
): Script {
  const site = { ...params, certbotService: 'certbot', webroot: '/var/www/certbot' }
  const runs =
    params.nginxRunsIn === 'host'
      ? sh`systemctl -q is-active nginx`
      : sh`[ -n "$(${composeCommand(params.composeFile)} ps --quiet --status running ${params.nginxService} </dev/null)" ]`
  return sh`
    if ${runs}; then
      ${reload(site)}
    else
      echo 'nginx does not run: it will look the addresses up when it starts'
    fi
  `
}

/** PostgreSQL reads these when it makes a new database, and none of the shop's own keys. */
const databaseReads = (name: string): boolean => /^(POSTGRES_(USER|DB|INITDB_ARGS)|PG\w+)$/.test(name)

/** True when a changed value of this name is one that the service would take notice of. */
export const isRead = (params: ConfigurationParams, service: string, name: string): boolean =>
  service !== params.databaseService || databaseReads(name)

/**
 * Services whose containers have to be made anew when these keys change.
 *
 * @throws Unreadable when Compose refuses the file.
 */
export function usersOf(
  state: StackEnvironment,
  names: readonly string[],
  params: ConfigurationParams,
): string[] {
  if (state.resolved === null) throw new Unreadable(`who uses the value cannot be told: ${state.refusal}`)
  const users = [...state.resolved]
    .filter(([service, values]) =>
      values.some(({ name }) => names.includes(name) && isRead(params, service, name)),
    )
    .map(([service]) => service)
  // Redis has it on its command line, and under another name.
  if (names.includes('REDIS_PASSWORD') && !users.includes(params.redisService))
    users.unshift(params.redisService)
  return users
}

export interface Stale {
  readonly service: string
  readonly names: readonly string[]
}

/** Services that run with other values than they would be given now. Pure. */
export function staleServices(state: StackEnvironment, params: ConfigurationParams): Stale[] {
  const { resolved, running } = state
  if (resolved === null) throw new Unreadable(`the environment cannot be compared: ${state.refusal}`)
  if (running === null) throw new Unreadable('the environment cannot be compared: Docker could not be asked')
  return running.flatMap(({ service, values, fromImage }) => {
    const wanted = resolved.get(service) ?? []
    const differing = (value: EnvValue): boolean =>
      values.findLast(({ name }) => name === value.name)?.number !== value.number
    const gone = values.filter(
      ({ name }) => !fromImage.has(name) && !wanted.some(value => value.name === name),
    )
    const names = [...wanted.filter(differing), ...gone]
      .map(({ name }) => name)
      .filter(name => isRead(params, service, name))
    return names.length === 0 ? [] : [{ service, names: [...new Set(names)] }]
  })
}

/** Seconds of interruption, as a sentence's part. */
export const interruptionOf = (services: readonly string[]): string =>
  `${services.join(', ')} for about 20 seconds: pages that need them answer with an error meanwhile`

export const recreateStale = remedy({
  id: 'configuration/recreate-stale',
  title: 'Recreate the services whose environment is out of date',
  why: 'A container keeps the environment that it was made with. `restart` starts the same container again, with the old values.',
  risk: 'The new values take effect: if one of them is wrong, it shows now. The images are held against those that run before anything stops.',
  grade: 'disruptive',
  params: configurationParams,
  async plan(context) {
    const { params } = context
    const state = await context.read(stackEnvironment, params.composeFile)
    const services = staleServices(state, params).map(({ service }) => service)
    if (services.length === 0)
      throw new Unreadable('every container has its present environment: nothing is to be done')
    return changePlan(context, services, [], [])
  },
})

/** A plan that changes env files on the server and then recreates what reads them. */
export function changePlan(
  { params, policy }: Pick<ProbeContext<ConfigurationParams>, 'params' | 'policy'>,
  services: readonly string[],
  edits: readonly Action[],
  files: readonly string[],
  undo = 'Put the old values back in the env files and run this again',
) {
  const containers =
    services.length === 0
      ? []
      : [
          imagesStay(params.composeFile, services),
          ...edits,
          ...recreateActions(params, services, policy.recreateWaitSeconds),
        ]
  return {
    actions: containers.length === 0 ? edits : containers,
    touches: [...files, ...services.map(service => `the container of ${service}`)],
    ...(services.length === 0 ? {} : { interrupts: interruptionOf(services), expectedSeconds: 45 }),
    undo,
  }
}
