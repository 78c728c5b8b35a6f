/** The daemon answers now, and will after a reboot. */

import { z } from 'zod'
import { type DockerService, dockerDaemon, dockerService } from '../../src/facts/docker.ts'
import { lastingAction, runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { waitForDocker } from './daemon-change.ts'

export const startEngine = remedy({
  id: 'docker/start-engine',
  title: 'Start Docker now and at every boot',
  why: 'Nothing starts the containers while the daemon does not run, and after a reboot nothing starts the daemon unless its service is enabled.',
  risk: 'Containers with a restart policy start with it.',
  grade: 'reversible',
  params: z.object({}),
  async plan({ read }) {
    const service = await read(dockerService)
    const masked = service.load === 'masked'
    return {
      actions: [
        ...(masked ? [runAction('Lift the mask', sh`systemctl unmask docker.service docker.socket`)] : []),
        lastingAction(
          'Enable and start docker.service',
          sh`
            systemctl reset-failed docker.service docker.socket 2>/dev/null || true
            systemctl enable --now docker.service
          `,
          { timeoutSeconds: 180 },
        ),
        waitForDocker(),
      ],
      touches: ['docker.service'],
      undo: `systemctl disable --now docker.service docker.socket${masked ? '; systemctl mask docker.service' : ''}`,
      expectedSeconds: 10,
    }
  },
})

const stateOf = ({ load, active, enabled }: DockerService) =>
  load === 'loaded' ? `${active}, ${enabled === '' ? 'not enabled' : enabled}` : load

export const engineRunning = check({
  id: 'docker/engine-running',
  title: 'Docker runs, and starts at boot',
  why: 'A daemon that was started by hand is gone after the next reboot, and the shop with it.',
  params: z.object({}),
  after: ['docker/engine-installed'],
  remedies: [startEngine],
  async probe({ read, run }) {
    const [service, answer] = await Promise.all([read(dockerService), read(dockerDaemon)])
    const expected = 'active, enabled'
    const measured = stateOf(service)
    if (!answer.answers) {
      // Its last words are the best evidence there is of why it does not run.
      await run(sh`journalctl -u docker.service -n 20 --no-pager -o cat`, { as: 'root' })
      return fail(`Docker does not answer: ${answer.reason}`, {
        measured,
        expected,
        telling: answer.reason,
        remedies: service.load === 'not-found' ? [] : [startEngine],
        advice:
          service.load === 'not-found'
            ? 'There is no docker.service: this Docker came from no package. Install it from one'
            : 'If it does not start, its reason is in the last lines of its journal, which are in the evidence',
      })
    }
    const { version } = answer.daemon
    if (service.enabled !== 'enabled') {
      return fail(`Docker ${version} runs, but does not start at boot`, {
        measured,
        expected,
        remedies: service.load === 'not-found' ? [] : [startEngine],
      })
    }
    return pass(`Docker ${version} answers, and starts at boot`, { measured, expected })
  },
})
