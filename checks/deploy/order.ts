/** Which comes first, the schema or the code: decided for each release from what its migrations do. */

import type { PlannedMigration } from '../../src/facts/migrations.ts'
import { lackingInDatabase, readState } from '../../src/facts/migrations-read.ts'
import { classifyRelease, type ReleaseClass } from '../../src/facts/migrations-release.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { ReleaseParams } from './parameters.ts'

export interface ReleaseOrderPlan extends ReleaseClass {
  /** What the database lacks of the release, in the order in which it would be applied. */
  readonly pending: readonly PlannedMigration[]
}

/**
 * Reads the migrations in the release's own image, beside the database.
 *
 * @throws Unreadable when the image is not on the server, or the database cannot be asked.
 */
export async function readOrder(
  context: ProbeContext<ReleaseParams>,
  image: string,
): Promise<ReleaseOrderPlan> {
  const state = await readState(context, context.params, image, { app: '', target: '' })
  const unread = state.pending.find(({ problem }) => problem !== '')
  if (unread !== undefined) throw new Unreadable(`${unread.key} could not be read: ${unread.problem}`)
  // The reader plans what Django would apply; a file that is in no plan would be a surprise later.
  const planned = new Set(state.pending.flatMap(({ key, replaces }) => [key, ...replaces]))
  const surprise = lackingInDatabase(state, state.applied).find(key => !planned.has(key))
  if (surprise !== undefined && state.tool === 'django')
    throw new Unreadable(`${surprise} is in the image and in no plan: run showmigrations in it`)
  return { ...classifyRelease(state.pending.flatMap(({ operations }) => operations)), pending: state.pending }
}

/** What an operator is told of the order. */
export const ORDER_WORDS = {
  'schema-first': 'the schema first, then the code',
  'code-first': 'the code first, then the schema',
  'needs-downtime': 'the application stopped meanwhile',
} as const
