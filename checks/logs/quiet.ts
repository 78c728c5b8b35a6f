/** The logs of each service: errors grouped by signature, those with a known cause by their cause. */

import { stackContainers } from '../../src/facts/containers.ts'
import { type LogLine, signatureOf, stackLogs } from '../../src/facts/logs.ts'
import { check } from '../../src/model/check.ts'
import { notApplicable, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { isVerdict, placeOf, span } from '../services/container-of.ts'
import { type Role, serviceParams } from '../services/roles.ts'
import { meaningOf } from './signatures.ts'

export interface Group {
  readonly signature: string
  readonly count: number
  /** Milliseconds since the epoch. */
  readonly first: number
  /** One of the lines, whole. */
  readonly example: string
}

/** Lines by signature, the most frequent first. Pure. */
export function grouped(lines: readonly LogLine[]): Group[] {
  const groups = new Map<string, Group>()
  for (const { at, text } of lines) {
    const signature = signatureOf(text)
    const known = groups.get(signature)
    groups.set(signature, {
      signature,
      count: (known?.count ?? 0) + 1,
      first: known?.first ?? at,
      example: known?.example ?? text,
    })
  }
  return [...groups.values()].sort((a, b) => b.count - a.count)
}

export function quietLog(role: Role) {
  return check({
    id: `logs/${role.id}`,
    title: `${role.name} logs no error that nobody has looked at`,
    why: 'The first error of a row is the cause, and the last one is what people read. Counted since the youngest start of the stack, as what came before has another cause.',
    params: serviceParams,
    after: [`services/${role.id}-runs`],
    async probe(context) {
      const { read, params, policy } = context
      const place = await placeOf(context, role)
      if (isVerdict(place)) return place
      const { now, services } = await read(stackLogs, params.composeFile)
      const log = services.get(place.service)
      if (log === undefined) return notApplicable(`${place.service} has no log`)
      const starts = (await read(stackContainers, params.composeFile))
        .filter(({ isOneOff }) => !isOneOff)
        .map(({ startedAt }) => Date.parse(startedAt))
      const since = Math.max(now - policy.logWindowMinutes * 60_000, ...starts)
      return judge(
        log.errors.filter(({ at }) => at >= since),
        (now - since) / 1000,
      )
    },
  })
}

/** Pure. What another check looks at itself is told here and judged there. */
export function judge(errors: readonly LogLine[], seconds: number): Verdict {
  const groups = grouped(errors)
  const measured = `${errors.length} lines in ${span(seconds)}`
  const strange = groups.filter(({ example }) => meaningOf(example)?.watchedBy == null)
  const [worst] = strange
  if (worst !== undefined) {
    const cause = meaningOf(worst.example)?.cause
    const words = `${worst.count} times: ${worst.example.slice(0, 160)}`
    return warn(cause === undefined ? words : `${cause} (${words})`, {
      measured,
      expected: 'no error',
      telling: worst.example.slice(0, 160),
      advice: 'Read the first of them: it is the cause more often than the last',
    })
  }
  if (groups.length === 0) return pass(`no error in ${span(seconds)}`, { measured })
  const causes = [...new Set(groups.map(({ example }) => meaningOf(example)?.cause))]
  return pass(`${measured}, all with a cause that is looked at itself: ${causes.join('; ')}`, { measured })
}
