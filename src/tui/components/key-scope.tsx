/** The one place where keys come in. They go to the screen that is mounted, one press at a time. */

import { useInput, usePaste } from 'ink'
import { createContext, type ReactNode, useContext, useLayoutEffect, useRef, useState } from 'react'
import { actionFor, everywhere, type KeyPress, pressesOf } from '../keys.ts'
import { useTheme } from '../theme.ts'

export interface KeyTarget {
  /** True while a text field has the focus: characters that came together are then given together. */
  readonly isTyping: boolean
  press(press: KeyPress): void
  /** Pasted text is text, never keys; without a field to take it, it is dropped. */
  paste?(text: string): void
}

interface Scope {
  target: KeyTarget | undefined
}

/** When the last key was pressed, by the theme's clock: whether somebody looks. */
export const LastKeyContext = createContext<{ at: number | undefined }>({ at: undefined })

const ScopeContext = createContext<Scope>({ target: undefined })

/** The press with the characters that follow it in the queue, which they leave. */
function withFollowing(press: KeyPress, waiting: Arrival[]): KeyPress {
  let text = press.text ?? ''
  while (waiting[0] !== undefined && 'press' in waiting[0] && waiting[0].press.text !== undefined) {
    text += waiting[0].press.text
    waiting.shift()
  }
  return { name: text, text }
}

interface KeyScopeProps {
  readonly onInterrupt: () => void
  readonly onSuspend: () => void
  readonly onRedraw: () => void
  readonly children: ReactNode
}

type Arrival = { readonly press: KeyPress } | { readonly paste: string }

export function KeyScope({ onInterrupt, onSuspend, onRedraw, children }: KeyScopeProps) {
  const { now } = useTheme()
  const scope = useRef<Scope>({ target: undefined })
  const lastKey = useRef<{ at: number | undefined }>({ at: undefined })
  const waiting = useRef<Arrival[]>([])
  const isBusy = useRef(false)
  const [turn, setTurn] = useState(0)

  // A handler closes over the state of its render, so the next key waits until React has drawn what the last
  // one did: each turn is a state change of its own, committed together with those of the handler.
  const next = () => {
    const arrival = waiting.current.shift()
    if (arrival === undefined) {
      isBusy.current = false
      return
    }
    isBusy.current = true
    const { target } = scope.current
    if ('paste' in arrival) target?.paste?.(arrival.paste)
    else if (target?.isTyping === true && arrival.press.text !== undefined)
      target.press(withFollowing(arrival.press, waiting.current))
    else target?.press(arrival.press)
    setTurn(before => before + 1)
  }
  // Out of the commit first: React takes more than fifty updates inside one another for a loop, and a paste
  // without brackets is longer than that.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it belongs to the turn, not to what it closes over
  useLayoutEffect(() => {
    if (turn > 0) setImmediate(next)
  }, [turn])
  const arrive = (arrival: Arrival) => {
    waiting.current.push(arrival)
    if (!isBusy.current) next()
  }
  useInput((input, key) => {
    lastKey.current.at = now()
    for (const press of pressesOf(input, key)) {
      const action = press.name.startsWith('ctrl+') ? actionFor(everywhere, press) : undefined
      if (action === 'interrupt') {
        waiting.current = []
        onInterrupt()
      } else if (action === 'suspend') onSuspend()
      else if (action === 'redraw') onRedraw()
      else arrive({ press })
    }
  })
  usePaste(text => arrive({ paste: text }))

  return (
    <LastKeyContext value={lastKey.current}>
      <ScopeContext.Provider value={scope.current}>{children}</ScopeContext.Provider>
    </LastKeyContext>
  )
}

/** Makes this component the one that keys go to while it is mounted; undefined while something lies over it. */
export function useKeyTarget(target: KeyTarget | undefined): void {
  const scope = useContext(ScopeContext)
  useLayoutEffect(() => {
    // Effects of children run first: a covered screen must not take the keys back from what covers it.
    if (target === undefined) return
    scope.target = target
    return () => {
      if (scope.target === target) scope.target = undefined
    }
  })
}
