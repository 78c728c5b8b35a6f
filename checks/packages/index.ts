/** The checks of packages and updates, in the order in which they make sense. */

import type { AnyCheck } from '../../src/model/check.ts'
import { aptUsable } from './apt-usable.ts'
import { noRebootPending } from './no-reboot-pending.ts'
import { unattendedUpgrades } from './unattended-upgrades.ts'
import { listsFresh, upToDate } from './up-to-date.ts'

export { aptUsable } from './apt-usable.ts'
export { aptEnvironment, aptInstall } from './install.ts'
export { noRebootPending } from './no-reboot-pending.ts'
export { unattendedUpgrades } from './unattended-upgrades.ts'
export { listsFresh, upToDate } from './up-to-date.ts'

export const packageChecks: readonly AnyCheck[] = [
  aptUsable,
  listsFresh,
  upToDate,
  noRebootPending,
  unattendedUpgrades,
]
