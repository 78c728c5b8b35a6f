/** Holds a play at a place, so that a test can look at a moment that would otherwise be over at once. */

export interface Gate {
  pause(place: string): Promise<void>
  /** Lets the play go on to the next place that is held. */
  open(): void
  /** Settles when the play stands at a held place. */
  reached(): Promise<void>
}

/** @param isHeld whether the play stops at a place. */
export function createGate(isHeld: (place: string) => boolean): Gate {
  let release: (() => void) | undefined
  let arrive: (() => void) | undefined
  return {
    pause(place) {
      if (!isHeld(place)) return Promise.resolve()
      return new Promise(resolve => {
        release = resolve
        arrive?.()
      })
    },
    open() {
      const go = release
      release = undefined
      go?.()
    },
    async reached() {
      if (release !== undefined) return
      await new Promise<void>(resolve => {
        arrive = resolve
      })
    },
  }
}
