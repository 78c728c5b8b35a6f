/** Opens the whole program on a test terminal, with a clock that stands still and nothing that moves. */

import { App } from '../../../src/tui/app.tsx'
import type { Initial } from '../../../src/tui/services.ts'
import type { RunStore } from '../../../src/tui/store.ts'
import { themeFor } from '../../../src/tui/theme.ts'
import { type TestServices, testServices } from './services.ts'
import { mount, type TestTerminal } from './terminal.ts'

// Dates on the screen are by the operator's clock.
process.env.TZ = 'UTC'

export interface OpenProgram extends TestTerminal {
  readonly services: TestServices
  /** Exit codes the program asked to leave with. */
  readonly exits: number[]
  readonly runs: RunStore[]
}

interface Options {
  readonly services?: TestServices
  readonly initial?: Initial
  readonly columns?: number
  readonly rows?: number
  readonly ascii?: boolean
  readonly colour?: boolean
  /** Spinner, clock, and the moment before a question takes answers: as for a person. */
  readonly motion?: boolean
}

export async function open(options: Options = {}): Promise<OpenProgram> {
  const {
    services = testServices(),
    initial,
    columns = 80,
    rows = 24,
    ascii = false,
    colour = true,
    motion = false,
  } = options
  const exits: number[] = []
  const runs: RunStore[] = []
  const theme = themeFor({ ascii, colour, now: () => services.clock.now, motion, live: motion })
  const terminal = await mount(
    <App
      services={services}
      initial={initial}
      theme={theme}
      onRun={store => runs.push(store)}
      onExit={code => exits.push(code)}
    />,
    { columns, rows },
  )
  return { ...terminal, services, exits, runs }
}
