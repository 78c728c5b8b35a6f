/** Whether a registry has an image, without pulling it. */

import { Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface RegistryAnswer {
  readonly has: boolean
  /** Docker's own words when it has not, or could not be asked; empty otherwise. */
  readonly reason: string
}

/** @throws Unreadable when Docker itself gave no answer. */
export const registryHas = fact(
  'deploy/registry-has',
  async (context, image: string): Promise<RegistryAnswer> => {
    const result = await context.run(sh`timeout 30 docker manifest inspect ${image} </dev/null >/dev/null`, {
      as: 'root',
      timeoutSeconds: 40,
    })
    if (result.ending !== 'exited')
      throw new Unreadable(`the registry of ${image} could not be asked: ${result.reason ?? result.ending}`)
    const reason = result.stderr.trim().split('\n').at(-1) ?? ''
    return {
      has: result.exitCode === 0,
      reason: result.exitCode === 0 ? '' : reason || 'no answer within 30 s',
    }
  },
)
