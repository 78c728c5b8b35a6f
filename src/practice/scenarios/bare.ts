import type { Scenario } from './scenario.ts'

export const bare: Scenario = {
  name: 'bare',
  title: 'A bare server',
  briefing: 'A new Debian server, as a provider delivers it. Make it ready for the shop.',
  base: 'bare',
  runbook: 'server-setup',
}
