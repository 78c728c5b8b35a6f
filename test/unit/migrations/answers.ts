/** Answers of the reader, captured from the lab's shop with v1.2.0 and its bad migration. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Change, MigrationState, parseAnswer } from '../../../src/facts/migrations.ts'
import { effectsOf, type SettledEffect, settle } from '../../../src/facts/migrations-effects.ts'
import { questionOf } from '../../../src/facts/migrations-rows.ts'

export const answerText = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'fixtures', `django-${name}.txt`), 'utf8')

export const answer = (name: string): MigrationState =>
  parseAnswer(MigrationState, answerText(name), 'the answer')

/** Effects of a captured plan, with the same number of rows for every question. */
export const settled = (state: MigrationState, rows: number): SettledEffect[] =>
  effectsOf(state.back).map(effect =>
    settle(effect, questionOf(effect) === null ? null : { rows, exact: true }),
  )

export const COLUMN = {
  type: 'varchar(20)',
  nullable: false,
  unique: false,
  maxLength: 20,
  fills: true,
  databaseDefault: false,
  default: '',
} as const

/** A migration with one operation a change; the way back is the second list. */
export const migration = (key: string, forward: readonly Change[], backward: readonly Change[]) => ({
  key,
  atomic: true,
  appliedAt: '2026-11-21T12:00:00+00:00',
  dependsOn: [],
  replaces: [],
  problem: '',
  operations: [operation(forward, backward)],
})

export const operation = (forward: readonly Change[], backward: readonly Change[] = []) => ({
  place: '1',
  type: 'AddField',
  custom: '',
  title: 'an operation',
  forward: [...forward],
  backward: [...backward],
  irreversibleByPlan: false,
})
