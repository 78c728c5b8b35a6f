/** The checks of the accounts that people and deployments log in with, in the order in which they make sense. */

import type { AnyCheck } from '../../src/model/check.ts'
import { deployExists } from './deploy-exists.ts'
import { deployKeys } from './deploy-keys.ts'
import { deployLogin } from './deploy-login.ts'
import { deploySudo } from './deploy-sudo.ts'

export { deployExists } from './deploy-exists.ts'
export { deployKeys } from './deploy-keys.ts'
export { deployLogin } from './deploy-login.ts'
export { deploySudo } from './deploy-sudo.ts'

export const accountChecks: readonly AnyCheck[] = [deployExists, deploySudo, deployKeys, deployLogin]
