/** A context in which facts are given, so that a check's judgement can be tried without a server. */

import type { ProbeContext } from '../../../src/model/check.ts'
import { type CommandResult, Unreadable } from '../../../src/model/command.ts'
import type { Fact } from '../../../src/model/fact.ts'
import type { LoginOutcome } from '../../../src/model/machine.ts'
import { defaultPolicy, type Policy } from '../../../src/model/policy.ts'
import { sh } from '../../../src/model/script.ts'

export interface Given {
  /** By the fact's id, or its id with its arguments: `docker/container-resolution(example.test,)`. */
  readonly facts?: Readonly<Record<string, unknown>>
  readonly policy?: Partial<Policy>
  readonly login?: LoginOutcome
  /** Answers whatever the check runs by itself. */
  readonly run?: Partial<CommandResult>
}

/** What is not given cannot be read, as on a server that does not answer. */
export function given<P>(params: P, { facts = {}, policy, login, run }: Given = {}): ProbeContext<P> {
  return {
    target: { name: 'shop', environment: 'staging', host: 'shop.test', stack: {} },
    params,
    policy: { ...defaultPolicy, ...policy },
    async run() {
      return ended(run ?? { ending: 'not-run', exitCode: null, reason: 'nothing runs here' })
    },
    record() {},
    async login() {
      return login ?? { outcome: 'unreachable', methods: [], reason: 'no login here' }
    },
    async read<Args extends readonly (string | number)[], T>(fact: Fact<Args, T>, ...args: Args): Promise<T> {
      const key = [`${fact.id}(${args.join(',')})`, fact.id].find(name => name in facts)
      if (key === undefined) throw new Unreadable(`${fact.id} is not given`)
      return facts[key] as T
    },
  }
}

/** A command that ended as said; by default well, and silent. */
export function ended(result: Partial<CommandResult> = {}): CommandResult {
  return {
    script: sh`true`,
    as: 'root',
    where: 'root@shop.test',
    startedAt: '2026-11-21T09:00:00.000Z',
    durationMs: 5,
    ending: 'exited',
    exitCode: 0,
    stdout: '',
    stderr: '',
    omittedBytes: 0,
    ...result,
  }
}
