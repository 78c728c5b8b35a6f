/** A practice world for tests, and a script run on it as root. */

import { openWorld } from '../../../src/practice/open-world.ts'
import { scenarios } from '../../../src/practice/scenarios/index.ts'
import { makeKeyPair } from '../../../src/practice/server/keys.ts'
import type { OpenFile } from '../../../src/practice/system/open-file.ts'
import { TextInput } from '../../../src/practice/system/open-file.ts'
import { LogStream } from '../../../src/practice/world/docker/log-stream.ts'
import type { World } from '../../../src/practice/world/world.ts'

export interface Ran {
  readonly out: string
  readonly err: string
  readonly status: number
}

export async function worldOf(name: string): Promise<World> {
  const scenario = scenarios.find(each => each.name === name)
  if (!scenario) throw new Error(`there is no scenario ${name}`)
  return openWorld(scenario, makeKeyPair('test').publicKey)
}

/** A script as `sh` gets it on its standard input, a piece at a time. */
export async function run(world: World, script: string, input = ''): Promise<Ran> {
  const { machine } = world
  const out = new LogStream(undefined, 'stdout', Date.now)
  const err = new LogStream(undefined, 'stderr', Date.now)
  const words = ['/bin/sh', '-c', Buffer.from(script, 'utf8').toString('latin1')]
  const process = machine.spawn(machine.init, {
    command: words,
    ownGroup: true,
    cwd: '/root',
    environment: new Map([
      ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ['HOME', '/root'],
    ]),
    descriptors: new Map<number, OpenFile>([
      [0, new TextInput(Buffer.from(input))],
      [1, out],
      [2, err],
    ]),
  })
  const status = await machine.finish(process, inner => machine.execute(inner, words))
  return { out: out.text, err: err.text, status }
}
