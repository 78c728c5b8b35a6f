/** Stopping and starting services of the stack around a rollback. */

import { composeCommand } from '../../src/facts/stack.ts'
import { type Script, sh } from '../../src/model/script.ts'

/**
 * Stops services one after the other, in this order, and proves that they stand still. A worker ends the tasks that
 * it is at on SIGTERM; only past the limit it is killed.
 */
export function stopServices(composeFile: string, services: readonly string[], seconds: number): Script {
  return sh`
    for service in ${services}; do
      ${composeCommand(composeFile)} stop -t ${seconds} "$service" </dev/null || exit 1
      left=$(${composeCommand(composeFile)} ps -q --status running "$service" </dev/null) || exit 1
      [ -z "$left" ] || { echo "$service still runs" >&2; exit 1; }
      echo "$service stands still"
    done
  `
}

/** Starts the containers that are there; nothing is made anew. */
export const startServices = (composeFile: string, services: readonly string[]): Script =>
  sh`${composeCommand(composeFile)} start ${services} </dev/null`

/**
 * Runs a script; where it fails, the services that were stopped for it run again before its failure is told. What the
 * script puts into `$reason` is said last, where the result of the run shows it.
 */
export function orStartAgain(script: Script, composeFile: string, services: readonly string[]): Script {
  return sh`
    reason=$(mktemp) || exit 1
    (
    ${script}
    )
    status=$?
    if [ "$status" != 0 ]; then
      if ${startServices(composeFile, services)} >/dev/null 2>&1; then echo ${`started again: ${services.join(', ')}`}
      else echo ${`could not be started again: ${services.join(', ')}`}; fi
      cat "$reason"
    fi
    rm -f "$reason"
    exit "$status"
  `
}
