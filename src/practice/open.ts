/** From a scenario's name to a server that can be connected to. */

import { EXIT, Failure } from '../model/failure.ts'
import type { Target } from '../model/target.ts'
import { scenarioNames } from './scenarios/names.ts'
import { type PracticeServer, practiceServer, stopPracticeServer } from './start.ts'

/** @throws Failure (64) for a name that no scenario has, (69) when the server does not start. */
export async function openPractice(scenario: string): Promise<Target> {
  return (await practiceServer(nameOf(scenario))).target
}

/** A server on which nobody has mended anything yet. @throws Failure as {@link openPractice} does. */
export async function freshPractice(scenario: string): Promise<PracticeServer> {
  const name = nameOf(scenario)
  await stopPracticeServer(name)
  return practiceServer(name)
}

/** @throws Failure (64) */
export function nameOf(scenario: string): string {
  const name = scenario === '' ? 'bare' : scenario
  if (!scenarioNames.includes(name))
    throw new Failure(
      EXIT.usage,
      `there is no practice scenario “${name}”`,
      `There are: ${scenarioNames.join(', ')}.`,
    )
  return name
}
