/** The part of a drill in which the release starts on the restored database. In the words of the drill's script. */

import { type Script, sh } from '../../src/model/script.ts'
import { askHealth } from '../restore/health.ts'
import type { Drill } from './drill-script.ts'

/** Seconds in which the application has to answer: it starts on a part of the machine. */
const BOOT_SECONDS = 150

/** The image that the shop runs, with its own environment: a file that nobody else reads, and gone with the drill. */
export function bootRelease(drill: Drill): Script {
  return sh`
    docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' ${drill.backend} | grep = >"$work/app-env"
    ${drill.redis === null ? sh`:` : bootRedis(drill.redis)}
    set --
    docker inspect --format '{{range .Config.Cmd}}{{println .}}{{end}}' ${drill.backend} | sed '/^$/d' >"$work/command"
    while IFS= read -r word; do set -- "$@" "$word"; done <"$work/command"
    app_user=$(docker inspect --format '{{.Config.User}}' ${drill.backend})
    docker run -d --name "$name-app" --label "$label" --network "container:$name-db" --env-file "$work/app-env" \${app_user:+--user "$app_user"} \
      --memory ${drill.applicationMemoryMB}m --memory-swap ${drill.applicationMemoryMB}m --cpus ${drill.processors} --pids-limit 512 \
      "$(docker inspect --format '{{.Image}}' ${drill.backend})" "$@" >/dev/null 2>"$work/said" || fall boots 'the release’s image could not be started'
    rm -f "$work/app-env"
    tries=0
    until (
      ${askHealth({ id: `kneeboard-drill-${drill.stamp}-app` }, drill.port, drill.healthPath)}
    ) >"$work/health" 2>"$work/said"; do
      tries=$((tries + 1))
      if [ "$tries" -ge ${BOOT_SECONDS} ] || [ "$(docker inspect --format '{{.State.Running}}' "$name-app")" != true ]; then
        [ ! -s "$work/health" ] || { head -c 300 "$work/health" | tr '\\n' ' ' >"$work/said"; }
        fall boots 'the release’s image does not answer on it'
      fi
      sleep 1
    done
    # No route leads anywhere from where they run: not believed, but looked at.
    [ "$(docker exec "$name-app" cat /proc/net/route </dev/null | sed 1d | wc -l)" = 0 ] || fall boots 'the drill is not cut off from the network'
    rung boots ok ${`${drill.healthPath} answers 200, and no route leads out of where it runs`}
  `
}

/** Empty, with the password that the application brings; the password travels on standard input alone. */
const bootRedis = (redis: string): Script => sh`
  docker run -d --name "$name-redis" --label "$label" --network "container:$name-db" --memory 256m --memory-swap 256m --tmpfs /data \
    "$(docker inspect --format '{{.Image}}' ${redis})" redis-server --save '' --appendonly no >/dev/null 2>"$work/said" || fall boots 'Redis could not be started'
  docker inspect --format '{{range .Config.Cmd}}{{println .}}{{end}}' ${redis} |
    awk 'found { print "CONFIG SET requirepass " $0; exit } $0 == "--requirepass" { found = 1 }' >"$work/password"
  tries=0
  until docker exec "$name-redis" redis-cli ping </dev/null 2>/dev/null | grep -q PONG || [ "$tries" -ge 20 ]; do tries=$((tries + 1)); sleep 0.5; done
  [ ! -s "$work/password" ] || docker exec -i "$name-redis" redis-cli <"$work/password" >/dev/null 2>&1
  rm -f "$work/password"
`
