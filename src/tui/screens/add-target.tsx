/** The form for one more server. */

import { useMemo } from 'react'
import { targetFields } from '../fields.ts'
import type { TargetSummary } from '../services.ts'
import { FormScreen } from './form-screen.tsx'

interface AddTargetProps {
  readonly taken: readonly TargetSummary[]
  readonly problem?: string
  readonly onDone: (texts: Record<string, string>) => void
  readonly onCancel: () => void
}

export function AddTarget({ taken, problem, onDone, onCancel }: AddTargetProps) {
  const fields = useMemo(() => targetFields(taken.map(({ target }) => target.name)), [taken])
  return (
    <FormScreen
      title="Add a server"
      trail={{ path: ['add a server'] }}
      fields={fields}
      enter="each"
      {...(problem === undefined ? {} : { problem })}
      onDone={onDone}
      onCancel={onCancel}
    />
  )
}
