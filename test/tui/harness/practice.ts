/** Services with practice: the scenarios and the exercise are the program's own, the server is played. */

import { type RunState, reduce } from '../../../src/engine/state.ts'
import { Target } from '../../../src/model/target.ts'
import type { ScenarioSummary } from '../../../src/practice/training/desk.ts'
import { createExercise, type Task, type WatchedExercise } from '../../../src/practice/training/exercise.ts'
import { type TestServices, testServices } from './services.ts'

const scenarios: readonly ScenarioSummary[] = [
  {
    name: 'bare',
    title: 'A bare server',
    briefing: 'A new Debian server, as a provider delivers it.',
    isScored: false,
  },
  {
    name: 'open-door',
    title: 'The open door',
    briefing: 'The provider writes that somebody tries passwords on this server, thousands a day.',
    isScored: true,
    best: 70,
  },
  { name: 'surprise', title: 'A surprise', briefing: 'The phone rings.', isScored: true },
]

const task: Task = {
  name: 'open-door',
  title: 'The open door',
  briefing: 'The provider writes that somebody tries passwords on this server, thousands a day.',
  runbook: 'server-setup',
  cause: 'ssh/password-login-refused',
  needed: ['ssh/turn-password-login-off'],
  isBroken: true,
  hints: ['A password can be guessed.', 'Ask sshd what it accepts.', 'PasswordAuthentication is on.'],
  chain: ['The image of the provider lets passwords in.', 'Nobody had turned that off.'],
  fastest: ['Walk the runbook.', 'Agree to turning password login off.'],
}

const practice = Target.parse({ name: 'practice', environment: 'practice', host: '127.0.0.1', user: 'root' })

export interface PracticeServices extends TestServices {
  /** The names of what was begun. */
  readonly begun: string[]
}

/** @param works what the server says in the end. */
export function practiceServices({ works = false } = {}): PracticeServices {
  const base = testServices({ targets: [] })
  const begun: string[] = []
  let current: WatchedExercise | undefined
  let best: number | undefined
  return {
    ...base,
    begun,
    start(request, ports) {
      let state: RunState | undefined
      return base.start(request, {
        ...ports,
        emit(event) {
          state = reduce(state, event)
          current?.watch(event, state)
          ports.emit(event)
        },
      })
    },
    training: {
      list: () =>
        scenarios.map(one => (one.name === task.name && best !== undefined ? { ...one, best } : one)),
      async begin(name) {
        begun.push(name)
        if (name === 'surprise') throw new Error('the practice server did not start')
        current = createExercise(task, practice, {
          now: () => base.clock.now,
          works: async () => works,
          close() {},
          keep(points) {
            best = points
            return { points, isNew: true }
          },
        })
        return current
      },
    },
  }
}
