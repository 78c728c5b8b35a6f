/** A home folder: whether it is one, and whose. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { type PathState, parseStates } from './path-state.ts'

export type HomeState = PathState

export const homeState = fact('home-state', async (context, path: string): Promise<HomeState> => {
  const result = await context.run(
    sh`stat -c '%f %U %n' -- ${path} 2>/dev/null || printf 'missing - %s\\n' ${path}`,
    { as: 'root' },
  )
  const [state] = parseStates(outputOf(result, path))
  return state ?? { path, kind: 'missing', mode: 0, owner: '' }
})
