/** A remedy's plan as a page: everything that consent is given to, and nothing left out of it. */

import { structuredPatch } from 'diff'
import type { ConsentRequest } from '../../engine/operator.ts'
import type { PreparedAction } from '../../model/action.ts'
import type { ShownPlan } from '../../model/event.ts'
import type { Line } from '../lines.ts'
import { count, duration } from '../words.ts'
import { exact, heading, labelled, type Page } from './build.ts'
import { dotted, sentence } from './check.ts'

/** The page of a consent screen, above what is typed or pressed. */
export function consentPage(page: Page, { plan, verdict }: ConsentRequest): Line[] {
  return [...labelled(page, 'Found', sentence(verdict.summary), 'strong'), ...planPage(page, plan)]
}

/** Why, risk, reach and undo, then every action exactly. */
export function planPage(page: Page, plan: ShownPlan): Line[] {
  const interrupts = plan.interrupts ?? 'Nothing.'
  return [
    ...labelled(page, 'Why', plan.why),
    ...labelled(page, 'Risk', plan.risk),
    ...labelled(
      page,
      'Interrupts',
      sentence(interrupts),
      plan.interrupts === undefined ? undefined : 'warning',
    ),
    ...touches(page, plan),
    ...labelled(page, 'Undo', plan.undo),
    ...guard(page, plan),
    ...(plan.expectedSeconds === undefined
      ? []
      : labelled(page, 'Takes', `about ${duration(plan.expectedSeconds * 1000)}`)),
    [],
    [{ text: `What runs, exactly: ${count(plan.actions.length, 'action')}`, tone: 'strong' }],
    ...plan.actions.flatMap((action, index) => [[], ...actionRows(page, action, index)]),
    ...guardScript(page, plan),
  ]
}

function touches(page: Page, plan: ShownPlan): Line[] {
  return plan.touches.flatMap((touch, index) => labelled(page, index === 0 ? 'Touches' : '', touch))
}

function guard(page: Page, { guard: armed }: ShownPlan): Line[] {
  if (armed === undefined) return []
  return labelled(
    page,
    'Safety',
    `Before anything changes, the server is told to put the old state back by itself after ${armed.afterSeconds} s. ` +
      'Only a new login that works calls that off.',
    'accent',
  )
}

function guardScript(page: Page, { guard: armed }: ShownPlan): Line[] {
  if (armed === undefined) return []
  return [
    [],
    heading(page, `If the new login fails: the server itself runs, after ${armed.afterSeconds} s`),
    ...exact(page, armed.revert.trimEnd(), { gutter: { text: '  ' } }),
  ]
}

/** One action with its whole script, or its whole diff. */
export function actionRows(page: Page, action: PreparedAction, index: number): Line[] {
  const title = heading(page, `${index + 1} ${action.title}`)
  const script = (text: string) => exact(page, text.trimEnd(), { gutter: { text: '  ' } })
  switch (action.type) {
    case 'run':
      return [
        title,
        ...labelled(
          page,
          'Runs as',
          `${runsAs(action.as)}, for at most ${duration(action.timeoutSeconds * 1000)}${action.lasting ? ', on the server even if the connection drops' : ''}`,
        ),
        ...script(action.script),
      ]
    case 'wait':
      return [
        title,
        ...labelled(
          page,
          'Waits',
          `every ${duration(action.everySeconds * 1000)} as ${runsAs(action.as)}, for at most ${duration(action.timeoutSeconds * 1000)}, until this exits 0:`,
        ),
        ...script(action.script),
      ]
    case 'reboot':
      return [
        title,
        ...labelled(
          page,
          'Restarts',
          `the server, and waits for at most ${duration(action.timeoutSeconds * 1000)} until it answers again`,
          'warning',
        ),
      ]
    case 'ask':
      return [
        title,
        ...labelled(page, 'By you', 'You will be asked to do this elsewhere:'),
        ...dotted(page, action.instructions, 2),
      ]
    case 'write-file':
      return [
        title,
        ...writeFacts(page, action),
        ...diffRows(page, action.before?.content ?? null, action.content),
        ...(action.validate === undefined
          ? []
          : [
              ...labelled(
                page,
                'Only if',
                'this check of the new file exits 0, with its path in $candidate:',
              ),
              ...script(action.validate),
            ]),
      ]
  }
}

function runsAs(as: string): string {
  if (as === 'login') return 'the user you logged in as'
  return as.replace(/^user:/, '')
}

function writeFacts(page: Page, action: Extract<PreparedAction, { type: 'write-file' }>): Line[] {
  const { before, mode, owner, path } = action
  const wants = `${mode} ${owner}`
  if (before === null) return labelled(page, 'New file', `${path}, ${wants}`)
  const had = `${before.mode} ${before.owner}`
  const rights = had === wants ? wants : `${had} becomes ${wants}`
  return labelled(page, 'Changes', `${path}, ${rights}; the old file is kept as a backup`)
}

/** A unified diff, three lines around each change; all lines for a new file. */
export function diffRows(page: Page, before: string | null, after: string): Line[] {
  const { hunks } = structuredPatch('', '', before ?? '', after, '', '', { context: 3 })
  if (hunks.length === 0) return [[{ text: '  The content stays as it is.', tone: 'muted' }]]
  return hunks.flatMap(hunk => {
    const place: Line[] =
      before === null
        ? []
        : [[{ text: `  @@ line ${hunk.oldStart}, ${count(hunk.oldLines, 'line')} @@`, tone: 'muted' }]]
    return [...place, ...hunk.lines.flatMap(row => diffRow(page, row))]
  })
}

function diffRow(page: Page, row: string): Line[] {
  const sign = row.slice(0, 1)
  const rest = row.slice(1)
  if (sign === '+') return exact(page, rest, { gutter: { text: '+ ', tone: 'added' }, tone: 'added' })
  if (sign === '-') return exact(page, rest, { gutter: { text: '- ', tone: 'removed' }, tone: 'removed' })
  if (sign === '\\') return [[{ text: '  (no line break at the end of the file)', tone: 'muted' }]]
  return exact(page, rest, { gutter: { text: '  ' } })
}
