/** Which way out of a bad release: the image alone, migrating back, a fix forward, or a restore. Pure. */

import type { Backup } from '../../src/facts/backups.ts'
import type { PlannedMigration } from '../../src/facts/migrations.ts'
import type { SettledEffect } from '../../src/facts/migrations-effects.ts'
import { expand, oldCodeStands } from '../../src/facts/migrations-release.ts'

/** `none`: nothing is to be undone. */
export type Exit = 'none' | 'image-only' | 'migrate-back' | 'forward-fix' | 'restore'

export interface Recommendation {
  readonly exit: Exit
  /** Why this one, as a sentence without a full stop. */
  readonly reason: string
  /** For `image-only`: the release to put in place; null when it already runs. */
  readonly release: string | null
  /** For `migrate-back`: what has to be there first, as the end of “…”; empty when nothing is missing. */
  readonly missing: string
}

export interface Facts {
  readonly back: readonly PlannedMigration[]
  readonly effects: readonly SettledEffect[]
  /** Default: Django, which leaves rows alone that it has no file of. */
  readonly tool?: 'django' | 'alembic'
  /** The operator wants migrations undone although the image alone could go back. */
  readonly insists?: boolean
  /** The running image has none of the migrations that would be undone: it was put back already. */
  readonly runningLacksThem?: boolean
  /** A release on the server that fits the schema of the target. */
  readonly release?: string | null
  readonly backups?: readonly Backup[]
}

/** Loses least first: nothing at all, then what can be copied out before, then a release's time, then data. */
export function recommend(facts: Facts): Recommendation {
  const { back, effects, insists = false, runningLacksThem = false, release = null } = facts
  if (back.length === 0)
    return { exit: 'none', reason: 'nothing is to be undone', release: null, missing: '' }
  const breaks = whyNotAlone(facts)
  const alone = breaks === null && (runningLacksThem || release !== null)
  const blocking = effects.find(({ reversibility }) => reversibility === 'irreversible')
  const imageOnly = (why: string): Recommendation => ({
    exit: 'image-only',
    reason: `${runningLacksThem ? 'the release that runs' : release} works on the schema as it is, so ${why}`,
    release: runningLacksThem ? null : release,
    missing: '',
  })
  if (blocking !== undefined) {
    const cannot = `${blocking.migration} cannot be undone: ${blocking.says}`
    if (alone) return imageOnly(`it need not be: ${cannot}`)
    return withoutAWayBack(facts, cannot)
  }
  if (alone && !insists) return imageOnly('no migration has to be undone, and no data is lost')
  const because = breaks === null ? 'no other release is here that could run on the schema as it is' : breaks
  const loses = effects.some(({ reversibility }) => reversibility === 'destroys')
  return {
    exit: 'migrate-back',
    reason: `${insists && alone ? 'you asked for it' : because}; every operation can be undone${loses ? ', and what is dropped is copied out before' : ', and nothing is lost by it'}`,
    release: null,
    // Undone schema and no code for it would be the worst of all: everything stands still.
    missing:
      release === null && !runningLacksThem && !insists
        ? 'no older image on this server fits the schema of the target'
        : '',
  }
}

/** Why the older code cannot run while these migrations stay applied; null when it can. */
function whyNotAlone({ back, tool = 'django' }: Facts): string | null {
  if (tool === 'alembic')
    return `Alembic in an older image refuses a database at ${back[0]?.key ?? 'a revision'}, which it has no file of`
  return oldCodeStands(back.flatMap(({ operations }) => operations))
}

/** A fix forward loses nothing; only what the migration itself has destroyed makes a restore the better way. */
function withoutAWayBack({ back, backups = [] }: Facts, cannot: string): Recommendation {
  const destroyed = destroyedBy(back)
  const since = back
    .map(({ appliedAt }) => appliedAt)
    .filter(at => at !== null)
    .sort()[0]
  const before =
    since === undefined ? undefined : backups.find(({ takenAt }) => Date.parse(takenAt) < Date.parse(since))
  if (destroyed !== null && before !== undefined)
    return {
      exit: 'restore',
      reason: `${cannot}; on its way there it has destroyed data (${destroyed}), which ${before.name} of ${before.takenAt} still has`,
      release: null,
      missing: '',
    }
  const lost = destroyed === null ? '' : `; ${destroyed} is lost, and no backup from before is here`
  return {
    exit: 'forward-fix',
    reason: `${cannot}. A new migration that puts it right loses nothing${lost}`,
    release: null,
    missing: '',
  }
}

function destroyedBy(back: readonly PlannedMigration[]): string | null {
  for (const { forward } of back.flatMap(({ operations }) => operations)) {
    for (const change of forward.flatMap(expand)) {
      if (change.kind === 'drop-table') return `the table ${change.table}`
      if (change.kind === 'drop-column') return `the column ${change.table}.${change.column}`
      if (change.kind === 'change-rows' && change.how === 'delete') return `rows of ${change.table}`
    }
  }
  return null
}
