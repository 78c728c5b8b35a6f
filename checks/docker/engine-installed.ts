/** Docker Engine is there, and where it came from. */

import { z } from 'zod'
import { type DockerInstallation, dockerInstallation } from '../../src/facts/docker.ts'
import { composePackage, dockerPackages, type PackagePolicies } from '../../src/facts/docker-packages.ts'
import { type Action, lastingAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { aptInstall } from '../packages/install.ts'
import { dockerSource } from '../parameters.ts'
import { waitForDocker } from './daemon-change.ts'
import { planDockerRepository } from './repository.ts'

const Params = z.object({ dockerSource })

const startEngine = (): Action[] => [
  lastingAction('Start Docker now and at every boot', sh`systemctl enable --now docker.service`, {
    timeoutSeconds: 180,
  }),
  waitForDocker(),
]

/** Why the distribution's packages will not do; empty when they will. */
function whyNotDistribution(packages: PackagePolicies): string {
  if (!packages.get('docker.io')?.candidate) {
    return 'apt knows no package docker.io: fetch the package lists first, or switch the component that holds it on'
  }
  if (composePackage(packages) === null) {
    const offered = packages.get('docker-compose')?.candidate
    const instead = offered ? ` (only docker-compose ${offered}, which is Compose v1)` : ''
    return `the distribution has no package of Compose v2${instead}: use Docker’s repository, which has one`
  }
  return ''
}

/**
 * Debian 13 splits the client off and only recommends it, and a server may be set to ignore recommendations. On
 * Debian 12 a docker-cli can come from a newer release that apt also knows: that one would not fit the engine.
 */
function clientPackage(packages: PackagePolicies): string[] {
  const upstream = (name: string) => packages.get(name)?.candidate?.split(/[+~-]/)[0]
  return upstream('docker-cli') !== undefined && upstream('docker-cli') === upstream('docker.io')
    ? ['docker-cli']
    : []
}

export const installFromDistribution = remedy({
  id: 'docker/install-from-distribution',
  title: 'Install Docker and Compose from the distribution',
  why: 'The distribution’s packages get security updates with everything else on the server, from the source that it trusts already.',
  risk: 'Its Docker is older than Docker’s own. Docker adds firewall rules of its own: ports that containers publish are open to the world whatever ufw says, which a later check looks at.',
  grade: 'reversible',
  params: Params,
  async plan({ read, policy }) {
    const packages = await read(dockerPackages)
    const obstacle = whyNotDistribution(packages)
    if (obstacle !== '') throw new Unreadable(obstacle)
    const compose = composePackage(packages)
    const wanted = ['docker.io', ...clientPackage(packages), ...(compose ? [compose.name] : [])]
    const described = wanted.map(name => `${name} ${packages.get(name)?.candidate}`)
    return {
      actions: [...aptInstall('Install Docker and Compose', wanted, policy), ...startEngine()],
      touches: [
        `packages from the distribution: ${described.join(', ')}`,
        'docker.service',
        'the group docker',
      ],
      undo: `apt-get remove ${wanted.join(' ')} (never purge docker.io: that deletes /var/lib/docker with every volume in it)`,
      expectedSeconds: 60,
    }
  },
})

export const installFromDocker = remedy({
  id: 'docker/install-from-docker',
  title: 'Install Docker and Compose from Docker’s repository',
  why: 'Docker’s own packages are current and always include Compose v2, which some releases of the distributions do not have.',
  risk: 'One more package source is trusted with root on this server; its key is checked by fingerprint, and used for it alone. Check that unattended upgrades cover it.',
  grade: 'reversible',
  params: Params,
  async plan(context) {
    const repository = await planDockerRepository(context, context.policy)
    const wanted = [
      'docker-ce',
      'docker-ce-cli',
      'containerd.io',
      'docker-buildx-plugin',
      'docker-compose-plugin',
    ]
    return {
      actions: [
        ...repository.actions,
        ...aptInstall('Install Docker and Compose', wanted, context.policy),
        ...startEngine(),
      ],
      touches: [
        ...repository.touches,
        `packages from Docker’s repository: ${wanted.join(', ')}`,
        'docker.service',
        'the group docker',
      ],
      undo: [`apt-get remove ${wanted.join(' ')}`, repository.undo].filter(part => part !== '').join('; '),
      expectedSeconds: 90,
    }
  },
})

/** Where the engine came from, in words; null when there is none. */
export function engineOrigin(installation: DockerInstallation, packages: PackagePolicies): string | null {
  if (installation.daemons.length === 0) return installation.snap ? 'the Docker snap' : null
  const own = packages.get('docker-ce')?.installed
  if (own) return `docker-ce ${own} from Docker’s repository`
  const distribution = packages.get('docker.io')?.installed
  if (distribution) return `docker.io ${distribution} from the distribution`
  return `${installation.daemons[0]?.path}, which no package owns`
}

export const engineInstalled = check({
  id: 'docker/engine-installed',
  title: 'Docker Engine is installed',
  why: 'Every service of the application runs in a container. Where the engine comes from decides who brings its security updates: the distribution, Docker, or nobody.',
  params: Params,
  after: ['docker/no-conflicting-install'],
  remedies: [installFromDistribution, installFromDocker],
  async probe({ read, params }) {
    const [installation, packages] = await Promise.all([read(dockerInstallation), read(dockerPackages)])
    const origin = engineOrigin(installation, packages)
    if (origin !== null && installation.clients.length > 0) {
      return pass(origin, { measured: origin })
    }
    const fromDocker = params.dockerSource === 'docker'
    return fail(origin === null ? 'Docker Engine is not installed' : 'Docker’s client is not installed', {
      measured: 'not installed',
      expected: fromDocker ? 'docker-ce from Docker’s repository' : 'docker.io from the distribution',
      ...waysToInstall(packages, fromDocker),
    })
  },
})

/** The remedies in the order in which they fit this server, and why. */
function waysToInstall(packages: PackagePolicies, fromDocker: boolean) {
  const obstacle = whyNotDistribution(packages)
  const engine = packages.get('docker.io')?.candidate
  const compose = composePackage(packages)
  // Without any list of packages nothing is known of the distribution, and nothing speaks against it.
  const lacking = obstacle !== '' && engine !== null && engine !== undefined
  return {
    remedies:
      fromDocker || lacking
        ? [installFromDocker, installFromDistribution]
        : [installFromDistribution, installFromDocker],
    advice:
      compose === null || obstacle !== ''
        ? sentence(obstacle)
        : `The distribution has docker.io ${engine} and Compose v2 (${compose.name} ${compose.version})`,
  }
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
