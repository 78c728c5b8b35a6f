/** What the operator is shown, and what is stored, of the commands behind a verdict. */

import { z } from 'zod'

/**
 * One command as evidence: its output already sanitised (no control sequences), capped, and redacted. It is
 * made only by the engine's recorder, so that nothing raw reaches a screen or a file.
 */
export const Evidence = z.object({
  script: z.string(),
  as: z.string(),
  where: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  ending: z.enum(['exited', 'timed-out', 'lost', 'not-run']),
  exitCode: z.number().int().nullable(),
  stdout: z.string(),
  stderr: z.string(),
  omittedBytes: z.number().int(),
  reason: z.string().optional(),
})
export type Evidence = z.infer<typeof Evidence>
