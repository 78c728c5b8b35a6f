/** daemon.json: log rotation, live-restore, name servers; judged in the file and in the running daemon. */

import { z } from 'zod'
import { type DockerDaemon, dockerDaemon } from '../../src/facts/docker.ts'
import { daemonConfiguration } from '../../src/facts/docker-daemon.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, pass, unknown, warn } from '../../src/model/verdict.ts'
import { dnsServers } from '../parameters.ts'
import { planDaemonChange, restartDocker, waitForDocker } from './daemon-change.ts'
import { type DaemonJudgement, judgeDaemon } from './daemon-judgement.ts'

const Params = z.object({ dnsServers })
type Params = z.infer<typeof Params>

async function judge({ read, params, policy }: ProbeContext<Params>) {
  const [configuration, answer] = await Promise.all([read(daemonConfiguration), read(dockerDaemon)])
  const daemon = answer.answers ? answer.daemon : null
  const wanted = {
    logMaxSizeMB: policy.dockerLogMaxSizeMB,
    logFiles: policy.dockerLogFiles,
    dns: params.dnsServers,
    liveRestore: daemon?.swarm !== true && !configuration.flags.includes('live-restore'),
  }
  const judgement: DaemonJudgement = judgeDaemon(configuration.keys ?? {}, wanted, {
    logDriver: daemon?.logDriver ?? '',
    logByFlags: configuration.flags.includes('log-opt'),
  })
  return { configuration, answer, judgement }
}

export const configureDaemon = remedy({
  id: 'docker/configure-daemon',
  title: 'Set log rotation and live-restore in daemon.json',
  why: 'Without rotation a chatty container fills the disk, which stops the database. Without live-restore every update of Docker stops every container.',
  risk: 'Docker restarts. Keys that are in the file already stay. Rotation and name servers count for containers that are created afterwards: the next deployment brings them.',
  grade: 'reversible',
  params: Params,
  async plan(context) {
    const { judgement } = await judge(context)
    return planDaemonChange(context, judgement.patch)
  },
})

export const restartEngine = remedy({
  id: 'docker/restart-engine',
  title: 'Restart Docker',
  why: 'What stands in daemon.json counts from the next start; and at its start Docker makes its firewall rules anew, which a firewall’s own restart may have flushed.',
  risk: 'Containers stop and start again unless live-restore is on already.',
  grade: 'reversible',
  params: z.object({}),
  async plan(context) {
    const answer = await context.read(dockerDaemon)
    // A daemon that does not answer has nothing that a restart could interrupt.
    if (answer.answers) return planDaemonChange(context, {})
    return {
      actions: [restartDocker(), waitForDocker()],
      touches: ['docker.service'],
      undo: 'nothing to go back to: Docker did not answer before',
    }
  },
})

/** What the file asks for and the running daemon does not do yet. */
function notInForce(daemon: DockerDaemon, liveRestoreAsked: boolean, changedSince: boolean): string {
  if (liveRestoreAsked && !daemon.liveRestore) return 'the running daemon has live-restore off'
  return changedSince ? 'the file was changed after Docker started' : ''
}

export const daemonConfigurationSound = check({
  id: 'docker/daemon-configuration',
  title: 'Docker rotates logs, and its restart does not stop containers',
  why: 'By default a container’s log grows until the disk is full, and a restart of Docker (an update at night is enough) stops every container.',
  params: Params,
  after: ['docker/engine-installed'],
  explains: ['docker/engine-running'],
  remedies: [configureDaemon, restartEngine],
  async probe(context) {
    const { configuration, answer, judgement } = await judge(context)
    const { path, broken, keys } = configuration
    if (broken !== '') {
      return fail(`${path} cannot be understood: ${broken}`, {
        measured: 'broken',
        expected: 'a JSON object',
        advice: `Mend ${path} by hand: Docker does not start with it as it is, at the latest after the next reboot`,
      })
    }
    const details = { measured: judgement.measured, expected: judgement.expected }
    if (judgement.missing.length > 0) {
      return fail(judgement.missing.join('; '), { ...details, remedies: [configureDaemon] })
    }
    if (!answer.answers) {
      return unknown(
        `${path} is as it should be, but Docker does not answer, so nothing says that it is in force`,
      )
    }
    const stale = notInForce(answer.daemon, keys?.['live-restore'] === true, configuration.newerThanDaemon)
    if (stale !== '') {
      return fail(`${path} is as it should be, but not in force: ${stale}`, {
        ...details,
        remedies: [restartEngine],
      })
    }
    if (judgement.loose.length > 0) {
      return warn(judgement.loose.join('; '), { ...details, remedies: [configureDaemon] })
    }
    return pass(judgement.summary, details)
  },
})
