/** The exercise that the screens are in, where there is one: for its hints, and for what it is told. */

import { createContext, useContext } from 'react'
import type { Environment } from '../model/target.ts'
import type { Exercise } from '../practice/training/exercise.ts'

const ExerciseContext = createContext<Exercise | undefined>(undefined)
export const ExerciseScope = ExerciseContext.Provider

/** @param environment of the server that the screen is about: an exercise is on the practice server alone. */
export function useExercise(environment: Environment | undefined): Exercise | undefined {
  const exercise = useContext(ExerciseContext)
  return environment === 'practice' ? exercise : undefined
}
