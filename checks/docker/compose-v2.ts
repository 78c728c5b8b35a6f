/** `docker compose` is there, and is the second one. */

import { z } from 'zod'
import { composePlugin } from '../../src/facts/docker-compose.ts'
import { composePackage, dockerPackages, majorMinor } from '../../src/facts/docker-packages.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, pass, unknown } from '../../src/model/verdict.ts'
import { aptInstall } from '../packages/install.ts'
import { planDockerRepository } from './repository.ts'

export const installCompose = remedy({
  id: 'docker/install-compose',
  title: 'Install Compose v2 from the package sources at hand',
  why: 'The deployment calls docker compose, which is a plugin of its own.',
  risk: 'Where the package replaces Compose v1, scripts that call docker-compose get version 2.',
  grade: 'reversible',
  params: z.object({}),
  async plan({ read, policy }) {
    const packages = await read(dockerPackages)
    const compose = composePackage(packages)
    if (compose === null) {
      throw new Unreadable(
        'no package source of this server has Compose v2: install it from Docker’s repository',
      )
    }
    const old = packages.get(compose.name)?.installed
    return {
      actions: aptInstall(`Install ${compose.name} ${compose.version}`, [compose.name], policy),
      touches: [`the package ${compose.name}: ${old ?? 'not installed'} → ${compose.version}`],
      undo: old ? `apt-get install ${compose.name}=${old}` : `apt-get remove ${compose.name}`,
      expectedSeconds: 20,
    }
  },
})

export const installComposeFromDocker = remedy({
  id: 'docker/install-compose-from-docker',
  title: 'Install Compose v2 from Docker’s repository',
  why: 'This release of the distribution has no package of Compose v2 (Debian 12 has only version 1). Docker’s plugin works with the distribution’s engine, too.',
  risk: 'One more package source is trusted with root on this server; its key is checked by fingerprint, and used for it alone.',
  grade: 'reversible',
  params: z.object({}),
  async plan(context) {
    const repository = await planDockerRepository(context, context.policy)
    return {
      actions: [
        ...repository.actions,
        ...aptInstall('Install the Compose plugin', ['docker-compose-plugin'], context.policy),
      ],
      touches: [...repository.touches, 'the package docker-compose-plugin'],
      undo: ['apt-get remove docker-compose-plugin', repository.undo].filter(part => part !== '').join('; '),
      expectedSeconds: 40,
    }
  },
})

export const composeV2 = check({
  id: 'docker/compose-v2',
  title: 'docker compose is version 2 or later',
  why: 'The deployment’s files use what Compose v1 never learnt: waiting for health, profiles, project names without folders. Version 1 ended in July 2023.',
  params: z.object({}),
  after: ['docker/engine-installed'],
  remedies: [installCompose, installComposeFromDocker],
  async probe({ read }) {
    const version = await read(composePlugin)
    const expected = '2 or later'
    const major = version === null ? null : majorMinor(version)?.[0]
    if (version !== null && major === undefined) {
      return unknown(`docker compose calls itself “${version}”, which is no version that could be compared`)
    }
    if (version !== null && major !== null && major !== undefined && major >= 2) {
      return pass(`docker compose is ${version}`, { measured: version, expected })
    }
    const compose = composePackage(await read(dockerPackages))
    return fail('docker compose is not installed', {
      measured: version ?? 'not installed',
      expected,
      remedies: compose === null ? [installComposeFromDocker] : [installCompose, installComposeFromDocker],
      advice:
        compose === null
          ? 'No package source of this server has Compose v2, so that it has to come from Docker’s repository'
          : `The package sources have ${compose.name} ${compose.version}`,
    })
  },
})
