/** What trying a connection came to, as a page. */

import type { Line } from '../lines.ts'
import type { ConnectionReport } from '../services.ts'
import { labelled, type Page, prose } from './build.ts'
import { sentence } from './check.ts'

/** Exactly one of `report` and `problem` is there. */
export function connectionPage(
  page: Page,
  report: ConnectionReport | undefined,
  problem: string | undefined,
): Line[] {
  const { symbols } = page
  if (report === undefined)
    return [
      [{ text: `${symbols.fail} It does not work yet.`, tone: 'bad' }],
      [],
      ...prose(page, sentence(problem ?? '')),
    ]
  const { root, where, hostKey, authenticatedBy, system, milliseconds } = report
  return [
    root.works
      ? [{ text: `${symbols.pass} It works: checks and remedies can run.`, tone: 'good' }]
      : [{ text: `${symbols.warn} It connects, but remedies cannot become root.`, tone: 'warning' }],
    [],
    ...labelled(page, 'Logged in', `${where}, by ${authenticatedBy}`),
    ...(hostKey === '' ? [] : labelled(page, 'Host key', hostKey)),
    ...labelled(page, 'System', system),
    ...labelled(page, 'Root', root.works ? 'yes' : sentence(root.why), root.works ? undefined : 'warning'),
    ...labelled(page, 'Answers in', `${milliseconds} ms`),
    [],
    ...prose(page, 'Nothing was changed on the server.', 'muted'),
  ]
}
