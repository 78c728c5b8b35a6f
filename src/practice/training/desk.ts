/** Where training is kept: the scenarios with their best scores, and the one exercise that is under way. */

import type { RunState } from '../../engine/state.ts'
import type { RunEvent } from '../../model/event.ts'
import { type ScenarioBrief, scenarioBriefs } from '../scenarios/names.ts'
import { type BestScores, openBestScores } from './best-scores.ts'
import { debriefText } from './debrief.ts'
import { createExercise, type Exercise, type WatchedExercise } from './exercise.ts'

export interface ScenarioSummary extends ScenarioBrief {
  /** The best score so far, 0 to 100; absent when there is none. */
  readonly best?: number
}

/** What the screens need. */
export interface Training {
  /** In the order in which they are offered. */
  list(): readonly ScenarioSummary[]
  /** Starts a server of its own for it, and then the clock. @throws Failure (64) for no such scenario, (69) when it does not start. */
  begin(scenario: string): Promise<Exercise>
}

export interface TrainingDesk extends Training {
  /** Told every event of every run. */
  watch(event: RunEvent, state: RunState): void
  /** The debrief of the last exercise as plain text; '' when nothing was tried. Ends one that is still open. */
  farewell(columns: number): Promise<string>
}

/** @param folder where the best scores are kept. */
export function openTraining(folder: string): TrainingDesk {
  const scores = openBestScores(folder)
  let current: WatchedExercise | undefined
  return {
    list() {
      const best = readable(scores)
      return scenarioBriefs.map(brief => {
        const points = best[brief.name]
        return points === undefined ? brief : { ...brief, best: points }
      })
    },
    async begin(scenario) {
      const { freshPractice } = await import('../open.ts')
      const server = await freshPractice(scenario)
      current?.giveUp()
      current = createExercise(server.task, server.target, {
        now: Date.now,
        close: server.stop,
        works: async () => (await server.ask('healthy')) === true,
        keep: points => scores.keep(server.task.name, points),
      })
      return current
    },
    watch(event, state) {
      if (state.target.environment === 'practice') current?.watch(event, state)
    },
    async farewell(columns) {
      if (!current?.getSnapshot().isUnderWay) return ''
      return debriefText(await current.finish(), columns)
    },
  }
}

/** A file that cannot be read hides the scores, not the scenarios; keeping the next one says what is wrong with it. */
function readable(scores: BestScores): Readonly<Record<string, number>> {
  try {
    return scores.read()
  } catch {
    return {}
  }
}
