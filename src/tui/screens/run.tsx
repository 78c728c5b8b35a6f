/** A live run: whichever of its screens the run calls for now. */

import { Box, Text, useWindowSize } from 'ink'
import { useState, useSyncExternalStore } from 'react'
import { statusOf } from '../../engine/outcome.ts'
import type { RunState } from '../../engine/state.ts'
import { EXIT } from '../../model/failure.ts'
import { type TaskbarState, useBell, useTaskbar } from '../attention.ts'
import { connectionStatus, type Trail } from '../components/header.tsx'
import { Panel } from '../components/panel.tsx'
import { howFar } from '../components/progress.tsx'
import { NoticeScope, Screen } from '../components/screen.tsx'
import { Spinner } from '../components/spinner.tsx'
import { keyTable } from '../keys.ts'
import type { Question } from '../questions.ts'
import { runActions } from '../run-actions.ts'
import type { ExportFormat, RunOutcome } from '../services.ts'
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
  /** Hands the terminal to a shell on the run's server. */
  readonly onShell: () => Promise<void>
  readonly onExport: (format: ExportFormat) => Promise<string>
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
  useBell(reasonToLook(snapshot))
  useTaskbar(taskbarOf(snapshot))
  const notice = snapshot.outcome === undefined ? stoppingWords[snapshot.stopping] : undefined
  return (
    <NoticeScope value={notice}>
      <RunScreen {...props} snapshot={snapshot} />
    </NoticeScope>
  )
}

function RunScreen(props: RunProps & { readonly snapshot: RunSnapshot }) {
  const { store, snapshot, onShell, onExport, onAgain, onBack, onQuit } = props
  // Looking away from one remedy must not hide the next one.
  const [lookedAwayFrom, lookAwayFrom] = useState<string>()
  const { state, question, outcome } = snapshot
  const trail: Trail = { target: snapshot.request.target, path: [snapshot.request.runbook] }
  const actions = runActions(store, onShell)
  if (outcome !== undefined || snapshot.isEnding || question?.kind === 'review')
    return (
      <Ended
        key="ended"
        state={state}
        outcome={outcome ?? provisional(state)}
        trail={trail}
        actions={actions}
        {...{ onAgain, onExport, onBack, onQuit }}
      />
    )
  if (question !== undefined)
    return <Asked key={question.id} question={question} snapshot={snapshot} trail={trail} />
  if (state === undefined) return <Starting trail={trail} host={snapshot.request.target.host} />
  const remedy = state.remedies.findLast(({ intended, outcome: end }) => intended && end === undefined)
  const name = remedy === undefined ? undefined : `${remedy.check} ${remedy.remedy} ${remedy.attempt}`
  if (remedy !== undefined && name !== lookedAwayFrom)
    return (
      <Remedy
        key={name}
        state={state}
        remedy={remedy}
        actions={actions}
        onChecks={() => lookAwayFrom(name)}
        onDetach={() => store.stop()}
      />
    )
  return (
    <Checks
      key="live"
      state={state}
      order="steps"
      actions={actions}
      {...(remedy === undefined ? {} : { onOutput: () => lookAwayFrom(undefined) })}
    />
  )
}

/** What the operator is needed for, as something that is new for each need. */
function reasonToLook({ question, outcome }: RunSnapshot): string | undefined {
  if (question !== undefined) return `question ${question.id}`
  return outcome === undefined ? undefined : 'over'
}

function taskbarOf({ state, question, outcome }: RunSnapshot): TaskbarState {
  if (outcome !== undefined || state === undefined) return 'off'
  const { done, all } = howFar(state)
  return { percent: all === 0 ? 0 : (done / all) * 100, isPaused: question !== undefined }
}

/** The result of a run that has been walked, while the operator may still do something about it. */
function provisional(state: RunState | undefined): RunOutcome {
  const status = state === undefined ? 'interrupted' : statusOf(state)
  return { status, exitCode: EXIT.passed }
}

interface AskedProps {
  readonly question: Exclude<Question, { kind: 'review' }>
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
