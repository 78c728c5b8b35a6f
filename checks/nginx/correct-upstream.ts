/** A service’s name that is misspelt in nginx’s files: found by what nginx says, corrected by the nearest name. */

import { distance } from 'fastest-levenshtein'
import { containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { stackLogs } from '../../src/facts/logs.ts'
import { onHost } from '../../src/facts/site.ts'
import { composeCommand, stackConfig } from '../../src/facts/stack.ts'
import { textFile } from '../../src/facts/text-file.ts'
import { lastingAction, writeFile } from '../../src/model/action.ts'
import type { ReadContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { type ServiceParams, serviceParams } from '../services/roles.ts'
import { settle } from '../services/settle.ts'

export interface Misspelt {
  readonly name: string
  /** The file as nginx sees it. */
  readonly file: string
  /** The service that it most likely means; null when none is near. */
  readonly meant: string | null
}

interface Context {
  readonly read: ReadContext['read']
  readonly params: ServiceParams
}

/** What nginx has said last of a name that it did not find; null when it runs, or said something else. */
export async function misspelt({ read, params }: Context): Promise<Misspelt | null> {
  const container = containerOfService(await read(stackContainers, params.composeFile), params.nginxService)
  const healthy = container?.status === 'running' && container.restarts === 0
  const log = (await read(stackLogs, params.composeFile)).services.get(params.nginxService)
  const found = /host not found in upstream "([^":]+)(?::\d+)?" in (\/[^:]+):\d+/.exec(log?.last?.text ?? '')
  const [, name, file] = found ?? []
  if (healthy || name === undefined || file === undefined) return null
  const { services } = await read(stackConfig, params.composeFile)
  const names = services.map(service => service.name)
  // The service is there, and had no address when nginx started: nothing is misspelt.
  if (names.includes(name)) return null
  return { name, file, meant: nearest(name, names) }
}

/** Letters that may differ between a name and what was meant. */
const MOST_DIFFERENT = 2

/** The name that differs least; null when two are as near, or none is near. Pure. */
export function nearest(name: string, names: readonly string[]): string | null {
  const [best, second] = names
    .map(candidate => ({ candidate, letters: distance(name, candidate) }))
    .sort((a, b) => a.letters - b.letters)
  if (best === undefined || best.letters > MOST_DIFFERENT) return null
  return second?.letters === best.letters ? null : best.candidate
}

export const correctUpstream = remedy({
  id: 'nginx/correct-upstream',
  title: 'Write the service’s name as the Compose file has it',
  why: 'nginx starts as soon as every name in its files can be looked up.',
  risk: 'None to what runs: nginx does not run. The change is shown line by line.',
  grade: 'reversible',
  params: serviceParams,
  async plan({ read, params, policy }) {
    const wrong = await misspelt({ read, params })
    if (wrong === null || wrong.meant === null)
      throw new Unreadable('nginx names no host that it did not find')
    const container = containerOfService(await read(stackContainers, params.composeFile), params.nginxService)
    const mounts = (container?.mounts ?? []).map(({ target, source, writable }) => ({
      destination: target,
      source,
      writable,
    }))
    const path = onHost(mounts, wrong.file)
    const text = path === null ? null : await read(textFile, path)
    if (path === null || text === null)
      throw new Unreadable(`${wrong.file} lies in nginx’s image: it has to be mended where the image is made`)
    const after = text.replaceAll(
      new RegExp(`(?<![A-Za-z0-9._-])${escaped(wrong.name)}(?![A-Za-z0-9._-])`, 'g'),
      wrong.meant,
    )
    return {
      actions: [
        writeFile(path, after, { title: `Write ${wrong.meant} in the place of ${wrong.name}` }),
        lastingAction(
          'Start nginx again',
          sh`${composeCommand(params.composeFile)} restart ${params.nginxService} </dev/null`,
          {
            timeoutSeconds: 60,
          },
        ),
        settle(params.composeFile, policy.recreateWaitSeconds),
      ],
      touches: [path, `the container of ${params.nginxService}`],
      undo: `Write ${wrong.name} back into ${path}`,
      expectedSeconds: 10,
    }
  },
})

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
