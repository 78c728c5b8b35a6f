/** The script that undoes migrations: a one-off container of the new image, a short wait for locks, tries with pauses. */

import { psql } from '../../src/facts/database.ts'
import { oneOff } from '../../src/facts/migrations-image.ts'
import { literal } from '../../src/facts/migrations-rows.ts'
import { type Script, sh } from '../../src/model/script.ts'

/** How the one-off's connection is called, so that whoever blocks it can be named. */
export const APPLICATION = 'kneeboard-rollback'

export interface UnapplyOrder {
  readonly composeFile: string
  readonly service: string
  readonly image: string
  /** `sha256:…` that the image's name stood for when the plan was shown. */
  readonly imageId: string
  /** Words after `python`: `manage.py migrate products 0006_generate_skus --noinput`. */
  readonly command: readonly string[]
  /** Id of the database's container. */
  readonly databaseContainer: string
  readonly database: string
  /** SELECT of one text that says what is applied, and what it gave when the plan was shown. */
  readonly history: { readonly sql: string; readonly was: string }
  readonly lockSeconds: number
  readonly tries: number
  readonly pauseSeconds: number
}

/** Who blocks the one-off right now, one a line. Its statement's first word alone leaves the server. */
export const BLOCKERS_SQL = `
SELECT DISTINCT format('pid %s (%s, %s) %s since %s', b.pid, coalesce(nullif(b.application_name, ''), b.backend_type),
  b.usename, CASE WHEN b.state = 'active' THEN 'busy with ' || upper(substring(b.query from '^\\s*([A-Za-z]+)')) ELSE b.state END,
  to_char(b.xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS'))
FROM pg_stat_activity w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS blocking (pid)
JOIN pg_stat_activity b ON b.pid = blocking.pid
WHERE w.application_name = ${literal(APPLICATION)}`

/**
 * Undoes them. Nothing is begun when the image or the history is no longer the one that the plan was made from. A
 * try that waits for a lock longer than the limit is given up, so that nobody queues behind it, and made again after
 * a pause; each says who held the lock. What an earlier try has undone stays undone: the next goes on from there.
 */
export function unapply(order: UnapplyOrder): Script {
  const { composeFile, service, image, databaseContainer, database, lockSeconds, tries, history } = order
  const ask = (sql: string) => psql({ id: databaseContainer }, sql, database === '' ? undefined : database)
  const { prepare, run } = oneOff(
    { composeFile, service, image },
    ['-e', `PGOPTIONS=-c lock_timeout=${lockSeconds}s`, '-e', `PGAPPNAME=${APPLICATION}`],
    order.command,
  )
  return sh`
    stop() { printf '%s\\n' "$*" >"\${reason:-/dev/stderr}"; exit 1; }
    scratch=$(mktemp -d) || exit 1
    ${prepare}
    trap 'rm -rf "$scratch" "$override"' EXIT
    [ "$(docker image inspect --format '{{.Id}}' ${image})" = ${order.imageId} ] || stop ${`${image} is no longer the image that was read: nothing was undone`}
    history() {
    ${ask(history.sql)}
    }
    blockers() {
    ${ask(BLOCKERS_SQL)}
    }
    [ "$(history)" = ${history.was} ] || stop 'somebody has migrated since the plan was shown: nothing was undone'
    try=0
    while :; do
      try=$((try + 1))
      : >"$scratch/blockers"
      while sleep 0.5; do blockers >>"$scratch/blockers" 2>/dev/null; done &
      watcher=$!
      ${run} >"$scratch/said" 2>&1 </dev/null
      status=$?
      kill "$watcher" 2>/dev/null
      wait "$watcher" 2>/dev/null
      cat "$scratch/said"
      [ "$status" != 0 ] || break
      grep -qiE 'lock timeout|LockNotAvailable' "$scratch/said" || stop "$(grep -v '^ *$' "$scratch/said" | tail -n 1)"
      by=$(sort -u "$scratch/blockers" | head -n 3 | paste -s -d ';' -)
      [ "$try" -lt ${tries} ] || stop "the lock was not to be had in $try tries of "${lockSeconds}" s; held by \${by:-somebody who was gone each time}"
      echo "try $try: given up after "${lockSeconds}" s, the lock is held by \${by:-somebody who was gone already}"
      sleep ${order.pauseSeconds}
    done
    echo 'what is applied now:'
    history
  `
}
