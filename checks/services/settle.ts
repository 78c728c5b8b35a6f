/** Waiting for the containers' own word after a change, so that what is looked at next is the outcome. */

import { composeCommand } from '../../src/facts/stack.ts'
import { type Action, lastingAction } from '../../src/model/action.ts'
import { type Script, sh } from '../../src/model/script.ts'

/**
 * Waits until no container of the stack is starting, unhealthy or being restarted: what a service breaks in others
 * heals a few health checks after it is back. Says how they stand, and never fails: the checks judge.
 */
export function untilSettled(composeFile: string, seconds: number): Script {
  return sh`
    project=$(${composeCommand(composeFile)} --profile '*' config --format json </dev/null | sed -n 's/^  "name": "\\(.*\\)",*$/\\1/p' | head -n 1)
    waited=0
    while [ "$waited" -lt ${Math.round(seconds)} ]; do
      states=$(docker ps -a --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False --format '{{.Names}}: {{.Status}}')
      printf '%s\\n' "$states" | grep -qE 'health: starting|\\(unhealthy\\)|: Restarting|: Created' || break
      waited=$((waited + 1)); sleep 1
    done
    printf '%s\\n' "$states"
  `
}

export const settle = (composeFile: string, seconds: number): Action =>
  lastingAction('Wait until the containers have settled', untilSettled(composeFile, seconds), {
    timeoutSeconds: Math.round(seconds) * 2 + 60,
  })
