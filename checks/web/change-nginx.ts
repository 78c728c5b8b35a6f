/** The one way in which remedies change nginx's files: kept, written, tested in the running nginx, and only then loaded. */

import { inNginx, type SiteParameters } from '../../src/facts/site.ts'
import { type Action, runAction, writeFile } from '../../src/model/action.ts'
import { type Script, sh } from '../../src/model/script.ts'

export interface Change {
  /** On the host. */
  readonly path: string
  readonly after: string
  /** False for a file that is new, and is removed again when nginx does not take it. */
  readonly exists: boolean
}

const KEPT = '.kneeboard-before'

export function changeNginx(site: SiteParameters, changes: readonly Change[]): Action[] {
  const existing = changes.filter(({ exists }) => exists).map(({ path }) => path)
  const added = changes.filter(({ exists }) => !exists).map(({ path }) => path)
  const keep = existing.length === 0 ? [] : [runAction('Keep the files as they are', keepFiles(existing))]
  return [
    ...keep,
    ...changes.map(({ path, after }) => writeFile(path, after)),
    runAction(
      'Test the configuration in the running nginx; load it, or put the old one back',
      sh`
      if ${inNginx(site, sh`PATH=$PATH:/usr/sbin; nginx -t`)}; then
        ${existing.length === 0 ? sh`:` : sh`for path in ${existing}; do rm -f "$path"${KEPT}; done`}
      else
        ${existing.length === 0 ? sh`:` : sh`for path in ${existing}; do mv "$path"${KEPT} "$path"; done`}
        ${added.length === 0 ? sh`:` : sh`rm -f ${added}`}
        echo 'nginx does not take the new configuration: the old one is back' >&2
        exit 1
      fi
      ${reload(site)}
    `,
      { timeoutSeconds: 60 },
    ),
  ]
}

const keepFiles = (paths: readonly string[]): Script => sh`
  set -e
  for path in ${paths}; do cp -p "$path" "$path"${KEPT}; done
`

/** Tested first, in the surroundings in which it will run: a reload drops no connection, a restart would. */
export function reload(site: SiteParameters): Script {
  return sh`
    ${inNginx(site, sh`PATH=$PATH:/usr/sbin; nginx -t && nginx -s reload`)} || exit 1
    # Workers that serve the old certificate go on for a moment.
    sleep 1
  `
}
