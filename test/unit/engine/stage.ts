/** A stage for engine tests: a folder, a shell, a scripted operator, and everything that was said. */

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Intents } from '../../../src/engine/intents.ts'
import { createJournal, type Journal, readJournal } from '../../../src/engine/journal.ts'
import type { Consent, ConsentRequest, Operator } from '../../../src/engine/operator.ts'
import { newRunId, resumeRun, runRunbook } from '../../../src/engine/run.ts'
import type { RunPorts, RunRequest } from '../../../src/engine/session.ts'
import type { RunState } from '../../../src/engine/state.ts'
import { type AnyCheck, check } from '../../../src/model/check.ts'
import type { RunEvent } from '../../../src/model/event.ts'
import { defaultPolicy } from '../../../src/model/policy.ts'
import { type AnyRemedy, remedy } from '../../../src/model/remedy.ts'
import type { Runbook } from '../../../src/model/runbook.ts'
import { sh } from '../../../src/model/script.ts'
import { fail, pass } from '../../../src/model/verdict.ts'
import { type ShellMachine, shellMachine } from '../../shell-machine.ts'

export interface Stage {
  readonly folder: string
  readonly machine: ShellMachine
  readonly events: RunEvent[]
  readonly asked: ConsentRequest[]
  readonly journalPath: string
  play(runbook: Runbook, request?: Partial<RunRequest>): Promise<RunState>
  /** Goes on with a run; nothing is thrown from `onEvent` any more. */
  resume(before: RunState, journal: Journal, runbook: Runbook): Promise<RunState>
  replayed(): readonly RunEvent[]
}

export function stage(
  options: {
    consent?: (request: ConsentRequest) => Consent
    machine?: ShellMachine
    signal?: AbortSignal
    intents?: Intents
    review?: Operator['review']
    ports?: Partial<RunPorts>
    onEvent?: (event: RunEvent) => void
  } = {},
): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'kneeboard-engine-'))
  const machine = options.machine ?? shellMachine()
  const events: RunEvent[] = []
  const asked: ConsentRequest[] = []
  const id = newRunId()
  const journalPath = join(folder, 'runs', `${id}.jsonl`)
  const operator: Operator = {
    async consent(request) {
      asked.push(request)
      return options.consent?.(request) ?? { answer: 'yes', by: 'test' }
    },
    choose: async ({ remedies }) => remedies[0]?.id ?? null,
    manual: async () => 'done',
    lockHeld: async () => 'stop',
    ...(options.review ? { review: options.review } : {}),
  }
  const target = { name: 'web-1', environment: 'staging' as const, host: 'test', stack: {} }
  const ports = (journal: Journal): RunPorts => ({
    connect: async () => machine,
    operator,
    ...(options.intents ? { intents: options.intents } : {}),
    journal,
    evidence: ({ script, stdout, stderr, ...rest }) => ({ ...rest, script: script.text, stdout, stderr }),
    clean: text => text,
    listen(event) {
      events.push(event)
      options.onEvent?.(event)
    },
    signal: options.signal ?? new AbortController().signal,
    tool: 'kneeboard test',
    operatorName: 'tester@test',
    ...options.ports,
  })
  const base = { target, params: {}, policy: defaultPolicy, mode: 'run' as const }
  return {
    folder,
    machine,
    events,
    asked,
    journalPath,
    replayed: () => readJournal(journalPath).events,
    play: (runbook, request = {}) =>
      runRunbook(id, { ...base, runbook, ...request }, ports(createJournal(journalPath))),
    resume: (before, journal, runbook) =>
      resumeRun(
        before,
        false,
        { ...base, runbook },
        { ...ports(journal), listen: event => void events.push(event) },
      ),
  }
}

/** A check that passes while a file is there. */
export function fileIsThere(id: string, path: string, extra: Partial<AnyCheck> = {}): AnyCheck {
  return check({
    id,
    title: `${path} is there`,
    why: 'A test needs it.',
    params: z.object({}),
    ...extra,
    async probe({ run }) {
      const result = await run(sh`test -e ${path}`)
      return result.exitCode === 0
        ? pass('it is there')
        : fail('it is missing', { remedies: extra.remedies ?? [] })
    },
  })
}

/** A remedy that runs one script. */
export function scriptRemedy(
  id: string,
  script: ReturnType<typeof sh>,
  extra: Partial<AnyRemedy> = {},
): AnyRemedy {
  return remedy({
    id,
    title: `Do ${id}`,
    why: 'The check fails.',
    risk: 'None.',
    grade: 'reversible',
    params: z.object({}),
    async plan() {
      return {
        actions: [
          {
            type: 'run',
            title: `Run ${id}`,
            script: script.text,
            as: 'login',
            timeoutSeconds: 10,
            lasting: false,
          },
        ],
        touches: ['a file'],
        undo: 'remove it',
      }
    },
    ...extra,
  })
}

export function bookOf(...steps: readonly (readonly AnyCheck[])[]): Runbook {
  return {
    id: 'a-runbook',
    title: 'A runbook',
    purpose: '',
    group: '',
    minutes: 1,
    steps: steps.map((checks, at) => ({ id: `step-${at + 1}`, title: `Step ${at + 1}`, checks })),
  }
}
