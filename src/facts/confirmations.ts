/** What a person has confirmed about this server: what no check can see. Kept on the server, one line each. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh } from '../model/script.ts'

export const CONFIRMATIONS = '/var/lib/kneeboard/confirmations.tsv'

export interface Confirmation {
  readonly at: Date
  /** What was confirmed: `monitoring/alert-new-issue`. */
  readonly item: string
  /** The name that was given, or the login that it came by. */
  readonly who: string
}

export interface Confirmations {
  /** Oldest first. */
  readonly entries: readonly Confirmation[]
  /** The server's clock when this was read. */
  readonly now: Date
}

/** @throws Unreadable when the file is there and cannot be read. */
export const confirmations = fact('confirmations', async (context): Promise<Confirmations> => {
  const result = await context.run(
    sh`
      date +%s
      if [ -e ${CONFIRMATIONS} ]; then cat ${CONFIRMATIONS} || exit 1; fi
    `,
    { as: 'root' },
  )
  return parseConfirmations(outputOf(result, 'what was confirmed'))
})

/** Reads the time, then `EPOCH ITEM WHO` with tabs between. A line that is none is left out. */
export function parseConfirmations(text: string): Confirmations {
  const [now = '0', ...lines] = text.split('\n')
  const entries = lines.flatMap((line): Confirmation[] => {
    const [epoch = '', item = '', who = ''] = line.split('\t')
    return /^\d+$/.test(epoch) && item !== '' ? [{ at: new Date(Number(epoch) * 1000), item, who }] : []
  })
  return { entries, now: new Date(Number(now) * 1000) }
}

/** Writes one line: who confirmed, and when. Without a name, the login and where it came from. */
export const confirmScript = (item: string, who: string): Script => sh`
  who=${who}
  [ -n "$who" ] || who="\${SUDO_USER:-$(id -un)} from \${SSH_CLIENT%% *}"
  mkdir -p ${CONFIRMATIONS.replace(/\/[^/]*$/, '')} || exit 1
  printf '%s\\t%s\\t%s\\n' "$(date +%s)" ${item} "$(printf %s "$who" | tr '\\t\\n' '  ' | cut -c 1-80)" >>${CONFIRMATIONS}
`
