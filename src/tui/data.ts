/** What the screens show that is read from the program: each read when its screen is come to. */

import { useCallback } from 'react'
import { useLoaded } from './loaded.ts'
import type { Place } from './navigation.ts'
import type { Services } from './services.ts'

export function useProgramData(services: Services, screen: Place['screen']) {
  const isHome = screen === 'home'
  return {
    targets: useLoaded(
      useCallback(() => services.targets(), [services]),
      isHome,
    ),
    due: useLoaded(
      useCallback(() => services.due(), [services]),
      isHome,
    ),
    runs: useLoaded(
      useCallback(() => services.history(), [services]),
      screen === 'history' || screen === 'runbooks',
    ),
    hosts: useLoaded(
      useCallback(() => services.sshHosts(), [services]),
      screen === 'import',
    ),
  }
}

export type ProgramData = ReturnType<typeof useProgramData>
