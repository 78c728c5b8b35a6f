/** `targets`: store, forget, try and import servers. */

import { openPlaces } from '../../config/places.ts'
import { openTargets, type Targets } from '../../config/targets.ts'
import { listHosts } from '../../host/client-config.ts'
import { connectTo } from '../../host/connect.ts'
import { refusingPrompter } from '../../host/prompter.ts'
import { EXIT, type ExitCode, Failure } from '../../model/failure.ts'
import { sh } from '../../model/script.ts'
import { type Environment, Target } from '../../model/target.ts'
import type { Io } from '../io.ts'
import type { ConnectionOptions } from '../options.ts'
import { connectRequest } from '../start-run.ts'
import { table } from '../table.ts'
import { findTarget, parseAddress } from '../which-target.ts'

const open = (io: Io): Targets => openTargets(openPlaces(io.environment).config)

export function listTargets(io: Io, json: boolean): ExitCode {
  const targets = open(io).list()
  if (json) io.out(`${JSON.stringify(targets, null, 2)}\n`)
  else if (targets.length === 0)
    io.err('No targets yet. Store one with: kneeboard targets add NAME user@host --environment staging\n')
  else io.out(table(targets.map(target => [target.name, target.environment, addressOf(target)])))
  return EXIT.passed
}

export function addTarget(
  io: Io,
  name: string,
  address: string,
  options: { environment: string; identity?: string; hostKey?: string; set: Record<string, string> },
): ExitCode {
  const { environment, identity, hostKey, set } = options
  const parsed = Target.safeParse({
    name,
    environment,
    ...parseAddress(address),
    ...(identity ? { identity } : {}),
    ...(hostKey ? { hostKey } : {}),
    stack: set,
  })
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new Failure(EXIT.usage, `${issue?.path.join('.') || 'the target'}: ${issue?.message}`)
  }
  open(io).add(parsed.data)
  io.err(`${name} is stored. Try it with: kneeboard targets test ${name}\n`)
  return EXIT.passed
}

export function removeTarget(io: Io, name: string): ExitCode {
  const targets = open(io)
  if (!targets.remove(name))
    throw new Failure(
      EXIT.usage,
      `there is no target “${name}”`,
      `Stored: ${
        targets
          .list()
          .map(target => target.name)
          .join(', ') || 'none'
      }.`,
    )
  io.err(`${name} is forgotten; its journals stay.\n`)
  return EXIT.passed
}

export async function testTarget(io: Io, name: string, options: ConnectionOptions): Promise<ExitCode> {
  const target = await findTarget(name, open(io))
  const started = performance.now()
  const machine = await connectTo(connectRequest(target, options), refusingPrompter)
  try {
    const { connection } = machine
    const answer = await machine.run(
      sh`. /etc/os-release 2>/dev/null; printf '%s, %s, up since %s' "$(uname -n)" "\${PRETTY_NAME:-$(uname -s)}" "$(uptime -s 2>/dev/null || echo 'an unknown time')"`,
    )
    io.out(`${connection.user}@${connection.host} answers: ${answer.stdout.trim()}\n`)
    if (connection.kind === 'ssh')
      io.out(
        `host key ${connection.hostKey}, authenticated by ${connection.authenticatedBy}, ${Math.round(performance.now() - started)} ms\n`,
      )
    return EXIT.passed
  } finally {
    await machine.close()
  }
}

/** Hosts that are stored already are left as they are. */
export async function importTargets(
  io: Io,
  hosts: readonly string[],
  options: { environment: string; sshConfig?: string },
): Promise<ExitCode> {
  const targets = open(io)
  const known = await listHosts(options.sshConfig)
  const missing = hosts.find(host => !known.includes(host))
  if (missing !== undefined)
    throw new Failure(
      EXIT.usage,
      `the OpenSSH client configuration has no Host “${missing}”`,
      `It has ${known.join(', ') || 'none without wildcards'}.`,
    )
  const fresh = (hosts.length > 0 ? hosts : known).filter(host => targets.find(host) === undefined)
  for (const host of fresh)
    targets.add(Target.parse({ name: host, environment: options.environment as Environment, host }))
  io.err(
    `${fresh.length} stored as ${options.environment}${fresh.length > 0 ? `: ${fresh.join(', ')}` : ''}\n`,
  )
  return EXIT.passed
}

function addressOf({ user, host, port }: Target): string {
  return `${user ? `${user}@` : ''}${host.includes(':') && port ? `[${host}]` : host}${port ? `:${port}` : ''}`
}
