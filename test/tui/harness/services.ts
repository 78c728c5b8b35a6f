/** The screens' services without a program behind them. */

import { z } from 'zod'
import * as parameter from '../../../checks/parameters.ts'
import type { Counts } from '../../../src/engine/outcome.ts'
import { replay } from '../../../src/engine/state.ts'
import { check } from '../../../src/model/check.ts'
import type { RunEvent } from '../../../src/model/event.ts'
import { parametersOf } from '../../../src/model/runbook.ts'
import { Target } from '../../../src/model/target.ts'
import { pass } from '../../../src/model/verdict.ts'
import type {
  ConnectionReport,
  DueItem,
  LookRequest,
  RunbookSummary,
  RunOutcome,
  RunPorts,
  Services,
  StartRequest,
  TargetDraft,
  TargetSummary,
} from '../../../src/tui/services.ts'
import { FINGERPRINT, steps } from '../fixtures/server-setup.ts'
import { play, STARTED } from './engine.ts'

const counts = (some: Partial<Counts>): Counts => ({
  pass: 0,
  warn: 0,
  fail: 0,
  unknown: 0,
  skipped: 0,
  'not-applicable': 0,
  waiting: 0,
  ...some,
})

export const web1 = Target.parse({
  name: 'web-1',
  environment: 'staging',
  host: '203.0.113.10',
  user: 'root',
})
export const shop = Target.parse({
  name: 'shop',
  environment: 'production',
  host: 'shop.example',
  user: 'deploy',
  port: 2222,
})

export const someTargets: readonly TargetSummary[] = [
  { target: web1 },
  {
    target: shop,
    lastRun: {
      runbook: 'server-setup',
      status: 'failed',
      at: '2026-08-03T12:00:00.000Z',
      counts: counts({ pass: 29, fail: 2, unknown: 1 }),
    },
  },
  {
    target: Target.parse({ name: 'drill', environment: 'practice', host: 'localhost' }),
    lastRun: {
      runbook: 'server-setup',
      status: 'passed',
      at: '2026-08-01T12:00:00.000Z',
      counts: counts({ pass: 31 }),
    },
  },
]

const parameters = parametersOf([
  check({
    id: 'test/parameters',
    title: '',
    why: '',
    params: z.object({
      deployUser: parameter.deployUser,
      deployKey: parameter.deployKey,
      sudo: parameter.sudo,
      rootLogin: parameter.rootLogin,
      webPorts: parameter.webPorts,
      appDirectory: parameter.appDirectory,
      dockerSource: parameter.dockerSource,
      dnsServers: parameter.dnsServers,
    }),
    probe: async () => pass(''),
  }),
])

export const serverSetup: RunbookSummary = {
  id: 'server-setup',
  title: 'Set up a server',
  purpose:
    'A bare Debian or Ubuntu server becomes one that only you get into, that keeps itself up to date, and that runs Docker.',
  group: 'First day',
  minutes: 12,
  steps: steps.length,
  checks: steps.flatMap(step => step.checks).length,
  remedies: 14,
  parameters,
  discoverable: ['deployUser', 'appDirectory'],
}

export const otherRunbooks: readonly RunbookSummary[] = [
  {
    id: 'tls-renewal',
    title: 'Renew the certificate',
    purpose: 'The browser warns, or fewer than 14 days are left.',
    group: 'Every month',
    minutes: 2,
    steps: 4,
    checks: 9,
    remedies: 3,
    parameters: [],
    discoverable: [],
  },
  {
    id: 'disk-full',
    title: 'The disk is full',
    purpose: 'Writes fail, or the disk passes 90 %.',
    group: 'Incident',
    minutes: 5,
    steps: 3,
    checks: 7,
    remedies: 4,
    parameters: [],
    discoverable: [],
  },
]

export interface TestServices extends Services {
  readonly clock: { now: number }
  readonly added: TargetDraft[]
  readonly removed: string[]
  readonly started: StartRequest[]
  readonly resumed: string[]
  readonly shells: string[]
  readonly looks: LookRequest[]
  readonly exported: string[]
}

interface Options {
  readonly targets?: readonly TargetSummary[]
  readonly start?: (request: StartRequest, ports: RunPorts) => Promise<RunOutcome>
  readonly pause?: (place: string) => Promise<void>
  readonly isFirstContact?: boolean
  readonly due?: readonly DueItem[]
  readonly tryConnection?: Services['tryConnection']
  readonly look?: Services['look']
}

export const cutOff: DueItem = {
  id: 'resume 01K1P9M2XA',
  kind: 'resume',
  target: { name: 'shop', environment: 'production', host: 'shop.example' },
  title: 'Set up a server was cut off',
  words:
    '“Install Docker from the distribution” was under way: it may or may not have been done. Going on asks the server, and does nothing twice.',
  since: '2026-08-03T12:00:00.000Z',
  subject: '01K1P9M2XA',
}

export const aReport: ConnectionReport = {
  where: 'root@203.0.113.10',
  hostKey: FINGERPRINT,
  authenticatedBy: 'ssh-ed25519',
  system: 'Debian GNU/Linux 12 (bookworm)',
  root: { works: true },
  milliseconds: 12,
}

export function testServices(options: Options = {}): TestServices {
  const clock = { now: STARTED }
  const targets = [...(options.targets ?? someTargets)]
  const added: TargetDraft[] = []
  const removed: string[] = []
  const started: StartRequest[] = []
  const resumed: string[] = []
  const shells: string[] = []
  const looks: LookRequest[] = []
  const exported: string[] = []
  const recorded: RunEvent[] = []
  const start = async (request: StartRequest, ports: RunPorts) => {
    started.push(request)
    recorded.length = 0
    const recording: RunPorts = {
      ...ports,
      emit(event) {
        recorded.push(event)
        ports.emit(event)
      },
    }
    return options.start === undefined
      ? play(request, recording, {
          clock,
          ...(options.pause ? { pause: options.pause } : {}),
          isFirstContact: options.isFirstContact ?? false,
        })
      : options.start(request, recording)
  }
  const services: TestServices = {
    clock,
    added,
    removed,
    started,
    resumed,
    shells,
    looks,
    exported,
    targets: async () => targets,
    async addTarget(draft) {
      added.push(draft)
      targets.push({ target: Target.parse(draft) })
    },
    async removeTarget(name) {
      removed.push(name)
      targets.splice(
        targets.findIndex(({ target }) => target.name === name),
        1,
      )
    },
    runbooks: () => [serverSetup, ...otherRunbooks],
    plan: () => steps,
    start,
    async resume(run, ports) {
      resumed.push(run)
      const before = await services.openRun(run)
      return play({ runbook: 'server-setup', target: shop, params: {}, mode: 'check' }, ports, {
        clock,
        before,
      })
    },
    async history() {
      return [
        {
          run: '01K1Q4Y0ZB',
          runbook: 'server-setup',
          title: 'Set up a server',
          target: { name: 'shop', environment: 'production', host: 'shop.example' },
          startedAt: '2026-08-03T12:00:00.000Z',
          finishedAt: '2026-08-03T12:03:12.000Z',
          status: 'failed',
          summary: '29 passed, 2 failed, 1 unproven',
          journalPath: '/home/ada/.local/state/kneeboard/runs/01K1Q4Y0ZB.jsonl',
        },
        {
          run: '01K1P9M2XA',
          runbook: 'server-setup',
          title: 'Set up a server',
          target: { name: 'drill', environment: 'practice', host: 'localhost' },
          startedAt: '2026-08-01T12:00:00.000Z',
          status: 'interrupted',
          summary: '11 passed, 20 unproven',
        },
      ]
    },
    due: async () => options.due ?? [],
    sshHosts: async () => ['bastion', 'db-1', 'web-2'],
    async tryConnection(draft, ports) {
      if (options.tryConnection !== undefined) return options.tryConnection(draft, ports)
      return aReport
    },
    async look(request, ports) {
      looks.push(request)
      if (options.look !== undefined) return options.look(request, ports)
      return { found: {}, problems: {} }
    },
    async openShell(target) {
      shells.push(target.name)
    },
    async exportRun(run, format) {
      exported.push(`${run} ${format}`)
      return `/home/ada/kneeboard-${run}.${format}`
    },
    async openRun() {
      const events: RunEvent[] = []
      const unattended: RunPorts = {
        emit: event => events.push(event),
        operator: {
          consent: async () => ({ answer: 'no', by: 'ada' }),
          choose: async () => null,
          manual: async () => 'not-done',
          lockHeld: async () => 'stop',
        },
        prompter: {
          interactive: false,
          hostKey: async () => true,
          passphrase: async () => null,
          password: async () => null,
          keyboardInteractive: async () => null,
          sudoPassword: async () => null,
        },
        intents: { subscribe: () => () => {} },
        signal: new AbortController().signal,
        stopNow: new AbortController().signal,
      }
      await play({ runbook: 'server-setup', target: shop, params: {}, mode: 'run' }, unattended, {
        clock: { now: STARTED },
      })
      const state = replay(events)
      if (state === undefined) throw new Error('no events')
      return state
    },
  }
  return services
}
