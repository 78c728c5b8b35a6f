/** The terminal's title says where one is, so that a window among many is found again. */

import { useStdout } from 'ink'
import { useEffect } from 'react'

/** xterm's OSC 2, and CSI 22/23 t, which keep the title that was there before and put it back. */
export const SAVE_TITLE = '\x1b[22;2t'
export const RESTORE_TITLE = '\x1b[23;2t'

/** Sets the title. Written past Ink, which would draw the frame anew: it moves no cursor. */
export function useTitle(words: string): void {
  const { stdout } = useStdout()
  useEffect(() => {
    if ('isTTY' in stdout && stdout.isTTY === true)
      stdout.write(`\x1b]2;${words.replace(/[\x00-\x1f\x7f-\x9f]/g, '')}\x07`)
  }, [stdout, words])
}
