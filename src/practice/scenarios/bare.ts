import { briefOf } from './names.ts'
import type { Scenario } from './scenario.ts'

export const bare: Scenario = {
  ...briefOf('bare'),
  base: 'bare',
  runbook: 'server-setup',
}
