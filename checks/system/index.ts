/** The checks of the machine and its operating system, in the order in which they make sense. */

import type { AnyCheck } from '../../src/model/check.ts'
import { clockRight, timeSynchronised } from './clock.ts'
import { diskHasSpace, inodesLeft } from './disk-space.ts'
import { failedUnits } from './failed-units.ts'
import { firstBootFinished } from './first-boot-finished.ts'
import { hostname } from './hostname.ts'
import { osSupported } from './os-supported.ts'
import { size } from './size.ts'
import { swap } from './swap.ts'

export { clockRight, timeSynchronised } from './clock.ts'
export { diskHasSpace, inodesLeft } from './disk-space.ts'
export { failedUnits } from './failed-units.ts'
export { firstBootFinished } from './first-boot-finished.ts'
export { hostname } from './hostname.ts'
export { osSupported } from './os-supported.ts'
export { size } from './size.ts'
export { swap } from './swap.ts'

export const systemChecks: readonly AnyCheck[] = [
  osSupported,
  size,
  diskHasSpace,
  inodesLeft,
  firstBootFinished,
  timeSynchronised,
  clockRight,
  swap,
  hostname,
  failedUnits,
]
