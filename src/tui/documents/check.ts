/** A check as a page: what was found first, then why it matters, then the proof. */

import type { CheckState, RunState } from '../../engine/state.ts'
import type { Evidence } from '../../model/evidence.ts'
import { type Line, type Span, visible } from '../lines.ts'
import { checkMark, count, duration } from '../words.ts'
import { bullets, exact, heading, labelled, type Page, prose } from './build.ts'

/** The whole page of one check. `state` tells the titles of the checks it hangs on. */
export function checkPage(page: Page, check: CheckState, state: RunState): Line[] {
  return [
    ...found(page, check, state),
    ...remediesOffered(page, check),
    [],
    ...labelled(page, 'Why', check.why),
    ...proof(page, check),
  ]
}

function found(page: Page, check: CheckState, state: RunState): Line[] {
  const { verdict } = check
  const mark = checkMark(check, page.symbols)
  if (verdict === undefined) {
    const words = check.progress === 'running' ? 'Being checked now.' : 'Waits for its turn.'
    return [[{ text: words, tone: 'muted' }], ...waitsFor(page, check, state)]
  }
  const blocked = verdict.blockedBy
  const first: Line[] = labelled(page, mark.word, sentence(verdict.summary), mark.tone)
  return [
    ...first,
    ...(verdict.measured === undefined ? [] : labelled(page, 'Measured', verdict.measured, 'strong')),
    ...(verdict.expected === undefined ? [] : labelled(page, 'Expected', verdict.expected, 'strong')),
    ...(blocked === undefined ? [] : labelled(page, 'Blocked by', state.checks[blocked]?.title ?? blocked)),
    ...(verdict.advice === undefined ? [] : labelled(page, 'By hand', verdict.advice)),
  ]
}

function waitsFor(page: Page, check: CheckState, state: RunState): Line[] {
  const titles = check.after.map(id => state.checks[id]?.title).filter(title => title !== undefined)
  return titles.length === 0 ? [] : labelled(page, 'After', titles.join('; '))
}

function remediesOffered(page: Page, check: CheckState): Line[] {
  const remedies = check.verdict?.remedies ?? []
  if (remedies.length === 0) return []
  const label = remedies.length === 1 ? 'Remedy' : 'Remedies'
  return remedies.flatMap((remedy, index) =>
    labelled(page, index === 0 ? label : '', `${remedy.title} (${remedy.grade})`, 'accent'),
  )
}

function proof(page: Page, check: CheckState): Line[] {
  if (check.verdict === undefined) return []
  if (check.evidence.length === 0)
    return [[], heading(page, 'Evidence'), ...prose(page, 'No command was run for this.', 'muted')]
  const title = `Evidence: ${count(check.evidence.length, 'command')}, ${duration(check.durationMs)}`
  return [
    [],
    heading(page, title),
    ...check.evidence.flatMap((evidence, index) => [
      ...(index === 0 ? [] : [[]]),
      ...evidenceRows(page, evidence, check.verdict?.telling),
    ]),
  ]
}

/** One command: where and as whom it ran, how it ended, its text and its output, the telling line marked. */
export function evidenceRows(page: Page, evidence: Evidence, telling?: string): Line[] {
  const { symbols } = page
  const ending =
    evidence.ending === 'exited'
      ? `exit ${evidence.exitCode}`
      : `${endings[evidence.ending]}: ${evidence.reason ?? ''}`
  const facts = [evidence.where, ending, duration(evidence.durationMs)].join(` ${symbols.dot} `)
  return [
    ...prose(page, facts, 'muted'),
    ...evidence.script
      .trimEnd()
      .split('\n')
      .flatMap((row, index) =>
        exact(page, row, { gutter: { text: index === 0 ? '$ ' : '> ', tone: 'accent' } }),
      ),
    ...output(page, evidence.stdout, telling, 'plain'),
    ...output(page, evidence.stderr, telling, 'warning'),
    ...(evidence.omittedBytes > 0
      ? prose(page, `${evidence.omittedBytes} bytes from the middle were not kept.`, 'warning')
      : []),
    ...(evidence.stdout.trim() === '' && evidence.stderr.trim() === ''
      ? prose(page, '(no output)', 'muted', 2)
      : []),
  ]
}

const endings = {
  'timed-out': 'stopped at its time limit',
  lost: 'connection lost',
  'not-run': 'not run',
} as const

function output(page: Page, text: string, telling: string | undefined, tone: 'plain' | 'warning'): Line[] {
  if (text.trim() === '') return []
  const wanted = telling?.split('\n').map(row => visible(row).trim())
  return text
    .trimEnd()
    .split('\n')
    .flatMap(row => {
      const tells = wanted?.includes(visible(row).trim()) === true && row.trim() !== ''
      const gutter: Span = tells ? { text: `${page.symbols.telling} `, tone: 'telling' } : { text: '  ' }
      return exact(page, row, { gutter, tone: tells ? 'telling' : tone })
    })
}

/** A summary as a sentence: verdicts are written without a full stop. */
export function sentence(words: string): string {
  return /[.!?…]$/.test(words) || words === '' ? words : `${words}.`
}

/** Notes and the like, each with a dot. */
export function dotted(page: Page, entries: readonly string[], indent = 0): Line[] {
  return bullets(page, entries, { text: page.symbols.dot, tone: 'muted' }, indent)
}

/** A check with its proof as plain text, for a ticket or a chat. */
export function checkText({ title, verdict, evidence }: CheckState): string {
  const commands = evidence.map(({ where, script, stdout, stderr, exitCode, ending, reason }) =>
    [
      `# ${where}, ${ending === 'exited' ? `exit ${exitCode}` : `${endings[ending]}: ${reason ?? ''}`}`,
      script.trimEnd(),
      ...[stdout, stderr].map(text => text.trimEnd()).filter(text => text !== ''),
    ].join('\n'),
  )
  const found = verdict === undefined ? 'not checked yet' : `${verdict.status}: ${verdict.summary}`
  return [`${title}\n${found}`, ...commands].join('\n\n')
}
