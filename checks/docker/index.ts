/** Docker's checks, in the order in which one makes the next possible. */

import type { AnyCheck } from '../../src/model/check.ts'
import { composeV2 } from './compose-v2.ts'
import { containerDns } from './container-dns.ts'
import { daemonConfigurationSound } from './daemon-configuration.ts'
import { deployInGroup } from './deploy-in-group.ts'
import { engineInstalled } from './engine-installed.ts'
import { engineRunning } from './engine-running.ts'
import { noConflictingInstall } from './no-conflicting-install.ts'
import { storage } from './storage.ts'

export {
  composeV2,
  containerDns,
  daemonConfigurationSound,
  deployInGroup,
  engineInstalled,
  engineRunning,
  noConflictingInstall,
  storage,
}

export const dockerChecks: readonly AnyCheck[] = [
  noConflictingInstall,
  engineInstalled,
  engineRunning,
  composeV2,
  daemonConfigurationSound,
  deployInGroup,
  storage,
  containerDns,
]
