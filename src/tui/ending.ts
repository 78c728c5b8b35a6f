/** Ending a run that is under way because the operator leaves now. */

import type { RunStore } from './store.ts'

/** Milliseconds that a run gets to bring itself to a known state once it has to end now. */
const LAST_PATIENCE = 5000

/** Tells the run to end at once, and settles when it has, or when patience is over. */
export function endNow(store: RunStore): Promise<void> {
  return new Promise(resolve => {
    if (store.getSnapshot().outcome !== undefined) return resolve()
    const timer = setTimeout(resolve, LAST_PATIENCE)
    const unsubscribe = store.subscribe(() => {
      if (store.getSnapshot().outcome === undefined) return
      clearTimeout(timer)
      unsubscribe()
      resolve()
    })
    store.stopNow()
  })
}
