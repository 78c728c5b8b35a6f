import { z } from 'zod'
import { newerKernel, rebootState } from '../../src/facts/boot.ts'
import { containerKind } from '../../src/facts/operating-system.ts'
import { check } from '../../src/model/check.ts'
import { outputOf } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { pass, warn } from '../../src/model/verdict.ts'

const params = z.object({})

export const reboot = remedy({
  id: 'packages/reboot',
  title: 'Restart the server',
  why: 'A new kernel or C library protects nobody until the server has started with it.',
  risk: 'Everything on it stops for a minute or two. If it does not come back, it takes the provider’s console: have that at hand.',
  grade: 'disruptive',
  params,
  async plan({ run, policy }) {
    const containers = await run(
      sh`command -v docker >/dev/null || exit 0; docker ps --format '{{.Names}}'`,
      {
        as: 'root',
      },
    )
    // Docker that does not answer is no reason against a reboot, but its containers are then not known.
    const names =
      containers.ending === 'exited' && containers.exitCode === 0
        ? outputOf(containers, 'containers').split('\n').filter(Boolean)
        : []
    return {
      actions: [{ type: 'reboot', title: 'Restart the server', timeoutSeconds: policy.rebootWaitSeconds }],
      touches: ['the whole server', ...(names.length > 0 ? [`containers: ${names.join(', ')}`] : [])],
      interrupts: 'Everything on this server, for a minute or two.',
      undo: 'There is no way back. If it does not answer: the provider’s console, and there the older kernel in the boot menu.',
      expectedSeconds: 60,
    }
  },
})

export const noRebootPending = check({
  id: 'packages/no-reboot-pending',
  title: 'No restart is pending',
  why: 'Until the server restarts, the old kernel and old libraries go on running, with the holes that the update closed.',
  params,
  remedies: [reboot],
  async probe({ read }) {
    const state = await read(rebootState)
    const details = { measured: `running ${state.runningRelease}`, expected: 'the newest installed kernel' }
    if (state.requestedBy !== null) {
      const by = state.requestedBy.length > 0 ? ` by ${state.requestedBy.join(', ')}` : ''
      return warn(`a restart has been asked for${by}`, { ...details, remedies: [reboot] })
    }
    // The kernel of a container is its host's: kernels that are installed inside mean nothing.
    const container = await read(containerKind)
    if (container !== null) return pass('no package asks for a restart; the kernel is the host’s', details)
    const newer = newerKernel(state)
    if (newer !== null)
      return warn(`kernel ${newer} is installed, but ${state.runningRelease} runs`, {
        ...details,
        remedies: [reboot],
      })
    return pass(`no restart is pending; kernel ${state.runningRelease} is the newest installed`, details)
  },
})
