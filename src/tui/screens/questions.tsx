/** The short questions of a run: something to do elsewhere, somebody else's lock, a host key to trust. */

import type { LockHeld } from '../../engine/operator.ts'
import type { RunState } from '../../engine/state.ts'
import { useArmed } from '../armed.ts'
import type { Trail } from '../components/header.tsx'
import { hostKeyPage, lockPage, manualPage } from '../documents/questions.ts'
import { keyTable, scrolling } from '../keys.ts'
import type { HostKeyQuestion } from '../prompts.ts'
import type { ManualRequest } from '../questions.ts'
import { useTheme } from '../theme.ts'
import { PageQuestion } from './page-question.tsx'

interface QuestionProps<Request, Answer> {
  readonly request: Request
  readonly trail: Trail
  readonly state: RunState | undefined
  readonly onAnswer: (answer: Answer) => void
}

export const manualKeys = keyTable({
  done: { keys: ['d'], shown: 'd', hint: 'done', help: 'It is done: go on, and check it' },
  notDone: {
    keys: ['n', 'escape'],
    shown: 'n',
    hint: 'not done',
    help: 'It is not done: leave it and go on',
  },
  ...scrolling,
})

export function Manual({
  request,
  trail,
  state,
  onAnswer,
}: QuestionProps<ManualRequest, 'done' | 'not-done'>) {
  const isArmed = useArmed()
  return (
    <PageQuestion
      title={request.title}
      trail={trail}
      state={state}
      lines={page => manualPage(page, request)}
      keys={manualKeys}
      handlers={{
        done: isArmed ? () => onAnswer('done') : undefined,
        notDone: isArmed ? () => onAnswer('not-done') : undefined,
      }}
    />
  )
}

export const lockKeys = keyTable({
  stop: {
    keys: ['s', 'escape'],
    shown: 's',
    hint: 'stop here',
    help: 'Leave the server to the other operator',
  },
  takeOver: {
    keys: ['T'],
    shown: 'T',
    hint: 'take over',
    help: 'Take the lock; the other run can change nothing more',
  },
  ...scrolling,
})

export function Lock({ request, trail, state, onAnswer }: QuestionProps<LockHeld, 'take-over' | 'stop'>) {
  const isArmed = useArmed()
  const { now } = useTheme()
  return (
    <PageQuestion
      title="Somebody else works on this server"
      trail={trail}
      state={state}
      isGrave={!request.stale}
      lines={page => lockPage(page, request, now())}
      keys={lockKeys}
      handlers={{
        stop: isArmed ? () => onAnswer('stop') : undefined,
        takeOver: isArmed ? () => onAnswer('take-over') : undefined,
      }}
    />
  )
}

export const hostKeyKeys = keyTable({
  trust: {
    keys: ['t'],
    shown: 't',
    hint: 'it is the same, trust it',
    help: 'Write the key down and connect',
  },
  refuse: { keys: ['n', 'escape'], shown: 'n', hint: 'do not connect', help: 'Do not connect' },
  ...scrolling,
})

export function HostKey({ request, trail, state, onAnswer }: QuestionProps<HostKeyQuestion, boolean>) {
  const isArmed = useArmed()
  return (
    <PageQuestion
      title="Is this your server?"
      trail={trail}
      state={state}
      isGrave={request.otherKnownTypes.length > 0}
      lines={page => hostKeyPage(page, request)}
      keys={hostKeyKeys}
      handlers={{
        trust: isArmed ? () => onAnswer(true) : undefined,
        refuse: isArmed ? () => onAnswer(false) : undefined,
      }}
    />
  )
}
