/** From what was typed after `-t` to a target: a stored name first, then `user@host[:port]` or a plain host. */

import type { Targets } from '../config/targets.ts'
import { nearest } from '../engine/nearest.ts'
import { EXIT, Failure } from '../model/failure.ts'
import { type Environment, HostName, Port, type Target, UserName } from '../model/target.ts'

export interface Address {
  readonly host: string
  readonly user?: string
  readonly port?: number
}

/**
 * A target that is not stored counts as production, unless said otherwise: what is refused on production stays
 * refused on a server that Kneeboard knows nothing about.
 *
 * @throws Failure (64) when the text is neither.
 */
export function whichTarget(typed: string | undefined, targets: Targets, environment?: Environment): Target {
  if (typed === undefined || typed === '') {
    const names = targets.list().map(target => target.name)
    throw new Failure(
      EXIT.usage,
      'no target was given',
      names.length > 0
        ? `Add -t with one of: ${names.join(', ')}.`
        : 'Add -t with user@host, a host of your OpenSSH configuration, or localhost.',
    )
  }
  const stored = targets.find(typed)
  if (stored) return environment ? { ...stored, environment } : stored
  const { host, user, port } = parseAddress(typed, targets)
  return {
    name: host,
    environment: environment ?? 'production',
    host,
    ...(user ? { user } : {}),
    ...(port ? { port } : {}),
    stack: {},
  }
}

/** `practice`, or `practice:SCENARIO`: the built-in server, which is started when it is asked for. */
const PRACTICE = /^practice(?::(.*))?$/

/**
 * As {@link whichTarget}, and the practice server besides, unless a stored target has its name.
 *
 * @throws Failure (64) for no such scenario, (69) when the practice server does not start.
 */
export async function findTarget(
  typed: string | undefined,
  targets: Targets,
  environment?: Environment,
): Promise<Target> {
  const practice = PRACTICE.exec(typed ?? '')
  if (practice === null || targets.find(typed ?? '')) return whichTarget(typed, targets, environment)
  const { openPractice } = await import('../practice/open.ts')
  return openPractice(practice[1] ?? '')
}

/** `[user@]host[:port]`, IPv6 addresses in brackets when a port follows. @throws Failure (64) */
export function parseAddress(typed: string, targets?: Targets): Address {
  const match =
    /^(?:(?<user>[^@]*)@)?(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:@]+|[^@[\]]*:[^@[\]]*:[^@[\]]*))(?::(?<port>[^:]*))?$/.exec(
      typed,
    )
  const { user, bracketed, plain, port } = match?.groups ?? {}
  const host = bracketed ?? plain ?? ''
  const hint =
    targets &&
    nearest(
      typed,
      targets.list().map(target => target.name),
    )
  const wrong = (what: string) =>
    new Failure(
      EXIT.usage,
      `“${typed}” is neither a stored target nor an address: ${what}`,
      hint
        ? `Did you mean ${hint}?`
        : 'Expected a stored name, user@host[:port], or localhost; see `kneeboard targets list`.',
    )
  if (!HostName.safeParse(host).success) throw wrong('the host has characters that no host name has')
  if (user !== undefined && !UserName.safeParse(user).success)
    throw wrong('the user before the @ is not a user name')
  const number = port === undefined ? undefined : Port.safeParse(port)
  if (number && !number.success) throw wrong('the port is not a number from 1 to 65535')
  return { host, ...(user ? { user } : {}), ...(number ? { port: number.data } : {}) }
}
