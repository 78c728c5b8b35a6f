/** The shell of putting a release in place. It notes in the ledger how it ended, whoever is still connected by then. */

import { noteFunction } from '../../src/facts/releases.ts'
import { composeCommand } from '../../src/facts/stack.ts'
import { type Script, sh } from '../../src/model/script.ts'
import { reloadIfRunning } from '../configuration/recreate.ts'
import type { ReleaseParams } from './parameters.ts'

export interface Roll {
  readonly params: ReleaseParams
  readonly project: string
  readonly tag: string
  /** Services that get a second container beside the first, and only then lose it. */
  readonly rolling: readonly string[]
  /** Services that are stopped and started: one of their kind may run only. */
  readonly recreated: readonly string[]
  /** Seconds until a container counts as not getting healthy. */
  readonly healthSeconds: number
}

/** Defines `refuse REASON`, which notes the failure and ends the script; and `healthy CONTAINER`. */
export function rollFunctions({
  params,
  project,
  tag,
  healthSeconds,
}: Omit<Roll, 'rolling' | 'recreated'>): Script {
  return sh`
    ${noteFunction}
    compose() { ${composeCommand(params.composeFile)} "$@" </dev/null; }
    containers() { compose ps --all --quiet ${params.releaseServices}; }
    refuse() {
      echo "$1" >&2
      note failed ${project} ${tag} "$1" $(containers)
      exit 1
    }
    healthy() {
      waited=0
      while [ "$waited" -lt ${Math.round(healthSeconds)} ]; do
        state=$(docker inspect --format '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' "$1") || return 1
        case $state in
          'running healthy' | 'running none') return 0 ;;
          *unhealthy | exited* | dead*) break ;;
        esac
        waited=$((waited + 1)); sleep 1
      done
      said=$(docker inspect --format '{{if .State.Health}}{{range .State.Health.Log}}{{.Output}}{{end}}{{end}}' "$1" | tail -n 1 | cut -c 1-160)
      return 1
    }
  `
}

/** Everything of a release, in place: rolling where it can be, the rest one by one. */
export function rollScript(roll: Roll): Script {
  const { params, project, tag, rolling, recreated } = roll
  return sh`
    ${rollFunctions(roll)}
    reload() {
      ${reloadIfRunning(params)}
    }
    for service in ${rolling}; do
      old=$(compose ps --quiet "$service")
      if [ -z "$old" ]; then
        compose up -d --no-deps "$service" || refuse "$service could not be started"
        healthy "$(compose ps --all --quiet "$service" | head -n 1)" || refuse "$service does not become healthy: $said"
        continue
      fi
      compose up -d --no-deps --no-recreate --scale "$service=2" "$service" || refuse "a second container of $service could not be started"
      new=$(compose ps --all --quiet "$service" | grep -vxF "$old" | head -n 1)
      [ -n "$new" ] || refuse "a second container of $service was not made"
      if ! healthy "$new"; then
        docker rm -f "$new" >/dev/null
        refuse "$service does not become healthy with ${tag}, and the old one goes on: $said"
      fi
      reload || refuse "nginx does not take its configuration"
      for container in $old; do docker stop "$container" >/dev/null && docker rm "$container" >/dev/null; done
      echo "$service: the new container is healthy, the old one is gone"
    done
    if [ ${recreated.length} -gt 0 ]; then
      compose up -d --no-deps ${recreated} || refuse ${`${recreated.join(', ')} could not be started`}
      for container in $(compose ps --all --quiet ${recreated}); do
        healthy "$container" || refuse "$(docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}' "$container") does not become healthy: $said"
      done
      echo ${`${recreated.join(', ')}: started`}
    fi
    reload || refuse 'nginx does not take its configuration'
    note deployed ${project} ${tag} '' $(containers)
  `
}
