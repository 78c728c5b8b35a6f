/** The form for one more server, and the try of its connection beside it. */

import { useMemo, useState } from 'react'
import { draftOf, targetFields } from '../fields.ts'
import type { Services, TargetSummary } from '../services.ts'
import { FormScreen } from './form-screen.tsx'
import { TryConnection } from './try-connection.tsx'

type Texts = Record<string, string>

interface AddTargetProps {
  readonly taken: readonly TargetSummary[]
  readonly problem?: string
  readonly onTry: Services['tryConnection']
  readonly onDone: (texts: Texts) => void
  readonly onCancel: () => void
}

export function AddTarget({ taken, problem, onTry, onDone, onCancel }: AddTargetProps) {
  const fields = useMemo(() => targetFields(taken.map(({ target }) => target.name)), [taken])
  const [texts, setTexts] = useState<Texts>()
  const [isTrying, setTrying] = useState(false)
  if (isTrying && texts !== undefined)
    return (
      <TryConnection
        draft={draftOf(texts)}
        onTry={onTry}
        onSave={() => onDone(texts)}
        onBack={() => setTrying(false)}
      />
    )
  return (
    <FormScreen
      title="Add a server"
      trail={{ path: ['add a server'] }}
      fields={fields}
      enter="each"
      {...(texts === undefined ? {} : { texts })}
      {...(problem === undefined ? {} : { problem })}
      onTry={filled => {
        setTexts(filled)
        setTrying(true)
      }}
      onDone={onDone}
      onCancel={onCancel}
    />
  )
}
