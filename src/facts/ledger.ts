/**
 * The ledger of orders that Kneeboard sent. It lies on the server, beside what certbot keeps: the CA counts by
 * account, and the account is the server's, whichever operator sits at whichever machine.
 */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export const LEDGER = '/var/lib/kneeboard/issuance.tsv'
/** What certbot said the last time. */
export const LAST_ANSWER = '/var/lib/kneeboard/issuance-last.log'

export interface Attempt {
  readonly at: Date
  /** The ACME directory that it was sent to. */
  readonly directory: string
  readonly account: string
  /** The names, sorted. */
  readonly names: readonly string[]
  /** `refused`: a validation failed. `failed`: anything else, which costs nothing. */
  readonly outcome: 'issued' | 'refused' | 'failed'
}

export interface Ledger {
  readonly attempts: readonly Attempt[]
  /** certbot's output of the last attempt; empty when there was none. */
  readonly lastAnswer: string
  /** The server's clock when this was read. */
  readonly now: Date
}

/** @throws Unreadable when the file is there and cannot be read. */
export const issuanceLedger = fact('issuance/ledger', async (context): Promise<Ledger> => {
  const result = await context.run(
    sh`
      date +%s
      if [ -e ${LEDGER} ]; then cat ${LEDGER} || exit 1; fi
      echo '@@'
      if [ -e ${LAST_ANSWER} ]; then tail -c 8000 ${LAST_ANSWER}; fi
    `,
    { as: 'root' },
  )
  return parseLedger(outputOf(result, 'the ledger of orders'))
})

/** Reads the time, the lines `EPOCH TAB DIRECTORY TAB ACCOUNT TAB NAMES TAB OUTCOME`, a line `@@`, and the last answer. */
export function parseLedger(text: string): Ledger {
  const at = text.indexOf('@@\n')
  const [now = '0', ...lines] = text.slice(0, at === -1 ? undefined : at).split('\n')
  const attempts = lines.flatMap((line): Attempt[] => {
    const [epoch, directory, account, names, outcome] = line.split('\t')
    if (directory === undefined || account === undefined || names === undefined) return []
    if (outcome !== 'issued' && outcome !== 'refused' && outcome !== 'failed') return []
    return [
      { at: new Date(Number(epoch) * 1000), directory, account, names: names.split(',').sort(), outcome },
    ]
  })
  return {
    attempts,
    lastAnswer: at === -1 ? '' : text.slice(at + 3).trim(),
    now: new Date(Number(now) * 1000),
  }
}
