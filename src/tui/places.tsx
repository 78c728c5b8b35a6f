/** The screen of each place, and where its intents lead. */

import { useState } from 'react'
import { EXIT } from '../model/failure.ts'
import type { Target } from '../model/target.ts'
import type { ProgramData } from './data.ts'
import { draftOfTarget, parametersFrom } from './fields.ts'
import type { Journey } from './journey.ts'
import type { Loaded } from './loaded.ts'
import { backToExercise, backToParameters, openRunbook, type Place, type Stack } from './navigation.ts'
import { AddTarget } from './screens/add-target.tsx'
import { Compare } from './screens/compare.tsx'
import { DebriefScreen } from './screens/debrief.tsx'
import { Ended } from './screens/ended.tsx'
import { ExerciseScreen } from './screens/exercise.tsx'
import { History } from './screens/history.tsx'
import { Home } from './screens/home.tsx'
import { ImportHosts } from './screens/import-hosts.tsx'
import { Parameters } from './screens/parameters.tsx'
import { Plan } from './screens/plan.tsx'
import { Run } from './screens/run.tsx'
import { Runbooks } from './screens/runbooks.tsx'
import { Scenarios } from './screens/scenarios.tsx'
import { TryConnection } from './screens/try-connection.tsx'
import type { Initial, Services } from './services.ts'

interface PlaceViewProps {
  readonly journey: Journey
  readonly data: ProgramData
  readonly services: Services
  readonly initial: Initial | undefined
  /** Hands the terminal to a shell on a server. */
  readonly onShell: (target: Target) => Promise<void>
}

type ViewProps<S extends Place['screen']> = PlaceViewProps & { readonly place: Extract<Place, { screen: S }> }

export function PlaceView(props: PlaceViewProps) {
  const { journey, data, services } = props
  const { place } = journey
  switch (place.screen) {
    case 'home':
      return <HomeView {...props} place={place} />
    case 'add':
      return (
        <AddTarget
          taken={data.targets.value ?? []}
          {...(journey.problem === undefined ? {} : { problem: journey.problem })}
          onTry={services.tryConnection}
          onDone={texts => void journey.addTarget(texts)}
          onCancel={journey.back}
        />
      )
    case 'import':
      return (
        <ImportHosts
          hosts={data.hosts.value}
          {...problemOf(data.hosts)}
          onAdd={drafts => void journey.addTargets(drafts)}
          onBack={journey.back}
        />
      )
    case 'try':
      return (
        <TryConnection
          draft={draftOfTarget(place.target)}
          onTry={services.tryConnection}
          onBack={journey.back}
        />
      )
    case 'runbooks':
      return (
        <Runbooks
          target={place.target}
          runbooks={services.runbooks()}
          runs={data.runs.value}
          onOpen={runbook => journey.go(openRunbook(journey.stack, place.target, runbook, {}))}
          onBack={journey.back}
        />
      )
    case 'parameters':
      return <ParametersView {...props} place={place} />
    case 'plan':
      return <PlanView {...props} place={place} />
    case 'run':
      return <RunView {...props} place={place} />
    case 'history':
      return (
        <History
          runs={data.runs.value}
          {...problemOf(data.runs)}
          onOpen={run => void journey.openPast(run)}
          onCompare={(one, other) => void journey.compare(one, other)}
          onResume={({ run }) => void journey.resume(run, data.targets.value ?? [])}
          onBack={journey.back}
        />
      )
    case 'scenarios':
      return <ScenariosView {...props} place={place} />
    case 'exercise':
      return (
        <ExerciseScreen
          exercise={place.exercise}
          runbook={services.runbooks().find(({ id }) => id === place.exercise.task.runbook)}
          onRunbook={() => journey.openTrained(place.exercise)}
          onOthers={() => journey.open({ screen: 'runbooks', target: place.exercise.target })}
          onDebrief={() => void journey.debrief(place.exercise)}
          onBack={() => journey.giveUp(place.exercise)}
        />
      )
    case 'debrief':
      return (
        <DebriefScreen
          exercise={place.exercise}
          onAgain={() => journey.beginExercise(place.exercise.task.name)}
          onBack={journey.back}
          onQuit={() => journey.leave()}
        />
      )
    case 'compare':
      return <Compare before={place.before} after={place.after} onBack={journey.back} />
    case 'past':
      return <PastView {...props} place={place} />
  }
}

const problemOf = ({ problem }: Loaded<unknown>) => (problem === undefined ? {} : { problem })

function HomeView({ place, journey, data, initial, services }: ViewProps<'home'>) {
  const { targets, due } = data
  const known = targets.value ?? []
  const { forRunbook } = place
  return (
    <Home
      targets={targets.value}
      {...(place.selected === undefined ? {} : { selected: place.selected })}
      {...(forRunbook === undefined ? {} : { forRunbook: forRunbook.id })}
      {...problemOf(targets)}
      {...(due.value === undefined ? {} : { due: due.value })}
      onDue={item =>
        item.kind === 'resume' ? void journey.resume(item.subject, known) : journey.walk(item, known)
      }
      onOpen={({ target }) =>
        forRunbook === undefined
          ? journey.openFrom({ ...place, selected: target.name }, { screen: 'runbooks', target })
          : journey.go(openRunbook(journey.stack, target, forRunbook, initial?.params ?? {}))
      }
      onTry={({ target }) => journey.openFrom({ ...place, selected: target.name }, { screen: 'try', target })}
      onPractise={services.training && journey.practise}
      onAdd={() => journey.open({ screen: 'add' })}
      onImport={() => journey.open({ screen: 'import' })}
      onRemove={name => void journey.removeTarget(name, targets.load)}
      onHistory={() => journey.open({ screen: 'history' })}
      onQuit={() => journey.leave()}
    />
  )
}

function ScenariosView({ place, journey, services }: ViewProps<'scenarios'>) {
  // At once, so that no key is pressed into an empty list; anew each time that one comes here.
  const [scenarios] = useState(() => services.training?.list() ?? [])
  return (
    <Scenarios
      scenarios={scenarios}
      {...(place.selected === undefined ? {} : { selected: place.selected })}
      onBegin={journey.beginExercise}
      onBack={journey.back}
    />
  )
}

function ParametersView({ place, journey, services }: ViewProps<'parameters'>) {
  const { target, runbook, given } = place
  return (
    <Parameters
      key={runbook.id}
      target={target}
      runbook={runbook}
      given={given}
      onLook={services.look}
      onDone={texts => {
        const params = parametersFrom(runbook.parameters, texts)
        journey.openFrom({ ...place, given: params }, { screen: 'plan', target, runbook, params })
      }}
      onCancel={journey.back}
    />
  )
}

function PlanView({ place, journey, services }: ViewProps<'plan'>) {
  const { target, runbook, params } = place
  return (
    <Plan
      target={target}
      runbook={runbook}
      steps={services.plan(runbook.id)}
      params={params}
      onStart={mode => journey.begin({ runbook: runbook.id, target, params, mode })}
      {...(runbook.parameters.length === 0
        ? {}
        : { onParameters: () => journey.go(backToParameters(journey.stack)) })}
      onBack={journey.back}
    />
  )
}

function RunView({ place: { store }, journey, services, onShell }: ViewProps<'run'>) {
  const { request } = store.getSnapshot()
  const { exercise, stack } = journey
  const below: Stack =
    exercise === undefined ? [{ screen: 'home', selected: request.target.name }] : backToExercise(stack)
  return (
    <Run
      store={store}
      onShell={() => onShell(request.target)}
      onExport={async format => {
        await store.end()
        return services.exportRun(store.getSnapshot().state?.run ?? '', format)
      }}
      onAgain={() => void store.end().then(() => journey.begin(request))}
      onBack={() => void store.end().then(() => journey.go(below))}
      onQuit={() =>
        exercise === undefined
          ? void store.end().then(({ exitCode }) => journey.leave(exitCode))
          : void journey.debrief(exercise)
      }
    />
  )
}

function PastView({ place, journey, services }: ViewProps<'past'>) {
  const { state, journalPath } = place
  const outcome = {
    status: state.status ?? ('interrupted' as const),
    exitCode: EXIT.passed,
    ...(journalPath === undefined ? {} : { journalPath }),
  }
  return (
    <Ended
      state={state}
      outcome={outcome}
      trail={{ target: state.target, path: ['past runs', state.runbook] }}
      onExport={format => services.exportRun(state.run, format)}
      onBack={journey.back}
      onQuit={() => journey.leave()}
    />
  )
}
