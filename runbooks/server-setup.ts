/** The first day of a server: from what the provider delivered to one that is hardened and runs Docker. */

import { deployExists, deployKeys, deployLogin, deploySudo } from '../checks/accounts/index.ts'
import { applicationDirectory } from '../checks/app/index.ts'
import { certbotInstalled, renewalTimer } from '../checks/certbot/index.ts'
import * as docker from '../checks/docker/index.ts'
import { fail2banRunning } from '../checks/fail2ban/running.ts'
import { fail2banSshdJail } from '../checks/fail2ban/sshd-jail.ts'
import { firewallActive } from '../checks/firewall/active.ts'
import { defaultDeny } from '../checks/firewall/default-deny.ts'
import { publishedPortsExpected } from '../checks/firewall/published-ports.ts'
import { sshPortAllowed } from '../checks/firewall/ssh-port-allowed.ts'
import { ufwIsInstalled } from '../checks/firewall/ufw-installed.ts'
import { unexpectedListeners } from '../checks/firewall/unexpected-listeners.ts'
import { webPortsAllowed } from '../checks/firewall/web-ports-allowed.ts'
import {
  aptUsable,
  listsFresh,
  noRebootPending,
  unattendedUpgrades,
  upToDate,
} from '../checks/packages/index.ts'
import { configurationValid } from '../checks/ssh/configuration-valid.ts'
import { forbiddenLoginRefused } from '../checks/ssh/forbidden-login-refused.ts'
import { keyboardInteractiveRefused } from '../checks/ssh/keyboard-interactive-refused.ts'
import { operatorCanReturn } from '../checks/ssh/operator-can-return.ts'
import { passwordLoginRefused } from '../checks/ssh/password-login-refused.ts'
import { rootLoginClosed } from '../checks/ssh/root-login.ts'
import * as system from '../checks/system/index.ts'
import { runbook } from '../src/model/runbook.ts'

export const serverSetup = runbook({
  id: 'server-setup',
  title: 'Set up a server',
  purpose:
    'For a server that was just delivered, or one that you were handed and want to trust. It ends hardened, up to date and running Docker, with every step proven; on a server that is set up already it changes nothing.',
  group: 'First day',
  minutes: 15,
  steps: [
    {
      id: 'machine',
      title: 'The machine',
      why: 'It is what was ordered, it has finished booting, and its clock and name are right.',
      checks: [
        system.osSupported,
        system.size,
        system.diskHasSpace,
        system.inodesLeft,
        system.firstBootFinished,
        system.timeSynchronised,
        system.clockRight,
        system.swap,
        system.hostname,
        system.failedUnits,
      ],
    },
    {
      id: 'packages',
      title: 'Packages and updates',
      why: 'Known holes are closed now, and will be without anyone thinking of it.',
      checks: [aptUsable, listsFresh, upToDate, noRebootPending, unattendedUpgrades],
    },
    {
      id: 'deploy-user',
      title: 'The deploy user',
      why: 'People and deployments log in as somebody other than root, with keys, before root’s door is narrowed.',
      checks: [deployExists, deploySudo, deployKeys, deployLogin],
    },
    {
      id: 'ssh',
      title: 'SSH',
      why: 'Nobody gets in by guessing a password, and you still get in.',
      checks: [
        configurationValid,
        operatorCanReturn,
        passwordLoginRefused,
        keyboardInteractiveRefused,
        rootLoginClosed,
        forbiddenLoginRefused,
      ],
    },
    {
      id: 'firewall',
      title: 'The firewall',
      why: 'Only SSH and the web are open to the world, over IPv4 and IPv6.',
      checks: [ufwIsInstalled, sshPortAllowed, webPortsAllowed, defaultDeny, firewallActive],
    },
    {
      id: 'fail2ban',
      title: 'Repeated failures',
      why: 'Who keeps trying is shut out for a while, and the logs stay readable.',
      checks: [fail2banRunning, fail2banSshdJail],
    },
    {
      id: 'docker',
      title: 'Docker',
      why: 'The engine and Compose run, survive updates, keep their logs small, and the deploy user may use them.',
      checks: [
        docker.noConflictingInstall,
        docker.engineInstalled,
        docker.engineRunning,
        docker.composeV2,
        docker.daemonConfigurationSound,
        docker.deployInGroup,
        docker.storage,
        docker.containerDns,
      ],
    },
    {
      id: 'exposure',
      title: 'What the world can reach',
      why: 'Docker publishes ports past the firewall, so what is open is looked at once more.',
      checks: [publishedPortsExpected, unexpectedListeners],
    },
    {
      id: 'certbot',
      title: 'Certificates',
      why: 'Certbot is there and will renew what it issues.',
      checks: [certbotInstalled, renewalTimer],
    },
    {
      id: 'application',
      title: 'The application’s place',
      why: 'Deployments find their directory, and may write to it.',
      checks: [applicationDirectory],
    },
  ],
})
