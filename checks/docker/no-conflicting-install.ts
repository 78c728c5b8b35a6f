/** Two Dockers on one server answer different commands: the snap, podman's stand-in, the first Compose. */

import { z } from 'zod'
import { dockerInstallation } from '../../src/facts/docker.ts'
import { type StandaloneCompose, standaloneCompose } from '../../src/facts/docker-compose.ts'
import { dockerPackages, majorMinor } from '../../src/facts/docker-packages.ts'
import { lastingAction, runAction } from '../../src/model/action.ts'
import { check, type ReadContext } from '../../src/model/check.ts'
import { type AnyRemedy, remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { aptEnvironment } from '../packages/install.ts'

const isFirstCompose = ({ version }: StandaloneCompose) => majorMinor(version)?.[0] === 1

async function firstComposes(context: ReadContext): Promise<StandaloneCompose[]> {
  return (await context.read(standaloneCompose)).filter(isFirstCompose)
}

export const removeSnapDocker = remedy({
  id: 'docker/remove-snap',
  title: 'Remove the Docker snap',
  why: 'The snap cannot read directories outside of home, among them the application’s, and it competes with the packaged Docker for one socket.',
  risk: 'Its containers, images and volumes go with it. snapd keeps a snapshot of its data, which takes space and may be incomplete: export what matters first.',
  grade: 'destructive',
  params: z.object({}),
  async plan() {
    return {
      actions: [lastingAction('Remove the snap', sh`snap remove docker`)],
      touches: ['the snap docker with its containers, images and volumes'],
      interrupts: 'every container that the snap runs stops for good',
      undo: 'snap install docker, then snap saved and snap restore ID for the data that snapd kept',
      expectedSeconds: 60,
    }
  },
})

export const removePodmanShim = remedy({
  id: 'docker/remove-podman-shim',
  title: 'Remove the package podman-docker',
  why: 'It makes the command docker run podman, which has no daemon, other networks and its own images.',
  risk: 'Scripts that meant podman when they said docker will say so. Podman itself stays.',
  grade: 'reversible',
  params: z.object({}),
  async plan({ policy }) {
    const script = sh`
      set -eu
      ${aptEnvironment(policy)}
      apt_get -y remove podman-docker
    `
    return {
      actions: [lastingAction('Remove podman-docker', script)],
      touches: ['the package podman-docker: /usr/bin/docker'],
      undo: 'apt-get install podman-docker',
      expectedSeconds: 10,
    }
  },
})

export const retireFirstCompose = remedy({
  id: 'docker/retire-compose-v1',
  title: 'Take Compose v1 off the search path',
  why: 'It is unmaintained since July 2023, and names containers differently: a script that calls it starts a second stack beside the first.',
  risk: 'Scripts that call docker-compose fail until they call docker compose. That is the aim: they say so instead of starting the wrong thing.',
  grade: 'reversible',
  params: z.object({}),
  async plan(context) {
    const packaged = (await context.read(dockerPackages)).get('docker-compose')?.installed
    const fromPackage = packaged ? majorMinor(packaged)?.[0] === 1 : false
    const loose = (await firstComposes(context)).filter(
      ({ path }) => !(fromPackage && path === '/usr/bin/docker-compose'),
    )
    const moves = loose.map(({ path }) =>
      runAction(`Rename ${path}`, sh`mv -n -- ${path} ${`${path}.v1`} && [ ! -e ${path} ]`),
    )
    const removal = sh`
      set -eu
      ${aptEnvironment(context.policy)}
      apt_get -y remove docker-compose
    `
    return {
      actions: [
        ...moves,
        ...(fromPackage ? [lastingAction('Remove the package docker-compose', removal)] : []),
      ],
      touches: [
        ...loose.map(({ path }) => `${path} becomes ${path}.v1`),
        ...(fromPackage ? [`the package docker-compose ${packaged}`] : []),
      ],
      undo: [
        ...loose.map(({ path }) => `mv ${path}.v1 ${path}`),
        ...(fromPackage ? ['apt-get install docker-compose'] : []),
      ].join('; '),
      expectedSeconds: 10,
    }
  },
})

export const noConflictingInstall = check({
  id: 'docker/no-conflicting-install',
  title: 'Only one Docker and one Compose are on the server',
  why: 'With two of them, containers seem to vanish: each sees only its own. The snap cannot read /opt at all, podman’s stand-in is another engine, and Compose v1 starts a second stack under other names.',
  params: z.object({}),
  remedies: [removeSnapDocker, removePodmanShim, retireFirstCompose],
  async probe(context) {
    const [installation, packages, compose] = await Promise.all([
      context.read(dockerInstallation),
      context.read(dockerPackages),
      firstComposes(context),
    ])
    const found: string[] = []
    const remedies: AnyRemedy[] = []
    if (installation.snap) {
      found.push('the Docker snap')
      remedies.push(removeSnapDocker)
    }
    if (packages.get('podman-docker')?.installed) {
      found.push('podman’s stand-in for docker')
      remedies.push(removePodmanShim)
    }
    const engines = new Set(installation.daemons.map(({ resolved }) => resolved))
    if (engines.size > 1) found.push(`${engines.size} engines (${[...engines].join(', ')})`)
    const first = compose.map(({ path, version }) => `Compose ${version} (${path})`)
    if (first.length > 0) remedies.push(retireFirstCompose)

    const details = {
      measured: [...found, ...first].join(', '),
      expected: 'one engine, Compose v2 only',
      remedies,
    }
    if (engines.size > 1) {
      const advice = 'Find out which of the engines docker.service starts, and remove the other by hand'
      return fail(`the server has ${[...found, ...first].join(' and ')}`, { ...details, advice })
    }
    if (found.length > 0) return fail(`the server has ${[...found, ...first].join(' and ')}`, details)
    if (first.length > 0) return warn(`the server still has ${first.join(' and ')}`, details)
    return pass('nothing competes with the packaged Docker')
  },
})
