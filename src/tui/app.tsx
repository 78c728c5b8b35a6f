/** The screens put together: look, keys, and the one that is drawn now. */

import { ThemeProvider } from '@inkjs/ui'
import { useApp } from 'ink'
import { useMemo } from 'react'
import type { Target } from '../model/target.ts'
import { componentTheme } from './component-theme.ts'
import { KeyScope } from './components/key-scope.tsx'
import { NoticeScope } from './components/screen.tsx'
import { useProgramData } from './data.ts'
import { ExerciseScope } from './exercise-scope.ts'
import { withoutKeyboard } from './hand-over.ts'
import { type JourneySetting, useJourney } from './journey.ts'
import { PlaceView } from './places.tsx'
import { suspendToShell } from './suspend.ts'
import { type Theme, ThemeScope } from './theme.ts'

interface AppProps extends JourneySetting {
  readonly theme: Theme
}

export function App({ theme, ...setting }: AppProps) {
  const { services, initial } = setting
  const { suspendTerminal } = useApp()
  const journey = useJourney(setting)
  const data = useProgramData(services, journey.place.screen)
  const inkTheme = useMemo(() => componentTheme(theme), [theme])
  const openShell = async (target: Target) => {
    let problem: unknown
    await suspendTerminal(async () => {
      try {
        await withoutKeyboard(() => services.openShell(target))
      } catch (error) {
        problem = error
      }
    })
    if (problem !== undefined) throw problem
  }
  return (
    <ThemeScope value={theme}>
      <ThemeProvider theme={inkTheme}>
        <KeyScope
          onInterrupt={journey.interrupt}
          onSuspend={() => void suspendTerminal(() => withoutKeyboard(suspendToShell))}
          onRedraw={() => void suspendTerminal(() => {})}
        >
          <NoticeScope value={journey.place.screen === 'add' ? undefined : journey.problem}>
            <ExerciseScope value={journey.exercise}>
              <PlaceView {...{ journey, data, services, initial }} onShell={openShell} />
            </ExerciseScope>
          </NoticeScope>
        </KeyScope>
      </ThemeProvider>
    </ThemeScope>
  )
}
