/**
 * What the operator says of their own accord while a run goes on, beside the answers that it asks for: a note, a
 * check to leave out, a check to look at again, "hold everything".
 */

import type { AnyCheck } from '../model/check.ts'
import type { RunEvent } from '../model/event.ts'
import type { RunState } from './state.ts'

export type Intent =
  | { readonly type: 'note'; readonly text: string; readonly check?: string }
  /** The check counts as not made: it is never green by being left out. */
  | { readonly type: 'skip'; readonly check: string; readonly reason: string }
  /** Nothing new starts until `release`; what runs goes on to its end. */
  | { readonly type: 'freeze' }
  | { readonly type: 'release' }
  /** Looks at checks again on fresh facts, as soon as nothing is being changed. Takes back a skip. */
  | { readonly type: 'again'; readonly checks: readonly string[] }

/** Where intents come from. */
export interface Intents {
  /** @returns what ends the subscription. */
  subscribe(listener: (intent: Intent) => void): () => void
}

/** Where a run looks what was said. */
export interface Desk {
  isSkipped(check: string): boolean
  /** Settles at once, or when a freeze is released or the run is to stop. To be awaited before anything new starts. */
  ready(): Promise<void>
  /** The checks to look at again, each asked for since the last call. */
  takeAgain(): readonly string[]
  close(): void
}

interface DeskSetting {
  readonly intents: Intents | undefined
  readonly signal: AbortSignal
  /** The state of a run that is gone on with: what was skipped stays skipped. */
  readonly before: RunState | undefined
  record(event: Extract<Unstamped, { type: 'note' | 'check-skipped' | 'run-frozen' | 'run-released' }>): void
}

type Unstamped = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'at'> : never) : never

export function openDesk({ intents, signal, before, record }: DeskSetting): Desk {
  const skipped = new Set(
    Object.values(before?.checks ?? {})
      .filter(({ verdict }) => verdict?.status === 'skipped' && verdict.blockedBy === undefined)
      .map(({ id }) => id),
  )
  const again = new Set<string>()
  let isFrozen = false
  let waiting: (() => void)[] = []
  const release = () => {
    isFrozen = false
    for (const go of waiting) go()
    waiting = []
  }
  signal.addEventListener('abort', release, { once: true })

  const take = (intent: Intent) => {
    switch (intent.type) {
      case 'note': {
        const { text, check } = intent
        return record({ type: 'note', text, ...(check === undefined ? {} : { check }) })
      }
      case 'skip':
        skipped.add(intent.check)
        return record({ type: 'check-skipped', check: intent.check, reason: intent.reason })
      case 'again':
        for (const check of intent.checks) {
          skipped.delete(check)
          again.add(check)
        }
        return
      case 'freeze':
        if (isFrozen || signal.aborted) return
        isFrozen = true
        return record({ type: 'run-frozen' })
      case 'release':
        if (!isFrozen) return
        record({ type: 'run-released' })
        return release()
    }
  }
  const unsubscribe = intents?.subscribe(intent => {
    try {
      take(intent)
    } catch {
      // Only the journal can fail here; the next event of the run meets the same failure, and the run says so.
    }
  })

  return {
    isSkipped: check => skipped.has(check),
    ready: () => (isFrozen ? new Promise(resolve => waiting.push(resolve)) : Promise.resolve()),
    takeAgain() {
      const wanted = [...again]
      again.clear()
      return wanted
    },
    close() {
      unsubscribe?.()
      signal.removeEventListener('abort', release)
      release()
    },
  }
}

/** Those of `checks` that the operator asked to look at again. */
export const askedAgain = (desk: Desk, checks: readonly AnyCheck[]): AnyCheck[] => {
  const wanted = desk.takeAgain()
  return checks.filter(check => wanted.includes(check.id))
}
