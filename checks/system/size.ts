import { z } from 'zod'
import { diskSpace } from '../../src/facts/disks.ts'
import { memory } from '../../src/facts/memory.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { gibibytes, inGibibytes } from './amounts.ts'

export const size = check({
  id: 'system/size',
  title: 'Memory, processors and disk are enough for the shop',
  why: 'Seven services share this server. With too little memory the kernel ends one of them at the worst moment, usually the database under load.',
  params: z.object({}),
  async probe({ read, policy, target }) {
    const { totalBytes, processors } = await read(memory)
    const root = (await read(diskSpace)).find(({ mountPoint }) => mountPoint === '/')
    const diskBytes = (root?.total ?? 0) * 1024
    const production = target.environment === 'production'
    const wanted = production ? policy.memoryProductionGiB : policy.memoryStagingGiB
    const cores = production ? policy.processorsProduction : 1
    const details = {
      measured: `${gibibytes(totalBytes)} of memory, ${processorsIn(processors)}, ${gibibytes(diskBytes)} of disk`,
      expected: `${wanted} GiB of memory, ${processorsIn(cores)}, ${policy.diskMinimumGiB} GiB of disk for ${target.environment}`,
      advice: 'Move the server to a larger plan: the provider can do that with a short stop.',
    }
    if (inGibibytes(totalBytes) < policy.memoryStagingGiB)
      return fail(`${gibibytes(totalBytes)} of memory cannot hold the services at all`, details)
    if (inGibibytes(diskBytes) < policy.diskMinimumGiB)
      return fail(`a disk of ${gibibytes(diskBytes)} cannot hold the images and a backup`, details)
    if (inGibibytes(totalBytes) < wanted)
      return warn(
        `${gibibytes(totalBytes)} of memory is less than ${target.environment} is planned with`,
        details,
      )
    if (processors < cores)
      return warn(`${processorsIn(processors)} for what is planned with ${cores}`, details)
    return pass(details.measured, { measured: details.measured, expected: details.expected })
  },
})

const processorsIn = (count: number): string => (count === 1 ? '1 processor' : `${count} processors`)
