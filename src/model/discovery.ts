/** What a server itself says about a parameter, so that a form can be filled in from it instead of from memory. */

import type { ReadContext } from './check.ts'

export interface Choice {
  /** As it would be typed. */
  readonly value: string
  /** What tells it from the others, on one line: age, size, state. Empty when the value says it all. */
  readonly note: string
}

export interface Found {
  /** Values that the server has, the likeliest first. Never empty. */
  readonly choices: readonly [Choice, ...Choice[]]
  /** Where they were found, as the end of "from …": `the names that nginx serves`. */
  readonly from: string
  /** True when the first one is to stand in the field by itself; else the operator has to choose. */
  readonly isSuggested: boolean
}

export interface Discovery {
  /** The parameter that it is about. */
  readonly parameter: string
  /**
   * Reads the server, and changes nothing.
   *
   * @param params the values of all parameters as they stand in the form, unchecked.
   * @returns null when the server has nothing to say about it.
   * @throws Unreadable when it could not be asked.
   */
  find(context: ReadContext, params: Readonly<Record<string, string>>): Promise<Found | null>
}
