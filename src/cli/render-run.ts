/** A stored run in one of the formats. */

import { htmlReport } from '../report/html.ts'
import { reportJson } from '../report/json.ts'
import { markdownReport } from '../report/markdown.ts'
import { type Marks, plainReport, UNICODE_MARKS } from '../report/plain.ts'
import type { StoredRun } from './history.ts'
import type { Format } from './options.ts'

/** The whole text of a report, except the lines of `jsonl`, which are the events themselves. */
export function renderState(
  state: StoredRun['state'],
  format: Exclude<Format, 'jsonl'>,
  marks: Marks = UNICODE_MARKS,
): string {
  switch (format) {
    case 'plain':
      return plainReport(state, marks)
    case 'json':
      return `${JSON.stringify(reportJson(state), null, 2)}\n`
    case 'markdown':
      return markdownReport(state)
    case 'html':
      return htmlReport(state)
  }
}

export function renderRun({ state, reading }: StoredRun, format: Format): string {
  if (format === 'jsonl') return reading.events.map(event => `${JSON.stringify(event)}\n`).join('')
  return renderState(state, format)
}
