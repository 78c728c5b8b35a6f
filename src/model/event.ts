/**
 * What happens in a run, as one stream. The journal stores it, the reducer folds it, the screen and the reports
 * read the fold. It is a stored format: a change of meaning needs a new `v`.
 */

import { z } from 'zod'
import { PreparedAction } from './action.ts'
import { Evidence } from './evidence.ts'
import { Environment, Stack } from './target.ts'

const Status = z.enum(['pass', 'warn', 'fail', 'unknown', 'skipped', 'not-applicable'])
const GradeSchema = z.enum(['reversible', 'disruptive', 'destructive'])

export const RemedyOffer = z.object({ id: z.string(), title: z.string(), grade: GradeSchema })
export type RemedyOffer = z.infer<typeof RemedyOffer>

/** A verdict as it is stored: remedies by name, and what blocked it. */
export const StoredVerdict = z.object({
  status: Status,
  summary: z.string(),
  measured: z.string().optional(),
  expected: z.string().optional(),
  telling: z.string().optional(),
  advice: z.string().optional(),
  remedies: z.array(RemedyOffer),
  blockedBy: z.string().optional(),
  due: z.object({ at: z.string(), runbook: z.string(), title: z.string() }).optional(),
  figures: z
    .array(
      z.object({
        name: z.string(),
        value: z.number(),
        unit: z.enum(['s', 'B', '%', 'rows']),
        target: z.number().optional(),
      }),
    )
    .optional(),
})
export type StoredVerdict = z.infer<typeof StoredVerdict>

export const PlannedStep = z.object({
  id: z.string(),
  title: z.string(),
  why: z.string().optional(),
  checks: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      why: z.string(),
      after: z.array(z.string()),
      explains: z.array(z.string()),
      remedies: z.array(RemedyOffer),
    }),
  ),
})
export type PlannedStep = z.infer<typeof PlannedStep>

export const RunTarget = z.object({
  name: z.string(),
  environment: Environment,
  host: z.string(),
})
export type RunTarget = z.infer<typeof RunTarget>

/** How the target was reached, so that a run can be gone on with from its journal alone. No secret is part of it. */
export const Reach = z.object({
  user: z.string().optional(),
  port: z.number().optional(),
  identity: z.string().optional(),
  hostKey: z.string().optional(),
  stack: Stack,
})
export type Reach = z.infer<typeof Reach>

/** A remedy's plan as it was shown: this text is what consent was given to, `digest` what is executed. */
export const ShownPlan = z.object({
  remedy: z.string(),
  title: z.string(),
  why: z.string(),
  risk: z.string(),
  grade: GradeSchema,
  check: z.string(),
  actions: z.array(PreparedAction),
  touches: z.array(z.string()),
  interrupts: z.string().optional(),
  undo: z.string(),
  expectedSeconds: z.number().optional(),
  guard: z
    .object({ revert: z.string(), afterSeconds: z.number(), provenBy: z.string().optional() })
    .optional(),
  /** SHA-256 over the plan; the executed plan must have the same. */
  digest: z.string(),
})
export type ShownPlan = z.infer<typeof ShownPlan>

/** How a remedy ended. `unproven`: it ran, and its check still does not pass. `unknown`: it may or may not have run. */
export const RemedyOutcome = z.enum(['proven', 'unproven', 'failed', 'reverted', 'unknown'])
export type RemedyOutcome = z.infer<typeof RemedyOutcome>

/** `passed` all proven · `warnings` · `failed` · `unproven` nothing failed, but something could not be checked. */
export const RunStatus = z.enum(['passed', 'warnings', 'failed', 'unproven'])
export type RunStatus = z.infer<typeof RunStatus>

const at = { at: z.string() }
const attempt = { remedy: z.string(), check: z.string(), attempt: z.number().int() }

export const RunEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run-started'),
    ...at,
    run: z.string(),
    tool: z.string(),
    operator: z.string(),
    mode: z.enum(['run', 'check']),
    runbook: z.string(),
    title: z.string(),
    target: RunTarget,
    reach: Reach.optional(),
    params: z.record(z.string(), z.json()),
    steps: z.array(PlannedStep),
  }),
  z.object({
    type: z.literal('run-resumed'),
    ...at,
    tool: z.string(),
    operator: z.string(),
    cut: z.boolean(),
  }),
  z.object({
    type: z.literal('connected'),
    ...at,
    where: z.string(),
    hostKey: z.string(),
    authenticatedBy: z.string(),
  }),
  z.object({ type: z.literal('connection-lost'), ...at, reason: z.string() }),
  z.object({ type: z.literal('connection-restored'), ...at, rebooted: z.boolean() }),
  z.object({ type: z.literal('check-started'), ...at, check: z.string(), round: z.number().int() }),
  z.object({
    type: z.literal('check-finished'),
    ...at,
    check: z.string(),
    round: z.number().int(),
    verdict: StoredVerdict,
    evidence: z.array(Evidence),
    durationMs: z.number(),
  }),
  z.object({ type: z.literal('remedy-shown'), ...at, ...attempt, plan: ShownPlan }),
  z.object({ type: z.literal('remedy-not-planned'), ...at, ...attempt, reason: z.string() }),
  z.object({
    type: z.literal('consent'),
    ...at,
    ...attempt,
    answer: z.enum(['yes', 'no', 'stop']),
    by: z.string(),
    reason: z.string().optional(),
  }),
  z.object({
    type: z.literal('lock-taken'),
    ...at,
    holder: z.string(),
    takenOverFrom: z.string().optional(),
  }),
  z.object({ type: z.literal('lock-released'), ...at }),
  z.object({ type: z.literal('remedy-intent'), ...at, ...attempt, digest: z.string() }),
  z.object({
    type: z.literal('guard-armed'),
    ...at,
    ...attempt,
    id: z.string(),
    afterSeconds: z.number(),
    firesAt: z.string(),
  }),
  z.object({ type: z.literal('guard-called-off'), ...at, ...attempt, id: z.string(), proof: z.string() }),
  z.object({ type: z.literal('guard-fired'), ...at, ...attempt, id: z.string(), reason: z.string() }),
  z.object({
    type: z.literal('action-started'),
    ...at,
    ...attempt,
    index: z.number().int(),
    title: z.string(),
    job: z.string().optional(),
  }),
  z.object({
    type: z.literal('action-output'),
    ...at,
    ...attempt,
    index: z.number().int(),
    text: z.string(),
  }),
  z.object({
    type: z.literal('action-finished'),
    ...at,
    ...attempt,
    index: z.number().int(),
    ok: z.boolean(),
    summary: z.string(),
    evidence: z.array(Evidence),
  }),
  z.object({
    type: z.literal('remedy-finished'),
    ...at,
    ...attempt,
    outcome: RemedyOutcome,
    summary: z.string(),
  }),
  z.object({ type: z.literal('check-skipped'), ...at, check: z.string(), reason: z.string() }),
  z.object({ type: z.literal('note'), ...at, text: z.string(), check: z.string().optional() }),
  z.object({ type: z.literal('run-frozen'), ...at }),
  z.object({ type: z.literal('run-released'), ...at }),
  z.object({ type: z.literal('run-interrupted'), ...at, reason: z.string() }),
  z.object({ type: z.literal('run-finished'), ...at, status: RunStatus, summary: z.string() }),
])
export type RunEvent = z.infer<typeof RunEvent>

/** Live output is drawn but not stored: the whole of it, capped, is in `action-finished`. */
export const isTransient = (event: RunEvent): boolean => event.type === 'action-output'
