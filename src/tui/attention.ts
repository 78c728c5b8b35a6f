/** Calls the operator back: the bell when they are needed and have looked away, and the run's progress in the taskbar. */

import { useStdout } from 'ink'
import { useContext, useEffect, useRef } from 'react'
import { LastKeyContext } from './components/key-scope.tsx'
import { useTheme } from './theme.ts'

/** Milliseconds without a key after which the operator counts as looking elsewhere. */
export const LOOKED_AWAY = 20_000

/** Rings once for each new reason, when no key was pressed for a while. Undefined is no reason. */
export function useBell(reason: string | undefined): void {
  const { stdout } = useStdout()
  const { bell, now } = useTheme()
  const lastKey = useContext(LastKeyContext)
  const rung = useRef<string>(undefined)
  useEffect(() => {
    if (reason === rung.current) return
    rung.current = reason
    const isAway = lastKey.at !== undefined && now() - lastKey.at >= LOOKED_AWAY
    if (reason !== undefined && bell && isAway && isTerminal(stdout)) stdout.write('\x07')
  }, [reason, bell, now, lastKey, stdout])
}

/** `percent` of a run, 0 to 100; `paused` while it waits for the operator; `off` clears it. */
export type TaskbarState = { readonly percent: number; readonly isPaused: boolean } | 'off'

/** ConEmu's OSC 9;4, which Windows Terminal, Ghostty and others draw. Written past Ink: it moves no cursor. */
export function progressSequence(state: TaskbarState): string {
  if (state === 'off') return '\x1b]9;4;0;0\x07'
  return `\x1b]9;4;${state.isPaused ? 4 : 1};${Math.round(Math.min(100, Math.max(0, state.percent)))}\x07`
}

/** Keeps the taskbar at the state given, and clears it when the screen goes away. */
export function useTaskbar(state: TaskbarState): void {
  const { stdout } = useStdout()
  const sequence = progressSequence(state)
  useEffect(() => {
    if (isTerminal(stdout)) stdout.write(sequence)
  }, [stdout, sequence])
  useEffect(
    () => () => {
      if (isTerminal(stdout)) stdout.write(progressSequence('off'))
    },
    [stdout],
  )
}

const isTerminal = (stdout: NodeJS.WritableStream): boolean => 'isTTY' in stdout && stdout.isTTY === true
