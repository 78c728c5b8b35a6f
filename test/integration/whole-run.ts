/** A run as the command line makes it, over a real connection: real redaction, real journal, every report. */

import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createJournal } from '../../src/engine/journal.ts'
import { newRunId, runRunbook } from '../../src/engine/run.ts'
import type { RunState } from '../../src/engine/state.ts'
import { connectTo } from '../../src/host/connect.ts'
import type { ConnectRequest } from '../../src/host/connect-request.ts'
import { harmless, toEvidence } from '../../src/host/evidence.ts'
import { learningPrompter } from '../../src/host/learning-prompter.ts'
import { type Prompter, refusingPrompter } from '../../src/host/prompter.ts'
import { createRedactor, type Redactor } from '../../src/host/redact.ts'
import type { AnyCheck } from '../../src/model/check.ts'
import type { RunEvent } from '../../src/model/event.ts'
import { defaultPolicy } from '../../src/model/policy.ts'
import { htmlReport } from '../../src/report/html.ts'
import { reportJson } from '../../src/report/json.ts'
import { markdownReport } from '../../src/report/markdown.ts'
import { plainReport, progressLine, UNICODE_MARKS } from '../../src/report/plain.ts'

export interface WholeRun {
  readonly state: RunState
  readonly events: readonly RunEvent[]
  readonly journal: string
  readonly plain: string
  readonly json: string
  readonly html: string
  readonly markdown: string
  readonly progress: string
  /** All of the above: wherever something could have got out. */
  readonly everything: string
}

export async function wholeRun(
  request: ConnectRequest,
  checks: readonly AnyCheck[],
  params: Readonly<Record<string, unknown>> = {},
  prompter: Prompter = refusingPrompter,
  redactor: Redactor = createRedactor(),
): Promise<WholeRun> {
  const id = newRunId()
  const path = join(mkdtempSync(join(tmpdir(), 'kneeboard-whole-')), `${id}.jsonl`)
  const events: RunEvent[] = []
  const lines: string[] = []
  const target = { name: 'web-1', environment: 'staging', host: request.host, stack: {} } as const
  const steps = [{ id: 'all', title: 'All', checks }]
  const runbook = { id: 'whole', title: 'Whole', purpose: '', group: '', minutes: 1, steps }
  const state = await runRunbook(
    id,
    { runbook, target, params, policy: defaultPolicy, mode: 'run' },
    {
      connect: () => connectTo(request, learningPrompter(prompter, redactor)),
      operator: {
        consent: async () => ({ answer: 'yes', by: 'test' }),
        choose: async ({ remedies }) => remedies[0]?.id ?? null,
        manual: async () => 'not-done',
        lockHeld: async () => 'stop',
      },
      journal: createJournal(path),
      evidence: result => toEvidence(result, redactor),
      clean: text => harmless(text, redactor),
      learn: redactor.learn,
      listen(event, now) {
        events.push(event)
        lines.push(progressLine(event, now, UNICODE_MARKS) ?? '')
      },
      signal: new AbortController().signal,
      tool: 'kneeboard test',
      operatorName: 'tester@test',
    },
  )
  const journal = readFileSync(path, 'utf8')
  const plain = plainReport(state, UNICODE_MARKS)
  const json = JSON.stringify(reportJson(state))
  const html = htmlReport(state)
  const markdown = markdownReport(state)
  const progress = lines.join('\n')
  const everything = [journal, plain, json, html, markdown, progress, JSON.stringify(events)].join('\n')
  return { state, events, journal, plain, json, html, markdown, progress, everything }
}
