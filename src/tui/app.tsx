/** The screens put together: which one is drawn, and where its intents go. */

import { ThemeProvider } from '@inkjs/ui'
import { useApp } from 'ink'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { EXIT, type ExitCode } from '../model/failure.ts'
import { KeyScope } from './components/key-scope.tsx'
import { NoticeScope } from './components/screen.tsx'
import { endNow } from './ending.ts'
import { draftOf, parameterFields, parametersFrom } from './fields.ts'
import { useLoaded, wordsOf } from './loaded.ts'
import {
  backToParameters,
  firstStack,
  home,
  openRunbook,
  type Place,
  pop,
  push,
  replaceTop,
  requestOf,
  type Stack,
  topOf,
} from './navigation.ts'
import { AddTarget } from './screens/add-target.tsx'
import { Ended } from './screens/ended.tsx'
import { FormScreen } from './screens/form-screen.tsx'
import { History } from './screens/history.tsx'
import { Home } from './screens/home.tsx'
import { Plan } from './screens/plan.tsx'
import { Run } from './screens/run.tsx'
import { Runbooks } from './screens/runbooks.tsx'
import type { RunSummary, Services, StartRequest, TuiOptions } from './services.ts'
import { createRunStore, type RunStore } from './store.ts'
import { suspendToShell } from './suspend.ts'
import { componentTheme, type Theme, ThemeScope } from './theme.ts'

interface AppProps {
  readonly services: Services
  readonly initial: TuiOptions['initial']
  readonly theme: Theme
  /** Told every run that begins, for the words after leaving. */
  readonly onRun: (store: RunStore) => void
  readonly onExit: (code: ExitCode) => void
}

export function App({ services, initial, theme, onRun, onExit }: AppProps) {
  const { suspendTerminal } = useApp()
  const [stack, setStack] = useState<Stack>(() => firstStack(initial, services.runbooks()))
  const targets = useLoaded(useCallback(() => services.targets(), [services]))
  const runs = useLoaded(useCallback(() => services.history(), [services]))
  const [problem, setProblem] = useState<string>()
  const lastCode = useRef<ExitCode>(EXIT.passed)
  const place = topOf(stack)
  const isAtHome = place.screen === 'home'
  const isAtHistory = place.screen === 'history'
  const { load: loadTargets } = targets
  const { load: loadRuns } = runs
  useEffect(() => {
    if (isAtHome) loadTargets()
  }, [isAtHome, loadTargets])
  useEffect(() => {
    if (isAtHistory) loadRuns()
  }, [isAtHistory, loadRuns])

  const go = (next: Stack) => {
    setProblem(undefined)
    setStack(next)
  }
  const back = () => go(pop(stack))
  const enter = (store: RunStore, from: Stack) => {
    onRun(store)
    void store.start().then(outcome => {
      lastCode.current = outcome.exitCode
    })
    const live: Place = { screen: 'run', store }
    go(topOf(from).screen === 'run' ? replaceTop(from, live) : push(from, live))
  }
  const begin = (request: StartRequest) =>
    enter(
      createRunStore(ports => services.start(request, ports), request),
      stack,
    )
  const resume = async (run: RunSummary) => {
    try {
      const request = requestOf(await services.openRun(run.run), targets.value ?? [])
      enter(
        createRunStore(ports => services.resume(run.run, ports), request),
        stack,
      )
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  const leave = () => onExit(lastCode.current)
  const interrupt = () => {
    const store = place.screen === 'run' ? place.store : undefined
    const snapshot = store?.getSnapshot()
    if (store === undefined || snapshot === undefined || snapshot.outcome !== undefined) return leave()
    if (snapshot.stopping === 'no') return store.stop()
    void endNow(store).then(() => onExit(EXIT.interrupted))
  }
  const suspend = () => void suspendTerminal(suspendToShell)
  const redraw = () => void suspendTerminal(() => {})
  const inkTheme = useMemo(() => componentTheme(theme), [theme])

  const screen = () => {
    switch (place.screen) {
      case 'home':
        return (
          <Home
            targets={targets.value}
            {...(place.selected === undefined ? {} : { selected: place.selected })}
            {...(place.forRunbook === undefined ? {} : { forRunbook: place.forRunbook.id })}
            {...(targets.problem === undefined ? {} : { problem: targets.problem })}
            onOpen={({ target }) =>
              go(
                place.forRunbook === undefined
                  ? push(replaceTop(stack, { ...place, selected: target.name }), {
                      screen: 'runbooks',
                      target,
                    })
                  : openRunbook(stack, target, place.forRunbook, initial?.params ?? {}),
              )
            }
            onAdd={() => go(push(stack, { screen: 'add' }))}
            onRemove={name =>
              void services.removeTarget(name).then(loadTargets, error => setProblem(wordsOf(error)))
            }
            onHistory={() => go(push(stack, { screen: 'history' }))}
            onQuit={leave}
          />
        )
      case 'add':
        return (
          <AddTarget
            taken={targets.value ?? []}
            {...(problem === undefined ? {} : { problem })}
            onDone={async texts => {
              try {
                await services.addTarget(draftOf(texts))
                go(replaceTop(pop(stack), { ...home, selected: texts.name ?? '' } as Place))
              } catch (error) {
                setProblem(wordsOf(error))
              }
            }}
            onCancel={back}
          />
        )
      case 'runbooks':
        return (
          <Runbooks
            target={place.target}
            runbooks={services.runbooks()}
            onOpen={runbook => go(openRunbook(stack, place.target, runbook, {}))}
            onBack={back}
          />
        )
      case 'parameters':
        return (
          <FormScreen
            key={place.runbook.id}
            title={`Parameters of ${place.runbook.title}`}
            trail={{ target: place.target, path: [place.runbook.id, 'parameters'] }}
            fields={parameterFields(place.runbook.parameters, { given: place.given, target: place.target })}
            enter="all"
            onDone={texts => {
              const { target, runbook } = place
              const params = parametersFrom(runbook.parameters, texts)
              const kept = replaceTop(stack, { ...place, given: params })
              go(push(kept, { screen: 'plan', target, runbook, params }))
            }}
            onCancel={back}
          />
        )
      case 'plan':
        return (
          <Plan
            target={place.target}
            runbook={place.runbook}
            steps={services.plan(place.runbook.id)}
            params={place.params}
            onStart={mode => {
              const { target, runbook, params } = place
              begin({ runbook: runbook.id, target, params, mode })
            }}
            {...(place.runbook.parameters.length === 0
              ? {}
              : { onParameters: () => go(backToParameters(stack)) })}
            onBack={back}
          />
        )
      case 'run':
        return (
          <Run
            store={place.store}
            onAgain={() => begin(place.store.getSnapshot().request)}
            onBack={() => go([{ screen: 'home', selected: place.store.getSnapshot().request.target.name }])}
            onQuit={leave}
          />
        )
      case 'history':
        return (
          <History
            runs={runs.value}
            {...(runs.problem === undefined ? {} : { problem: runs.problem })}
            onOpen={run => void openPast(run)}
            onResume={run => void resume(run)}
            onBack={back}
          />
        )
      case 'past': {
        const { state, journalPath } = place
        const outcome = {
          status: state.status ?? ('interrupted' as const),
          exitCode: EXIT.passed,
          ...(journalPath === undefined ? {} : { journalPath }),
        }
        const trail = { target: state.target, path: ['past runs', state.runbook] }
        return <Ended state={state} outcome={outcome} trail={trail} onBack={back} onQuit={leave} />
      }
    }
  }
  const openPast = async (run: RunSummary) => {
    try {
      const state = await services.openRun(run.run)
      const { journalPath } = run
      go(push(stack, { screen: 'past', state, ...(journalPath === undefined ? {} : { journalPath }) }))
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }

  return (
    <ThemeScope value={theme}>
      <ThemeProvider theme={inkTheme}>
        <KeyScope onInterrupt={interrupt} onSuspend={suspend} onRedraw={redraw}>
          <NoticeScope value={place.screen === 'add' ? undefined : problem}>{screen()}</NoticeScope>
        </KeyScope>
      </ThemeProvider>
    </ThemeScope>
  )
}
