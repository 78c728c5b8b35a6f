/** Opens the screens on the terminal and closes them again, whatever happens in between. */

import { type RenderOptions, render } from 'ink'
import { EXIT, type ExitCode } from '../model/failure.ts'
import { progressSequence } from './attention.ts'
import { endNow } from './ending.ts'
import { farewell } from './farewell.ts'
import { linearOutput } from './linear.ts'
import { withFileLink } from './link.ts'
import { keepMemorySmall } from './memory.ts'
import { Opening } from './opening.tsx'
import type { TuiOptions } from './services.ts'
import type { RunStore } from './store.ts'
import { type Theme, themeFor } from './theme.ts'
import { RESTORE_TITLE, SAVE_TITLE } from './title.ts'
import { loadExactWidths } from './width.ts'

const drawn: RenderOptions = {
  alternateScreen: true,
  incrementalRendering: true,
  // A high cap with slow data keeps the frame budget free for key presses (tui.md §2.2).
  maxFps: 120,
}

/** Whole frames, of which only what is new goes out. */
function spoken({ symbols }: Theme): RenderOptions {
  const { stdout } = process
  const output = linearOutput(text => void stdout.write(text), symbols.cursor)
  return {
    stdout: output as unknown as NodeJS.WriteStream,
    interactive: true,
    debug: true,
    patchConsole: false,
  }
}

const FATAL = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const

/**
 * Runs the screens until the operator leaves. The exit code is that of the last run, 0 when nothing ran, and
 * 130 when a run was ended by a second Ctrl-C or by a signal. What the last run came to stays on the normal
 * screen in a few lines.
 *
 * @throws whatever went wrong while loading or drawing, after the terminal has been restored.
 */
export async function startTui(options: TuiOptions): Promise<ExitCode> {
  const { program, ascii, colour, motion = true, linear = false, bell = true } = options
  const theme = themeFor({ ascii, colour, motion, linear, bell })
  let last: RunStore | undefined
  let code: ExitCode = EXIT.passed
  const leave = (exitCode: ExitCode) => {
    code = exitCode
    screens.unmount()
  }
  let failure: { readonly error: unknown } | undefined
  const fail = (error: unknown) => {
    failure = { error }
    screens.unmount()
  }
  const onRun = (store: RunStore) => {
    last = store
    keepMemorySmall()
  }
  const load = async () => {
    // The frame goes out before the loading blocks the one thread there is.
    await new Promise(resolve => setImmediate(resolve))
    const [{ App }, loaded] = await Promise.all([import('./app.tsx'), program(), loadExactWidths()])
    return () => <App {...loaded} initial={loaded.initial} theme={theme} onRun={onRun} onExit={leave} />
  }
  process.stdout.write(SAVE_TITLE)
  // What is typed meanwhile waits in the terminal, and is not echoed into the frame.
  if (process.stdin.isTTY) process.stdin.setRawMode(true)
  const screens = render(<Opening theme={theme} load={load} onFailure={fail} />, {
    exitOnCtrlC: false,
    ...(linear ? spoken(theme) : drawn),
  })
  const onSignal = () => {
    if (last === undefined) leave(EXIT.interrupted)
    else void endNow(last).then(() => leave(EXIT.interrupted))
  }
  // A terminal that was closed under us refuses the last frame; there is nobody left to tell.
  const onGone = () => {}
  for (const signal of FATAL) process.on(signal, onSignal)
  process.stdout.on('error', onGone)
  try {
    await screens.waitUntilExit()
  } finally {
    // The listeners stay: conf's exit hook sends every fatal signal once more, which would end us with its code.
    process.stdout.write(progressSequence('off') + RESTORE_TITLE)
  }
  if (failure !== undefined) throw failure.error
  if (last !== undefined) {
    const snapshot = last.getSnapshot()
    const words = farewell(snapshot, theme.symbols, process.stdout.columns ?? 80).join('\n')
    const journal = snapshot.outcome?.journalPath
    process.stdout.write(`${journal === undefined ? words : withFileLink(words, journal, theme)}\n`)
  }
  return code
}
