/**
 * One round of reading: facts are read at most once in it, every command is recorded for whoever asked, and
 * nothing outlives it. After a change a new round begins, so that re-checks see fresh facts.
 */

import type { ReadContext } from '../model/check.ts'
import type { CommandResult, RunOptions } from '../model/command.ts'
import type { Fact, FactReader } from '../model/fact.ts'
import type { LoginOutcome, LoginRequest, Machine } from '../model/machine.ts'
import type { Script } from '../model/script.ts'
import type { Target } from '../model/target.ts'

interface Remembered {
  readonly answer: Promise<unknown>
  readonly record: CommandResult[]
}

export interface Round {
  /** A context whose commands go into `record`, those behind shared facts included. */
  context(record: CommandResult[], signal?: AbortSignal): ReadContext
}

export function startRound(machine: Machine, target: Target): Round {
  const remembered = new Map<string, Remembered>()

  function context(record: CommandResult[], signal?: AbortSignal): ReadContext {
    const read = (async <Args extends readonly (string | number)[], T>(
      fact: Fact<Args, T>,
      ...args: Args
    ): Promise<T> => {
      const key = JSON.stringify([fact.id, ...args])
      let known = remembered.get(key)
      if (known === undefined) {
        // A fact belongs to the round, not to the check that came first: that check's time limit must not end it.
        const own: CommandResult[] = []
        known = { answer: fact.read(context(own), ...args), record: own }
        known.answer.catch(() => {})
        remembered.set(key, known)
      }
      try {
        return (await known.answer) as T
      } finally {
        for (const result of known.record) if (!record.includes(result)) record.push(result)
      }
    }) as FactReader

    return {
      target,
      read,
      async run(script: Script, options: RunOptions = {}): Promise<CommandResult> {
        const result = await machine.run(script, signal && !options.signal ? { ...options, signal } : options)
        record.push(result)
        return result
      },
      record(result: CommandResult): void {
        record.push(result)
      },
      async login(request: LoginRequest): Promise<LoginOutcome> {
        const outcome = await machine.login(request)
        if (outcome.result) record.push(outcome.result)
        return outcome
      },
    }
  }
  return { context }
}
