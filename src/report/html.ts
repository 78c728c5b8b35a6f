/**
 * A run as one HTML file that needs nothing else: no script, no network, every text escaped, and a policy in it
 * that forbids the browser to load anything. A fold of the run's state.
 */

import { diagnose, summarise } from '../engine/outcome.ts'
import type { CheckState, RemedyState, RunState } from '../engine/state.ts'
import type { Evidence } from '../model/evidence.ts'
import { quantity } from '../model/figure.ts'
import { STYLE } from './html-style.ts'
import { whatRan } from './markdown.ts'
import { figuresOf, metWord, statusWord, verdictWord } from './words.ts'

export function htmlReport(state: RunState): string {
  const title = `${state.title} on ${state.target.name}: ${statusWord(state)}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${head(state, title)}
${figures(state)}
${leftToDo(state)}
${changes(state)}
${checks(state)}
${notes(state)}
<footer>Run <code>${escaped(state.run)}</code> by ${escaped(state.operator)}. Times are UTC.</footer>
</main>
</body>
</html>
`
}

/** Words as HTML text or as a quoted attribute. */
export function escaped(words: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return words.replace(/[&<>"']/g, character => entities[character] ?? '')
}

function head(state: RunState, title: string): string {
  const { target, connection, finishedAt, interrupted } = state
  const facts: [string, string | undefined][] = [
    ['Server', `${target.name} (${target.environment}), ${target.host}`],
    ['Started', moment(state.startedAt)],
    ['Finished', finishedAt === undefined ? 'never' : moment(finishedAt)],
    ['Connection', connection.where],
    ['Host key', connection.hostKey || undefined],
    ['Interrupted', interrupted],
  ]
  const rows = facts.flatMap(([label, value]) =>
    value === undefined ? [] : [`<dt>${label}</dt><dd>${escaped(value)}</dd>`],
  )
  return `<h1 class="${statusWord(state)}">${escaped(title)}</h1>
<p class="summary">${escaped(summarise(state))}.</p>
<dl>${rows.join('')}</dl>`
}

function figures(state: RunState): string {
  const rows = figuresOf(state).map(figure => {
    const { name, value, unit, target } = figure
    const word = metWord(figure)
    const badge = word === '' ? '' : `<span class="badge ${word}">${word}</span>`
    const allowed = target === undefined ? '' : quantity(target, unit)
    return `<tr><td>${escaped(name)}</td><td><b>${quantity(value, unit)}</b></td><td>${allowed}</td><td>${badge}</td></tr>`
  })
  if (rows.length === 0) return ''
  return `<h2>Measured</h2><table><tr><th>What</th><th>Figure</th><th>Allowed</th><th></th></tr>${rows.join('')}</table>`
}

function leftToDo(state: RunState): string {
  const causes = diagnose(state)
  if (causes.length === 0) return ''
  const items = causes.flatMap(({ cause, explains }) => {
    const check = state.checks[cause]
    if (check === undefined) return []
    const { verdict } = check
    const rows = [
      ...(verdict?.measured ? [`Measured ${escaped(verdict.measured)}`] : []),
      ...(verdict?.expected ? [`Expected ${escaped(verdict.expected)}`] : []),
      ...(verdict?.advice ? [`By hand: ${escaped(verdict.advice)}`] : []),
      ...(verdict?.remedies ?? []).map(remedy => `Remedy: ${escaped(remedy.title)} (${remedy.grade})`),
      ...(explains.length === 0
        ? []
        : [`Holds up: ${explains.map(id => escaped(state.checks[id]?.title ?? id)).join('; ')}`]),
    ]
    return [
      `<li><b>${escaped(check.title)}</b> ${badge(check)}<br>${escaped(verdict?.summary ?? '')}<ul>${rows
        .map(row => `<li>${row}</li>`)
        .join('')}</ul></li>`,
    ]
  })
  return `<h2>Left to do</h2>\n<ol>${items.join('\n')}</ol>`
}

function changes(state: RunState): string {
  const done = state.remedies.filter(remedy => remedy.intended)
  const content =
    done.length === 0 ? '<p>Nothing was changed on the server.</p>' : done.map(change).join('\n')
  return `<h2>Changed</h2>\n${content}`
}

function change(remedy: RemedyState): string {
  const { plan, outcome = 'may have run', summary, consent } = remedy
  const actions = (plan?.actions ?? [])
    .map(action => `<p>${escaped(action.title)}</p><pre>${escaped(whatRan(action))}</pre>`)
    .join('')
  return `<details><summary>${escaped(plan?.title ?? remedy.remedy)} <span class="badge ${escaped(outcome)}">${escaped(outcome)}</span></summary>
<p>${escaped(summary ?? '')}</p>
<dl><dt>Allowed by</dt><dd>${escaped(consent?.by ?? 'nobody')}${plan ? `, ${plan.grade}` : ''}</dd>${
    plan ? `<dt>Undo</dt><dd>${escaped(plan.undo)}</dd>` : ''
  }</dl>
${actions}</details>`
}

function checks(state: RunState): string {
  const steps = state.steps.map(step => {
    const rows = step.checks.flatMap(id => {
      const check = state.checks[id]
      return check === undefined ? [] : [checkRow(check)]
    })
    return `<h3>${escaped(step.title)}</h3>\n${rows.join('\n')}`
  })
  return `<h2>Checks</h2>\n${steps.join('\n')}`
}

function checkRow(check: CheckState): string {
  const evidence = check.evidence.map(one => commandBlock(one, check.verdict?.telling)).join('')
  return `<details><summary>${badge(check)} ${escaped(check.title)}<br><small>${escaped(check.verdict?.summary ?? '')}</small></summary>
<p>${escaped(check.why)}</p>${evidence === '' ? '<p><small>No command was run for this.</small></p>' : evidence}</details>`
}

const badge = (check: CheckState): string =>
  `<span class="badge ${verdictWord(check).replace(' ', '-')}">${verdictWord(check)}</span>`

function commandBlock(evidence: Evidence, telling: string | undefined): string {
  const { script, where, ending, exitCode, stdout, stderr, reason } = evidence
  const end = ending === 'exited' ? `exit ${exitCode}` : `${ending}: ${reason ?? ''}`
  const wanted = telling?.split('\n').map(row => row.trim())
  const output = [stdout, stderr]
    .map(part => part.trimEnd())
    .filter(part => part !== '')
    .flatMap(part => part.split('\n'))
    .map(row =>
      row.trim() !== '' && wanted?.includes(row.trim()) ? `<mark>${escaped(row)}</mark>` : escaped(row),
    )
  return `<p><small>${escaped(where)}, ${escaped(end)}</small></p><pre><b>${escaped(script.trimEnd())}</b>\n${output.join('\n')}</pre>`
}

function notes({ notes: all, checks: known }: RunState): string {
  if (all.length === 0) return ''
  const rows = all.map(note => {
    const about = note.check === undefined ? '' : ` (${escaped(known[note.check]?.title ?? note.check)})`
    return `<li>${moment(note.at)}${about}: ${escaped(note.text)}</li>`
  })
  return `<h2>Notes</h2>\n<ul>${rows.join('')}</ul>`
}

const moment = (at: string): string => escaped(at.replace('T', ' ').replace(/\.\d+Z$|Z$/, ''))
