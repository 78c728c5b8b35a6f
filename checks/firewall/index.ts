/** The firewall: what the world may reach. In the order in which they are shown. */

import { firewallActive } from './active.ts'
import { defaultDeny } from './default-deny.ts'
import { publishedPortsExpected } from './published-ports.ts'
import { sshPortAllowed } from './ssh-port-allowed.ts'
import { ufwIsInstalled } from './ufw-installed.ts'
import { unexpectedListeners } from './unexpected-listeners.ts'
import { webPortsAllowed } from './web-ports-allowed.ts'

export const firewallChecks = [
  ufwIsInstalled,
  sshPortAllowed,
  webPortsAllowed,
  defaultDeny,
  firewallActive,
  publishedPortsExpected,
  unexpectedListeners,
]
