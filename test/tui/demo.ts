/**
 * The screens on a real terminal with a played run behind them, for looking at: `npm run demo`-like use is
 * `npx rolldown test/tui/demo.ts …`; see CONTRIBUTING. Nothing connects anywhere.
 */

import { startTui } from '../../src/tui/start.tsx'
import { testServices } from './harness/services.ts'

const services = testServices({
  isFirstContact: true,
  pause: place => new Promise(resolve => setTimeout(resolve, place.startsWith('checking') ? 350 : 120)),
})
services.clock.now = Date.now()
process.exitCode = await startTui({
  program: async () => ({ services }),
  ascii: process.argv.includes('--ascii'),
  colour: !process.argv.includes('--no-colour'),
  version: 'demo',
})
