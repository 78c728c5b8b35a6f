/** A live run: whichever of its screens the run calls for now. */

import { Box, Text, useWindowSize } from 'ink'
import { useState, useSyncExternalStore } from 'react'
import { connectionStatus, type Trail } from '../components/header.tsx'
import { Panel } from '../components/panel.tsx'
import { NoticeScope, Screen } from '../components/screen.tsx'
import { Spinner } from '../components/spinner.tsx'
import { keyTable } from '../keys.ts'
import type { Question } from '../questions.ts'
import type { RunSnapshot, RunStore } from '../store.ts'
import { useTheme } from '../theme.ts'
import { Checks } from './checks.tsx'
import { Choose } from './choose.tsx'
import { Consent } from './consent.tsx'
import { Ended } from './ended.tsx'
import { HostKey, Lock, Manual } from './questions.tsx'
import { Remedy } from './remedy.tsx'
import { Secret } from './secret.tsx'

interface RunProps {
  readonly store: RunStore
  readonly onAgain: () => void
  readonly onBack: () => void
  readonly onQuit: () => void
}

const stoppingWords = {
  no: undefined,
  'after-step': 'Stopping after what is being done now. Ctrl-C again stops at once.',
  now: 'Stopping now.',
} as const

export function Run(props: RunProps) {
  const snapshot = useSyncExternalStore(props.store.subscribe, props.store.getSnapshot)
  const notice = snapshot.outcome === undefined ? stoppingWords[snapshot.stopping] : undefined
  return (
    <NoticeScope value={notice}>
      <RunScreen {...props} snapshot={snapshot} />
    </NoticeScope>
  )
}

function RunScreen({ snapshot, onAgain, onBack, onQuit }: RunProps & { readonly snapshot: RunSnapshot }) {
  // Looking away from one remedy must not hide the next one.
  const [lookedAwayFrom, lookAwayFrom] = useState<string>()
  const { state, question, outcome } = snapshot
  const trail: Trail = { target: snapshot.request.target, path: [snapshot.request.runbook] }
  if (question !== undefined)
    return <Asked key={question.id} question={question} snapshot={snapshot} trail={trail} />
  if (outcome !== undefined)
    return (
      <Ended
        state={state}
        outcome={outcome}
        trail={trail}
        onAgain={onAgain}
        onBack={onBack}
        onQuit={onQuit}
      />
    )
  if (state === undefined) return <Starting trail={trail} host={snapshot.request.target.host} />
  const remedy = state.remedies.findLast(({ intended, outcome: end }) => intended && end === undefined)
  const name = remedy === undefined ? undefined : `${remedy.check} ${remedy.remedy} ${remedy.attempt}`
  if (remedy !== undefined && name !== lookedAwayFrom)
    return <Remedy key={name} state={state} remedy={remedy} onChecks={() => lookAwayFrom(name)} />
  return (
    <Checks
      key="live"
      state={state}
      order="steps"
      isLive
      {...(remedy === undefined ? {} : { onRemedy: () => lookAwayFrom(undefined) })}
    />
  )
}

interface AskedProps {
  readonly question: Question
  readonly snapshot: RunSnapshot
  readonly trail: Trail
}

function Asked({ question, snapshot: { state }, trail }: AskedProps) {
  switch (question.kind) {
    case 'consent':
      return <Consent request={question.request} state={state} onAnswer={question.answer} />
    case 'choose':
      return <Choose request={question.request} state={state} onAnswer={question.answer} />
    case 'manual':
      return <Manual request={question.request} trail={trail} state={state} onAnswer={question.answer} />
    case 'lock':
      return <Lock request={question.request} trail={trail} state={state} onAnswer={question.answer} />
    case 'host-key':
      return <HostKey request={question.request} trail={trail} state={state} onAnswer={question.answer} />
    case 'secret':
      return <Secret request={question.request} trail={trail} state={state} onAnswer={question.answer} />
  }
}

export const startingKeys = keyTable({})

function Starting({ trail, host }: { readonly trail: Trail; readonly host: string }) {
  const { columns, rows } = useWindowSize()
  const theme = useTheme()
  return (
    <Screen
      trail={trail}
      status={connectionStatus(undefined, theme, columns)}
      keys={startingKeys}
      handlers={{}}
    >
      <Panel title="Starting" columns={columns} rows={rows - 2}>
        <Box>
          <Spinner />
          <Text wrap="truncate">{` Connecting to ${host}`}</Text>
        </Box>
      </Panel>
    </Screen>
  )
}
