/** From a scenario's name to a target that can be connected to, and to a session that is debriefed at its end. */

import { EXIT, Failure } from '../model/failure.ts'
import type { Target } from '../model/target.ts'
import { scenarioNames } from './scenarios/names.ts'
import { type PracticeServer, practiceServer } from './start.ts'

/** @throws Failure (64) for a name that no scenario has, (69) when the server does not start. */
export async function openPractice(scenario: string): Promise<Target> {
  return (await serverOf(scenario)).target
}

function serverOf(scenario: string): Promise<PracticeServer> {
  const name = scenario === '' ? 'bare' : scenario
  if (!scenarioNames.includes(name))
    throw new Failure(
      EXIT.usage,
      `there is no practice scenario “${name}”`,
      `There are: ${scenarioNames.join(', ')}.`,
    )
  return practiceServer(name)
}

export interface PracticeSession {
  /** What an operator is told at the beginning. */
  readonly briefing: string
  /** The runbook that it trains. */
  readonly runbook: string
  /** How it went: whether the site works again, in what time, and what led from the cause to what was seen. */
  debrief(): Promise<string>
}

/** @throws Failure as {@link openPractice} does. */
export async function beginPractice(scenario: string): Promise<PracticeSession> {
  const server = await serverOf(scenario)
  const began = Date.now()
  return {
    briefing: server.briefing,
    runbook: server.runbook,
    async debrief() {
      const minutes = Math.max(1, Math.round((Date.now() - began) / 60_000))
      const works = (await server.ask('healthy')) === true
      const lines = [
        `Practice: ${works ? 'everything works as it should' : 'it is not mended yet'}, after ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`,
        ...(server.debrief.length > 0
          ? ['What led to what:', ...server.debrief.map((line, index) => `  ${index + 1}. ${line}`)]
          : []),
      ]
      return `${lines.join('\n')}\n`
    },
  }
}
