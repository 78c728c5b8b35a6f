/** `list` and `show`: what there is, as a table, as JSON, or as a document. */

import { allChecks, runbooks } from '../../../runbooks/index.ts'
import { EXIT, type ExitCode } from '../../model/failure.ts'
import { checksOf, parametersOf } from '../../model/runbook.ts'
import type { Io } from '../io.ts'
import { table } from '../table.ts'
import { whichRunbook } from '../which-runbook.ts'

export function list(io: Io, what: 'runbooks' | 'checks', json: boolean): ExitCode {
  if (what === 'checks') {
    const rows = allChecks.map(({ id, title, after = [] }) => ({
      id,
      title,
      after: [...after],
      runbooks: runbooks.filter(book => checksOf(book).some(check => check.id === id)).map(book => book.id),
    }))
    io.out(json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows.map(row => [row.id, row.title])))
    return EXIT.passed
  }
  const rows = runbooks.map(({ id, title, purpose, group, minutes, steps }) => ({
    id,
    title,
    group,
    purpose,
    minutes,
    steps: steps.length,
    checks: steps.flatMap(step => step.checks).length,
  }))
  io.out(
    json
      ? `${JSON.stringify(rows, null, 2)}\n`
      : table(
          rows.map(row => [
            row.id,
            `${row.title} (${row.steps} steps, ${row.checks} checks, about ${row.minutes} min)`,
          ]),
        ),
  )
  return EXIT.passed
}

export function show(io: Io, name: string): ExitCode {
  const book = whichRunbook(name)
  const lines = [
    `# ${book.title}`,
    '',
    book.purpose,
    '',
    `Usually takes ${book.minutes} minutes.`,
    '',
    '## Parameters',
    '',
  ]
  for (const { name: parameter, description, default: value } of parametersOf(checksOf(book))) {
    lines.push(
      `- \`${parameter}\`: ${description}${value === undefined ? '' : ` (default ${JSON.stringify(value)})`}`,
    )
  }
  for (const [index, step] of book.steps.entries()) {
    lines.push('', `## ${index + 1}. ${step.title}`, '', ...(step.why ? [step.why, ''] : []))
    for (const check of step.checks) {
      lines.push(`- **${check.title}** (\`${check.id}\`)`, `  ${check.why}`)
      for (const { title, grade, why } of check.remedies ?? [])
        lines.push(`  - Remedy (${grade}): ${title}. ${why}`)
      if (check.after?.length) lines.push(`  Stands after ${check.after.map(id => `\`${id}\``).join(', ')}.`)
    }
  }
  io.out(`${lines.join('\n')}\n`)
  return EXIT.passed
}
