/** A run with its result: walked just now and still connected, over, or long ago. */

import { useState } from 'react'
import type { RunState } from '../../engine/state.ts'
import type { Trail } from '../components/header.tsx'
import type { RunActions } from '../run-actions.ts'
import type { ExportFormat, RunOutcome } from '../services.ts'
import { Checks } from './checks.tsx'
import { Diagnosis } from './diagnosis.tsx'
import { End } from './end.tsx'
import { Export } from './export.tsx'

interface EndedProps {
  readonly state: RunState | undefined
  readonly outcome: RunOutcome
  readonly trail: Trail
  /** What can still be done while the connection stands. */
  readonly actions?: RunActions
  readonly onAgain?: () => void
  readonly onExport?: (format: ExportFormat) => Promise<string>
  readonly onBack: () => void
  readonly onQuit: () => void
}

type View = 'result' | 'checks' | 'diagnosis' | 'export'

export function Ended({
  state,
  outcome,
  trail,
  actions = {},
  onAgain,
  onExport,
  onBack,
  onQuit,
}: EndedProps) {
  const [view, show] = useState<View>('result')
  const back = () => show('result')
  if (view === 'checks' && state !== undefined)
    return (
      <Checks state={state} order="failures-first" status={outcome.status} actions={actions} onBack={back} />
    )
  if (view === 'diagnosis' && state !== undefined)
    return <Diagnosis state={state} actions={actions} onBack={back} />
  if (view === 'export' && onExport !== undefined)
    return <Export trail={trail} onExport={onExport} onBack={back} />
  return (
    <End
      state={state}
      outcome={outcome}
      trail={trail}
      actions={actions}
      onChecks={() => show('checks')}
      onDiagnosis={() => show('diagnosis')}
      {...(onExport === undefined || state === undefined ? {} : { onExport: () => show('export') })}
      {...(onAgain === undefined ? {} : { onAgain })}
      onBack={onBack}
      onQuit={onQuit}
    />
  )
}
