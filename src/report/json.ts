/** The JSON of `check` and `run` (DESIGN §6): a fold of the run's state. Scripts rely on its shape. */

import { diagnose, statusOf } from '../engine/outcome.ts'
import type { RunState } from '../engine/state.ts'

export function reportJson(state: RunState): object {
  const checks = state.steps.flatMap(step => step.checks).map(id => state.checks[id])
  return {
    schema: 1,
    runbook: state.runbook,
    target: state.target,
    status: state.status ?? statusOf(state),
    started: state.startedAt,
    finished: state.finishedAt ?? null,
    ...(state.interrupted === undefined ? {} : { interrupted: state.interrupted }),
    checks: checks.flatMap(check =>
      check === undefined
        ? []
        : [
            {
              id: check.id,
              title: check.title,
              status: check.verdict?.status ?? 'skipped',
              summary: check.verdict?.summary ?? 'not reached',
              measured: check.verdict?.measured ?? null,
              expected: check.verdict?.expected ?? null,
              blockedBy: check.verdict?.blockedBy ?? null,
              remedies: check.verdict?.remedies ?? [],
              durationMs: check.durationMs,
            },
          ],
    ),
    diagnosis: diagnose(state).map(({ cause, explains, summary, remedy }) => ({
      cause,
      explains,
      summary,
      remedy: remedy ?? null,
    })),
    actions: state.remedies.map(remedy => ({
      remedy: remedy.remedy,
      check: remedy.check,
      attempt: remedy.attempt,
      title: remedy.plan?.title ?? null,
      grade: remedy.plan?.grade ?? null,
      consent: remedy.consent?.answer ?? null,
      outcome: remedy.outcome ?? null,
      summary: remedy.summary ?? remedy.consent?.reason ?? null,
    })),
  }
}
