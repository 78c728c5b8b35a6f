/**
 * The screens with a run behind them that floods one pane with output while a hundred checks come and go. Bundled
 * by the bench as the program is, and run in a pseudo terminal. Nothing connects anywhere.
 *
 * Arguments: lines a second, lines in all.
 */

import type { RunEvent } from '../../src/model/event.ts'
import type { RunOutcome, RunPorts, Services } from '../../src/tui/services.ts'
import { startTui } from '../../src/tui/start.tsx'

const [linesASecond, linesInAll] = process.argv.slice(2).map(Number) as [number, number]
const TICK = 10
const CHECKS = 100

const target = { name: 'bench', environment: 'staging' as const, host: 'nowhere', stack: {} }
const at = () => new Date().toISOString()
const attempt = { remedy: 'bench/flood', check: 'bench/0', attempt: 1 }

function flood({ emit, stopNow, signal }: RunPorts): Promise<RunOutcome> {
  const checks = Array.from({ length: CHECKS }, (_, index) => ({
    id: `bench/${index}`,
    title: `Check ${index} of the flood`,
    why: 'It keeps the list moving.',
    after: [],
    explains: [],
    remedies: [],
  }))
  const events: RunEvent[] = [
    {
      type: 'run-started',
      at: at(),
      run: 'bench',
      tool: 'bench',
      operator: 'bench',
      mode: 'run',
      runbook: 'bench',
      title: 'A flood',
      target,
      params: {},
      steps: [{ id: 'one', title: 'One', checks }],
    },
    { type: 'connected', at: at(), where: 'root@nowhere', hostKey: '', authenticatedBy: 'nothing' },
    {
      type: 'remedy-shown',
      at: at(),
      ...attempt,
      plan: {
        remedy: 'bench/flood',
        title: 'Flood the pane',
        why: '',
        risk: '',
        grade: 'reversible',
        check: 'bench/0',
        actions: [
          { type: 'run', title: 'Say a lot', script: 'yes', as: 'root', timeoutSeconds: 60, lasting: false },
        ],
        touches: [],
        undo: '',
        digest: '',
      },
    },
    { type: 'remedy-intent', at: at(), ...attempt, digest: '' },
    { type: 'action-started', at: at(), ...attempt, index: 0, title: 'Say a lot' },
  ]
  for (const event of events) emit(event)
  return new Promise(resolve => {
    let said = 0
    let round = 0
    const started = performance.now()
    const timer = setInterval(() => {
      const due = Math.min(linesInAll, Math.floor(((performance.now() - started) / 1000) * linesASecond))
      const isOver = said >= linesInAll
      let text = ''
      while (said < due) {
        said += 1
        text += `line ${said}: Setting up a package with a name of usual length (1.2.3-4+deb12u1) ...\n`
      }
      if (text !== '') emit({ type: 'action-output', at: at(), ...attempt, index: 0, text })
      // With everything said the screen is to come to rest, so that it can be looked at.
      if (isOver) return
      round += 1
      const check = `bench/${round % CHECKS}`
      emit({ type: 'check-started', at: at(), check, round })
      const verdict = { status: 'pass' as const, summary: 'it holds', remedies: [] }
      emit({ type: 'check-finished', at: at(), check, round, verdict, evidence: [], durationMs: 3 })
    }, TICK)
    const end = () => {
      clearInterval(timer)
      resolve({ status: 'interrupted', exitCode: 130 })
    }
    signal.addEventListener('abort', end)
    stopNow.addEventListener('abort', end)
  })
}

const services: Services = {
  targets: async () => [{ target }],
  addTarget: async () => {},
  removeTarget: async () => {},
  runbooks: () => [
    {
      id: 'bench',
      title: 'A flood',
      purpose: 'To measure.',
      group: 'Bench',
      minutes: 1,
      steps: 1,
      checks: CHECKS,
      remedies: 1,
      parameters: [],
      discoverable: [],
    },
  ],
  plan: () => [],
  start: (_request, ports) => flood(ports),
  resume: (_run, ports) => flood(ports),
  history: async () => [],
  openRun: () => Promise.reject(new Error('there is none')),
  due: async () => [],
  sshHosts: async () => [],
  tryConnection: () => Promise.reject(new Error('there is none')),
  openShell: async () => {},
  look: async () => ({ found: {}, problems: {} }),
  exportRun: async () => '',
}

process.exitCode = await startTui({
  program: async () => ({ services, initial: { runbook: 'bench', target } }),
  ascii: false,
  colour: true,
  version: 'bench',
})
