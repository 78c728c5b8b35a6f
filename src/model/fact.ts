/** A fact is something read from the target once and shared by all checks of a round. It judges nothing. */

import type { ReadContext } from './check.ts'

export interface Fact<Args extends readonly (string | number)[], T> {
  /** Unique; together with the arguments it is the key under which the answer is kept. */
  readonly id: string
  /** @throws Unreadable when it could not be read; every reader of the fact gets the same error. */
  read(context: ReadContext, ...args: Args): Promise<T>
}

/**
 * Reads a fact, or gives the answer that another check already got. The commands behind it become evidence
 * of every check that read it. Answers are forgotten when a remedy has changed the server.
 */
export type FactReader = <Args extends readonly (string | number)[], T>(
  fact: Fact<Args, T>,
  ...args: Args
) => Promise<T>

/** Defines a fact. */
export function fact<Args extends readonly (string | number)[], T>(
  id: string,
  read: (context: ReadContext, ...args: Args) => Promise<T>,
): Fact<Args, T> {
  return { id, read }
}
