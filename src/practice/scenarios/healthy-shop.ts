import type { Scenario } from './scenario.ts'

export const healthyShop: Scenario = {
  name: 'healthy-shop',
  title: 'A healthy shop',
  briefing: 'The webshop runs, and nothing is wrong with it. Look around.',
  base: 'shop',
  runbook: 'troubleshooting',
}
