/** A run as Markdown: for a ticket, a wiki, a pull request. A fold of the run's state. */

import { diagnose, summarise } from '../engine/outcome.ts'
import type { CheckState, RemedyState, RunState } from '../engine/state.ts'
import type { PreparedAction } from '../model/action.ts'
import type { Evidence } from '../model/evidence.ts'
import { quantity } from '../model/figure.ts'
import { figuresOf, metWord, statusWord, verdictWord } from './words.ts'

/** The whole report: result, what is left to do, what was changed, every check, and the proof of those that do not pass. */
export function markdownReport(state: RunState): string {
  const parts = [
    head(state),
    figures(state),
    leftToDo(state),
    changes(state),
    checks(state),
    notes(state),
    proof(state),
    `Run \`${state.run}\` by ${text(state.operator)}. Times are UTC.`,
  ]
  return `${parts.filter(part => part !== '').join('\n\n')}\n`
}

function head(state: RunState): string {
  const { target } = state
  const end = state.finishedAt === undefined ? 'never finished' : moment(state.finishedAt)
  return [
    `# ${text(state.title)} on ${text(target.name)}: ${statusWord(state)}`,
    '',
    `${summarise(state)}.`,
    '',
    `- Server: ${text(target.name)} (${target.environment}), ${code(target.host)}`,
    `- Time: ${moment(state.startedAt)} to ${end}`,
    ...(state.connection.where ? [`- Connection: ${code(state.connection.where)}`] : []),
    ...(state.connection.hostKey ? [`- Host key: ${code(state.connection.hostKey)}`] : []),
    ...(state.interrupted === undefined ? [] : [`- Interrupted: ${text(state.interrupted)}`]),
  ].join('\n')
}

function figures(state: RunState): string {
  const rows = figuresOf(state).map(
    figure =>
      `| ${cell(figure.name)} | ${quantity(figure.value, figure.unit)} | ${figure.target === undefined ? '' : quantity(figure.target, figure.unit)} | ${metWord(figure)} |`,
  )
  if (rows.length === 0) return ''
  return ['## Measured', '', '| What | Figure | Allowed | |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function leftToDo(state: RunState): string {
  const causes = diagnose(state)
  if (causes.length === 0) return ''
  const items = causes.flatMap(({ cause, explains }) => {
    const check = state.checks[cause]
    if (check === undefined) return []
    const { verdict } = check
    return [
      `1. **${text(check.title)}** (${verdictWord(check)}): ${text(verdict?.summary ?? '')}`,
      ...(verdict?.measured ? [`   - Measured ${code(verdict.measured)}`] : []),
      ...(verdict?.expected ? [`   - Expected ${code(verdict.expected)}`] : []),
      ...(verdict?.advice ? [`   - By hand: ${text(verdict.advice)}`] : []),
      ...(verdict?.remedies ?? []).map(remedy => `   - Remedy: ${text(remedy.title)} (${remedy.grade})`),
      ...(explains.length === 0
        ? []
        : [`   - Holds up: ${explains.map(id => text(state.checks[id]?.title ?? id)).join('; ')}`]),
    ]
  })
  return ['## Left to do', '', ...items].join('\n')
}

function changes(state: RunState): string {
  const done = state.remedies.filter(remedy => remedy.intended)
  if (done.length === 0) return '## Changed\n\nNothing was changed on the server.'
  return ['## Changed', '', ...done.map(change)].join('\n')
}

function change(remedy: RemedyState): string {
  const { plan } = remedy
  return [
    `### ${text(plan?.title ?? remedy.remedy)}: ${remedy.outcome ?? 'may have run'}`,
    '',
    ...(remedy.summary ? [`${text(remedy.summary)}.`, ''] : []),
    `- Allowed by ${text(remedy.consent?.by ?? 'nobody')}${plan ? `, ${plan.grade}` : ''}`,
    ...(plan ? [`- Undo: ${text(plan.undo)}`] : []),
    '',
    ...(plan?.actions ?? []).map(action => `${text(action.title)}\n\n${fence(whatRan(action), 'sh')}\n`),
  ].join('\n')
}

/** What an action ran, or wrote, exactly. */
export function whatRan(action: PreparedAction): string {
  switch (action.type) {
    case 'run':
    case 'wait':
      return action.script.trimEnd()
    case 'write-file':
      return `# ${action.path}, ${action.mode} ${action.owner}\n${action.content.trimEnd()}`
    case 'reboot':
      return '# the server was restarted'
    case 'ask':
      return action.instructions.map(row => `# ${row}`).join('\n')
  }
}

function checks(state: RunState): string {
  const rows = state.steps.flatMap(step => [
    '',
    `### ${text(step.title)}`,
    '',
    '| Result | Check | Found |',
    '| --- | --- | --- |',
    ...step.checks.flatMap(id => {
      const check = state.checks[id]
      return check === undefined
        ? []
        : [`| ${verdictWord(check)} | ${cell(check.title)} | ${cell(check.verdict?.summary ?? '')} |`]
    }),
  ])
  return ['## Checks', ...rows].join('\n')
}

function notes({ notes: all, checks: known }: RunState): string {
  if (all.length === 0) return ''
  const rows = all.map(note => {
    const about = note.check === undefined ? '' : ` (${text(known[note.check]?.title ?? note.check)})`
    return `- ${moment(note.at)}${about}: ${text(note.text)}`
  })
  return ['## Notes', '', ...rows].join('\n')
}

function proof(state: RunState): string {
  const shown = state.steps
    .flatMap(step => step.checks)
    .map(id => state.checks[id])
    .filter((check): check is CheckState => check !== undefined && needsProof(check))
  if (shown.length === 0) return ''
  const parts = shown.map(check =>
    [`### ${text(check.title)}`, '', text(check.why), '', ...check.evidence.map(evidence)].join('\n'),
  )
  return ['## Evidence', '', ...parts].join('\n')
}

/** What passed needs no page of its own; the journal and the HTML report have all of it. */
const needsProof = (check: CheckState): boolean =>
  check.evidence.length > 0 && ['fail', 'warn', 'unknown'].includes(check.verdict?.status ?? '')

function evidence({ script, where, ending, exitCode, stdout, stderr, reason }: Evidence): string {
  const end = ending === 'exited' ? `exit ${exitCode}` : `${ending}: ${reason ?? ''}`
  const output = [stdout, stderr].map(part => part.trimEnd()).filter(part => part !== '')
  return `${code(where)}, ${text(end)}\n\n${fence(`${script.trimEnd()}\n${output.map(part => `\n${part}`).join('\n')}`, '')}\n`
}

/** Words from a server or a runbook as words: nothing in them is markup. */
export function text(words: string): string {
  return words.replace(/[\r\n]+/g, ' ').replace(/[\\`*_{}[\]<>#|~&]/g, character => `\\${character}`)
}

const cell = (words: string): string => text(words)

/** A code span with a fence longer than any run of backticks inside it. */
export function code(words: string): string {
  const line = words.replace(/[\r\n]+/g, ' ')
  const ticks = '`'.repeat(longestRun(line) + 1)
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return `${ticks}${pad}${line}${pad}${ticks}`
}

function fence(content: string, language: string): string {
  const ticks = '`'.repeat(Math.max(3, longestRun(content) + 1))
  return `${ticks}${language}\n${content}\n${ticks}`
}

const longestRun = (words: string): number =>
  Math.max(0, ...Array.from(words.matchAll(/`+/g), ([run]) => run.length))

const moment = (at: string): string => at.replace('T', ' ').replace(/\.\d+Z$|Z$/, '')
