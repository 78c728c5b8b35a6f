/**
 * A run that changed a server leaves its summary there, so that the next one to look finds who did what, and when,
 * without the operator's laptop. It holds the journal's head: with it, a journal that was rewritten is found out.
 */

import { sh } from '../model/script.ts'
import type { Session } from './session.ts'
import type { RunState } from './state.ts'

export interface ServerSummary {
  /** An absolute path on the server. */
  readonly folder: string
  /** The summary as JSON can hold it; everything in the state is sanitised and redacted already. */
  render(state: RunState): object
}

/** Never fails a run: what could not be left is said in a note. */
export async function leaveSummary(session: Session): Promise<void> {
  const { serverSummary: summary, journal, operatorName, tool } = session.ports
  const state = session.state()
  if (summary === undefined || !state.remedies.some(remedy => remedy.intended)) return
  const content = {
    run: session.id,
    operator: operatorName,
    tool,
    leftAt: new Date().toISOString(),
    // Of the journal as it is now: its last lines tell how the run ended, and come after this.
    journalHead: journal.head(),
    ...summary.render(state),
  }
  const result = await session.machine.run(leaveScript(summary.folder, session.id), {
    as: 'root',
    timeoutSeconds: 20,
    input: `${JSON.stringify(content, null, 2)}\n`,
  })
  if (result.exitCode === 0) return
  const why = result.reason ?? result.stderr.trim()
  session.emit({
    type: 'note',
    text: `the summary could not be left on the server in ${summary.folder}: ${why}`,
  })
}

/** For root's eyes only; a folder that somebody else made, or a link, is not written to. */
function leaveScript(folder: string, id: string) {
  return sh`
    set -eu
    umask 077
    folder=${folder}
    mkdir -p -- "$folder"
    if [ -L "$folder" ] || [ ! -O "$folder" ]; then echo "it is a link or belongs to somebody else" >&2; exit 1; fi
    new=$(mktemp "$folder/.kneeboard.XXXXXX")
    trap 'rm -f -- "$new"' EXIT
    cat >"$new"
    sync "$new" 2>/dev/null || :
    mv -f -- "$new" "$folder"/${`${id}.json`}`
}
