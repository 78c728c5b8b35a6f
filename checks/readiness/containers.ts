/** How the containers are made: what is left to an intruder, and what one of them can take from the others. */

import { type Container, stackContainers } from '../../src/facts/containers.ts'
import { stackEnvironment } from '../../src/facts/env-files.ts'
import { stackConfig } from '../../src/facts/stack.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { type ReadinessParams, readinessParams } from './parameters.ts'

/** The running containers of the stack. @throws Unreadable when none runs. */
function runningOf(containers: readonly Container[]): Container[] {
  const running = containers.filter(({ status, isOneOff }) => status === 'running' && !isOneOff)
  if (running.length === 0) throw new Unreadable('no container of the stack runs')
  return running
}

/** Services whose images are our own. Those of others start as root to read keys, and drop it by themselves. */
const ownServices = ({
  backendService,
  frontendService,
  workerService,
  beatService,
}: ReadinessParams): string[] => [backendService, frontendService, workerService, beatService]

export const notRoot = check({
  id: 'readiness/not-root',
  title: 'The application does not run as root in its containers',
  why: 'Who breaks into it would be root inside, one mistake of Docker’s away from the server.',
  params: readinessParams,
  async probe({ params, read }) {
    const own = ownServices(params)
    const running = runningOf(await read(stackContainers, params.composeFile)).filter(({ service }) =>
      own.includes(service),
    )
    const asRoot = running.filter(({ user }) => /^(|root|0)(:|$)/.test(user)).map(({ service }) => service)
    const measured = running.map(({ service, user }) => `${service} ${user || 'root'}`).join(', ')
    const details = { measured, expected: 'another user than root' }
    if (asRoot.length === 0)
      return pass(
        `${running.length} containers run as ${[...new Set(running.map(({ user }) => user))].join(', ')}`,
        details,
      )
    return fail(`root inside: ${asRoot.join(', ')}`, {
      ...details,
      advice: 'USER in the Dockerfile, after the files are in place',
    })
  },
})

export const notPrivileged = check({
  id: 'readiness/not-privileged',
  title: 'No container can take the server over',
  why: 'A privileged container, or one with Docker’s socket inside, is root on the server in all but name.',
  params: readinessParams,
  async probe({ params, read }) {
    const running = runningOf(await read(stackContainers, params.composeFile))
    const bad = running.flatMap(({ service, privileged, mounts }) => [
      ...(privileged ? [`${service} is privileged`] : []),
      ...mounts
        .filter(
          ({ source }) => /^\/(|etc|root|proc|sys|boot)\/?$/.test(source) || /docker\.sock$/.test(source),
        )
        .map(({ source }) => `${service} has ${source}`),
    ])
    const details = { measured: bad.join(', ') || 'none', expected: 'none' }
    if (bad.length > 0) return fail(bad.join('; '), { ...details, telling: bad[0] ?? '' })
    return pass(`${running.length} containers are ordinary ones`, details)
  },
})

export const limited = check({
  id: 'readiness/limits',
  title: 'Every container has a memory limit, a health check, and comes back by itself',
  why: 'Without a limit one leak takes PostgreSQL down with it. Without a health check “Up” means nothing. Without a restart policy a reboot is an outage.',
  params: readinessParams,
  async probe({ params, read }) {
    const running = runningOf(await read(stackContainers, params.composeFile))
    const config = await read(stackConfig, params.composeFile)
    const checked = new Set(
      config.services.filter(({ hasHealthcheck }) => hasHealthcheck).map(({ name }) => name),
    )
    const without = (holds: (container: Container) => boolean): string[] =>
      running.filter(container => !holds(container)).map(({ service }) => service)
    const faults = [
      { what: 'no memory limit', who: without(({ memoryLimit }) => memoryLimit > 0) },
      {
        what: 'no health check',
        who: without(({ service, health }) => health !== null || checked.has(service)),
      },
      {
        what: 'no restart policy',
        who: without(({ restartPolicy }) => ['always', 'unless-stopped'].includes(restartPolicy)),
      },
    ].filter(({ who }) => who.length > 0)
    const said = faults.map(({ what, who }) => `${what}: ${who.join(', ')}`).join('; ')
    const details = { measured: said || 'all have', expected: 'all have' }
    if (faults.length === 0) return pass(`${running.length} containers have all three`, details)
    return fail(said, {
      ...details,
      advice: 'mem_limit, healthcheck and restart: unless-stopped in the Compose file, then recreate',
    })
  },
})

export const logsRotate = check({
  id: 'readiness/logs-rotate',
  title: 'The logs of every container stop growing by themselves',
  why: 'Docker keeps them for ever unless told otherwise. A busy shop fills a disk in weeks, and PostgreSQL is the first to stop.',
  params: readinessParams,
  async probe({ params, read }) {
    const running = runningOf(await read(stackContainers, params.composeFile))
    const endless = running
      .filter(
        ({ logDriver, logOptions }) => logDriver === 'json-file' && logOptions['max-size'] === undefined,
      )
      .map(({ service }) => service)
    const details = {
      measured: [
        ...new Set(
          running.map(({ logDriver, logOptions }) => `${logDriver} ${logOptions['max-size'] ?? ''}`.trim()),
        ),
      ].join(', '),
      expected: 'json-file with max-size, or a driver that rotates',
    }
    if (endless.length === 0) return pass(`${running.length} containers keep their logs small`, details)
    return fail(`without a limit: ${endless.join(', ')}`, {
      ...details,
      advice:
        'logging: options: max-size in the Compose file, or log-opts in /etc/docker/daemon.json (kneeboard run server-setup); it holds for new containers',
    })
  },
})

/** Names whose value would be a secret. */
const SECRET_NAME = /PASS(WORD)?|SECRET|TOKEN|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_?KEY|DSN/i

export const imagesWithoutSecrets = check({
  id: 'readiness/images-without-secrets',
  title: 'No secret is baked into an image',
  why: 'Whoever can pull the image can read it, today and in every copy for ever.',
  params: readinessParams,
  async probe({ params, read }) {
    const { running } = await read(stackEnvironment, params.composeFile)
    if (running === null) throw new Unreadable('Docker could not be asked')
    if (running.length === 0) throw new Unreadable('no container of the stack runs')
    const found = running.flatMap(({ service, values, fromImage }) =>
      values
        .filter(
          ({ name, length }) =>
            fromImage.has(name) && length > 0 && SECRET_NAME.test(name) && !/_FILE$/.test(name),
        )
        .map(({ name }) => `${service}: ${name}`),
    )
    const details = { measured: found.join(', ') || 'none', expected: 'none' }
    if (found.length === 0)
      return pass(`none of ${running.length} images has one in its environment`, details)
    return warn(`in the image’s environment: ${found.join(', ')}`, {
      ...details,
      advice:
        'Take the ENV line out of the Dockerfile, build anew, and renew the secret: the old image keeps it',
    })
  },
})
