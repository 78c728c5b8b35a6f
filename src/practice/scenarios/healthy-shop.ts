import { briefOf } from './names.ts'
import type { Scenario } from './scenario.ts'

export const healthyShop: Scenario = {
  ...briefOf('healthy-shop'),
  base: 'shop',
  runbook: 'troubleshooting',
}
