/** A memory limit that is too small, raised in the Compose file. */

import { stackConfig } from '../../src/facts/stack.ts'
import { textFile } from '../../src/facts/text-file.ts'
import { writeFile } from '../../src/model/action.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { recreateActions } from '../configuration/recreate.ts'
import { perRole, serviceParams } from './roles.ts'
import { settle } from './settle.ts'

export const raiseMemoryLimit = perRole(role =>
  remedy({
    id: `services/raise-memory-of-${role.id}`,
    title: `Give ${role.name.replace(/^The /, 'the ')} more memory`,
    why: 'The kernel ends what goes over its limit, in the middle of its work. A limit below what the service needs to start is an outage.',
    risk: 'Memory that it takes is taken from the others: the limit is written into the Compose file, where it can be turned down again.',
    grade: 'disruptive',
    params: serviceParams,
    async plan({ params, read, policy }) {
      const service = params[role.parameter]
      const { services } = await read(stackConfig, params.composeFile)
      const limit = services.find(({ name }) => name === service)?.memoryLimit ?? 0
      const text = (await read(textFile, params.composeFile)) ?? ''
      const megabytes = Math.max(policy.backendMemoryLimitMB, Math.ceil((limit * 2) / 2 ** 20))
      const after = withMemoryLimit(text, service, megabytes)
      if (after === null)
        throw new Unreadable(
          `the limit of ${service} is not written as mem_limit under it: raise it in ${params.composeFile} by hand`,
        )
      return {
        actions: [
          writeFile(params.composeFile, after, {
            title: `Write mem_limit: ${megabytes}m for ${service}`,
            validate: sh`grep -q ${`mem_limit: ${megabytes}m`} "$candidate"`,
          }),
          ...recreateActions(params, [service], policy.recreateWaitSeconds),
          settle(params.composeFile, policy.recreateWaitSeconds),
        ],
        touches: [params.composeFile, `the container of ${service}`],
        interrupts: `${service} for about 20 seconds`,
        undo: `Write the old limit of ${Math.round(limit / 2 ** 20)} MB back into ${params.composeFile}, then docker compose up -d ${service}`,
        expectedSeconds: 30,
      }
    },
  }),
)

/** The Compose file with another `mem_limit` under one service; null when it has none there. Pure. */
export function withMemoryLimit(text: string, service: string, megabytes: number): string | null {
  const lines = text.split('\n')
  const start = lines.findIndex(line => line.trimEnd() === `  ${service}:`)
  if (start < 0) return null
  const length = lines.slice(start + 1).findIndex(line => /^ {0,2}[^\s#]/.test(line))
  const end = length < 0 ? lines.length : start + 1 + length
  const at = lines.findIndex((line, index) => index > start && index < end && /^\s+mem_limit:/.test(line))
  if (at < 0) return null
  return lines.with(at, (lines[at] ?? '').replace(/mem_limit:.*/, `mem_limit: ${megabytes}m`)).join('\n')
}
