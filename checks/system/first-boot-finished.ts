import { z } from 'zod'
import { type FirstBoot, firstBoot } from '../../src/facts/boot.ts'
import { check } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, unknown, warn } from '../../src/model/verdict.ts'

const params = z.object({})

export const waitForFirstBoot = remedy({
  id: 'system/wait-for-first-boot',
  title: 'Wait until the first boot has finished',
  why: 'cloud-init creates users, writes keys and installs packages for some minutes after the server already answers. What is changed meanwhile, it may change back.',
  risk: 'None: this only waits and looks.',
  grade: 'reversible',
  params,
  async plan({ policy }) {
    return {
      actions: [
        {
          type: 'wait',
          title: 'Wait for systemd and cloud-init',
          // is-system-running ends with 1 for "degraded" too, and that counts as started.
          script: sh`
            case "$(systemctl is-system-running)" in
              initializing|starting) exit 1 ;;
            esac
            command -v cloud-init >/dev/null || exit 0
            case "$(cloud-init status)" in
              *'status: running'*|*'status: not run'*|*'status: not started'*) exit 1 ;;
            esac
          `.text,
          as: 'root',
          everySeconds: 3,
          timeoutSeconds: policy.firstBootWaitSeconds,
        },
      ],
      touches: ['nothing'],
      undo: 'Nothing to undo: nothing is changed.',
      expectedSeconds: 60,
    }
  },
})

export const firstBootFinished = check({
  id: 'system/first-boot-finished',
  title: 'The first boot has finished',
  why: 'A new server answers before it is ready: cloud-init and systemd still create users, write sshd settings and hold apt’s lock. Changes made now are lost or collide.',
  params,
  timeoutSeconds: 60,
  remedies: [waitForFirstBoot],
  async probe({ read }) {
    const state = await read(firstBoot)
    const details = { measured: measuredOf(state), expected: 'started, and cloud-init done' }
    const busy = { ...details, remedies: [waitForFirstBoot] }
    if (['initializing', 'starting'].includes(state.systemState))
      return fail('systemd is still starting services', {
        ...busy,
        advice: 'See what it waits for: `systemctl list-jobs`.',
      })
    if (['running', 'not run', 'not started'].includes(state.cloudInit ?? ''))
      return fail('cloud-init is still setting the server up', busy)
    if (state.systemState === 'stopping') return fail('the server is shutting down', details)
    if (['offline', 'unknown'].includes(state.systemState) || state.cloudInit?.startsWith('unreadable'))
      return unknown('it cannot be told whether the server has finished starting', details)
    if (state.cloudInit === 'error' || state.cloudInit?.startsWith('degraded'))
      return warn('cloud-init has finished with errors', {
        ...details,
        advice:
          'See what failed: `cloud-init status --long` and /var/log/cloud-init-output.log. It does not run again by itself.',
      })
    return pass(
      state.cloudInit === null ? 'the system has started; it has no cloud-init' : 'started and set up',
      details,
    )
  },
})

function measuredOf({ systemState, cloudInit }: FirstBoot): string {
  return cloudInit === null ? systemState : `${systemState}, cloud-init ${cloudInit}`
}
