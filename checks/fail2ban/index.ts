/** fail2ban: who keeps trying is shut out. In the order in which they are shown. */

import { fail2banRunning } from './running.ts'
import { fail2banSshdJail } from './sshd-jail.ts'

export const fail2banChecks = [fail2banRunning, fail2banSshdJail]
