/** What the lists say of a run: its end, its counts, what it asked to be looked at again. Its journal has the rest. */

import { z } from 'zod'
import { countVerdicts } from '../engine/outcome.ts'
import { RunStatus, RunTarget, StoredVerdict } from '../model/event.ts'
import { endOf, type StoredRun } from './history.ts'

const Count = z.number().int().nonnegative()

export const RunDigest = z.object({
  run: z.string(),
  runbook: z.string(),
  title: z.string(),
  target: RunTarget,
  /** ISO 8601. */
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  status: z.union([RunStatus, z.literal('interrupted')]),
  /** One line, as `summarise` makes it. */
  summary: z.string(),
  /** False for a run that was cut off, or is still under way: its journal may get longer. */
  hasEnded: z.boolean(),
  counts: z.object({
    pass: Count,
    warn: Count,
    fail: Count,
    unknown: Count,
    skipped: Count,
    'not-applicable': Count,
    waiting: Count,
  }),
  figures: StoredVerdict.shape.figures.unwrap(),
  /** Checks that it came to: their word holds until a later run of theirs. */
  looked: z.array(z.string()),
  due: z.array(z.object({ check: z.string(), due: StoredVerdict.shape.due.unwrap() })),
  /** The remedy that was under way when the run was cut off: it may or may not have been done. */
  unsettled: z.string().nullable(),
})
export type RunDigest = z.infer<typeof RunDigest>

export function digestOf({ state }: StoredRun): RunDigest {
  const { run, runbook, title, target, startedAt, finishedAt } = state
  const checks = Object.values(state.checks).filter(
    ({ verdict }) => verdict !== undefined && verdict.status !== 'skipped',
  )
  const unsettled = state.remedies.find(remedy => remedy.intended && remedy.outcome === undefined)
  return {
    run,
    runbook,
    title,
    target,
    startedAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...endOf(state),
    hasEnded: state.status !== undefined,
    counts: countVerdicts(state),
    figures: Object.values(state.checks).flatMap(({ verdict }) => verdict?.figures ?? []),
    looked: checks.map(({ id }) => id),
    due: checks.flatMap(({ id, verdict }) => (verdict?.due ? [{ check: id, due: verdict.due }] : [])),
    unsettled: unsettled === undefined ? null : (unsettled.plan?.title ?? unsettled.remedy),
  }
}
