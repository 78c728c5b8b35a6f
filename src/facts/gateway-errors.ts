/** What nginx has said of the servers behind it: the addresses that it asked, and how they failed. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { containerOfService, stackContainers } from './containers.ts'
import { outsideFetch } from './outside.ts'

export interface GatewayError {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** The worker that asked, by its process id in nginx’s container. */
  readonly worker: number
  /** The address that nginx asked: `172.18.0.5:8000`. */
  readonly upstream: string
  /** nginx’s words: `connect() failed (111: Connection refused)`. */
  readonly words: string
}

export interface GatewayErrors {
  /** The server’s clock when they were read, milliseconds since the epoch. */
  readonly now: number
  /** Oldest first, the last 60 of them. */
  readonly errors: readonly GatewayError[]
}

/**
 * Read after a request of ours, so that a wrong address has been asked at least once.
 *
 * @param address and url of that request; an empty address asks nothing first.
 */
export const gatewayErrors = fact(
  'nginx/gateway-errors',
  async (
    context,
    composeFile: string,
    service: string,
    address: string,
    url: string,
  ): Promise<GatewayErrors> => {
    if (address !== '') await context.read(outsideFetch, address, url)
    const container = containerOfService(await context.read(stackContainers, composeFile), service)
    if (container === undefined) return { now: Date.now(), errors: [] }
    const result = await context.run(
      sh`
        date +%s
        if [ -r ${container.logPath} ]; then tail -c 200000 ${container.logPath}
        else docker logs --timestamps --tail 500 ${container.id} 2>&1
        fi | grep 'upstream: ' | tail -n 60 | cut -c 1-700
        true
      `,
      { as: 'root' },
    )
    return parseGatewayErrors(outputOf(result, 'what nginx says of the servers behind it'))
  },
)

/** nginx’s own time stands in each line (`2026/11/21 12:00:00`), in the zone of its container: UTC. */
export function parseGatewayErrors(text: string): GatewayErrors {
  const [now = '', ...lines] = text.split('\n')
  return {
    now: Number(now) * 1000,
    errors: lines.flatMap(line => {
      const [, year, month, day, time, worker] =
        /(\d{4})\/(\d{2})\/(\d{2}) (\d{2}:\d{2}:\d{2}) \[\w+\] (\d+)#/.exec(line) ?? []
      const upstream = /upstream: \\?"[a-z]+:\/\/([^/"\\]+)/.exec(line)?.[1]
      const words = /\*\d+ (.*?) while /.exec(line)?.[1] ?? ''
      if (upstream === undefined || time === undefined) return []
      const at = Date.parse(`${year}-${month}-${day}T${time}Z`)
      return [{ at, worker: Number(worker), upstream, words }]
    }),
  }
}
