/** A run that is over, just now or long ago: its result, and all of its checks. */

import { useState } from 'react'
import type { RunState } from '../../engine/state.ts'
import type { Trail } from '../components/header.tsx'
import type { RunOutcome } from '../services.ts'
import { Checks } from './checks.tsx'
import { End } from './end.tsx'

interface EndedProps {
  readonly state: RunState | undefined
  readonly outcome: RunOutcome
  readonly trail: Trail
  readonly onAgain?: () => void
  readonly onBack: () => void
  readonly onQuit: () => void
}

export function Ended({ state, outcome, trail, onAgain, onBack, onQuit }: EndedProps) {
  const [isReviewing, review] = useState(false)
  if (isReviewing && state !== undefined)
    return <Checks state={state} order="failures-first" isLive={false} onBack={() => review(false)} />
  return (
    <End
      state={state}
      outcome={outcome}
      trail={trail}
      onChecks={() => review(true)}
      {...(onAgain === undefined ? {} : { onAgain })}
      onBack={onBack}
      onQuit={onQuit}
    />
  )
}
