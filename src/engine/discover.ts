/** Asks a server what it has to say about a runbook's parameters: one round of reading, nothing stored, nothing changed. */

import { type CommandResult, Unreadable } from '../model/command.ts'
import type { Choice, Discovery, Found } from '../model/discovery.ts'
import type { Machine } from '../model/machine.ts'
import type { Target } from '../model/target.ts'
import { startRound } from './round.ts'

export interface Discovered {
  /** By parameter. */
  readonly found: Readonly<Record<string, Found>>
  /** Why a parameter could not be looked up, by parameter, as sentences. */
  readonly problems: Readonly<Record<string, string>>
}

/** Choices of one parameter that are kept: more than that nobody reads through. */
const MOST_CHOICES = 50

/**
 * @param params the form's values so far: one discovery may need what another field says.
 * @param text makes server output safe to show, and takes secrets out.
 */
export async function discover(
  machine: Machine,
  target: Target,
  discoveries: readonly Discovery[],
  params: Readonly<Record<string, string>>,
  text: (raw: string) => string,
): Promise<Discovered> {
  const record: CommandResult[] = []
  const context = startRound(machine, target).context(record)
  const found: Record<string, Found> = {}
  const problems: Record<string, string> = {}
  await Promise.all(
    discoveries.map(async discovery => {
      try {
        const answer = await discovery.find(context, params)
        if (answer !== null) found[discovery.parameter] = safe(answer, text)
      } catch (error) {
        problems[discovery.parameter] = text(
          error instanceof Unreadable
            ? error.message
            : `the look itself broke: ${error instanceof Error ? error.message : String(error)}`,
        )
      }
    }),
  )
  return { found, problems }
}

function safe({ choices, from, isSuggested }: Found, text: (raw: string) => string): Found {
  const clean = ({ value, note }: Choice): Choice => ({ value: text(value), note: text(note) })
  const [first, ...rest] = choices
  return { choices: [clean(first), ...rest.slice(0, MOST_CHOICES - 1).map(clean)], from, isSuggested }
}
