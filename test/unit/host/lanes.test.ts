/** The pool over shells that do not come up: nothing is lost, nothing runs twice, and nobody waits for ever. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Channel, type ChannelListener, ChannelRefused } from '../../../src/host/channel.ts'
import { Execution } from '../../../src/host/execution.ts'
import { Lanes } from '../../../src/host/lanes.ts'

/** A shell whose answers the test gives. */
class FakeShell implements Channel {
  written = ''
  #listener: ChannelListener | undefined
  listen(listener: ChannelListener): void {
    this.#listener = listener
  }
  write(text: string): void {
    this.written += text
  }
  end(): void {}
  close(): void {}
  get nonce(): string {
    return /_kb=([0-9a-f]{32})/.exec(this.written)?.[1] ?? ''
  }
  says(...lines: string[]): void {
    for (const line of lines) {
      this.#listener?.stdout(Buffer.from(`${this.nonce} ${line}\n`))
      if (/^(begin|end)/.test(line))
        this.#listener?.stderr(Buffer.from(`${this.nonce} ${line.split(' ').slice(0, 2).join(' ')}\n`))
    }
  }
  ends(): void {
    this.#listener?.closed(1)
  }
  has(script: string): boolean {
    return this.written.includes(script)
  }
}

let shells: FakeShell[]
let lanes: Lanes

beforeEach(() => {
  vi.useFakeTimers()
  shells = []
  lanes = new Lanes({
    openShell: async () => {
      const shell = new FakeShell()
      shells.push(shell)
      return shell
    },
    depth: 4,
    maxLanes: 2,
  })
})
afterEach(() => {
  lanes.close('the test is over')
  vi.useRealTimers()
})

function submit(script: string, user: 'login' | 'root' = 'login'): Execution {
  const execution = new Execution({ script, limitSeconds: 20 })
  void lanes.submit(user, execution)
  return execution
}

const settled = () => vi.advanceTimersByTimeAsync(0)

test('a command of the login goes out with the setup of its lane; one of root waits until that is root’s', async () => {
  submit('echo one')
  await settled()
  expect(shells[0]?.has('echo one')).toBe(true)
  const other = submit('echo two', 'root')
  await settled()
  expect(shells[1]?.has('echo two')).toBe(false)
  shells[1]?.says('ready 7 1000 timeout')
  expect(await other.outcome).toMatchObject({ ending: 'not-run' })
  expect(shells[1]?.has('echo two')).toBe(false)
})

test('an account without a shell: what was sent meanwhile is said not to have run', async () => {
  const one = submit('echo one')
  const two = submit('echo two')
  await settled()
  for (let round = 0; round < 4; round++) {
    for (const shell of shells) shell.ends()
    await settled()
  }
  expect(await one.outcome).toMatchObject({ ending: 'not-run', reason: expect.stringContaining('no shell') })
  expect(await two.outcome).toMatchObject({ ending: 'not-run' })
  expect(shells.length).toBeLessThan(5)
})

test('a server without timeout(1): nothing can have begun', async () => {
  const one = submit('echo one')
  await settled()
  shells[0]?.says('ready 7 0 bare')
  await settled()
  expect(await one.outcome).toMatchObject({
    ending: 'not-run',
    reason: expect.stringContaining('timeout(1)'),
  })
})

test('a shell that never says it is ready may have run what it got: it is lost, and not sent again', async () => {
  const one = submit('echo one')
  await settled()
  await vi.advanceTimersByTimeAsync(21_000)
  expect(await one.outcome).toMatchObject({ ending: 'lost' })
  expect(shells.filter(shell => shell.has('echo one'))).toHaveLength(1)
})

test('what was cancelled before its shell failed is not begun in another', async () => {
  const one = submit('echo one')
  await settled()
  submit('echo two')
  await settled()
  shells[1]?.says('ready 8 0 timeout')
  lanes.cancel(one, 'it was cancelled')
  shells[0]?.ends()
  await settled()
  expect(await one.outcome).toMatchObject({ ending: 'not-run', reason: 'it was cancelled' })
  expect(shells[1]?.has('echo one')).toBe(false)
})

test('what had not begun when its shell failed runs in the other', async () => {
  const one = submit('echo one')
  await settled()
  submit('echo two')
  await settled()
  shells[1]?.says('ready 8 0 timeout', 'begin 1', 'pid 1 9', 'end 1 0')
  shells[0]?.ends()
  await settled()
  expect(shells[1]?.has('echo one')).toBe(true)
  shells[1]?.says('begin 2', 'pid 2 10', 'end 2 0')
  expect(await one.outcome).toMatchObject({ ending: 'exited', exitCode: 0 })
})

test('lanes that idle make room for root as soon as they are ready', async () => {
  const cancelled = [submit('echo one'), submit('echo two')]
  for (const execution of cancelled) lanes.cancel(execution, 'no more')
  await settled()
  const asRoot = submit('id', 'root')
  await settled()
  for (const shell of shells) shell.says('ready 7 1000 timeout')
  await settled()
  const roots = shells.at(-1)
  roots?.says('ready 9 0 timeout')
  await settled()
  expect(roots?.has('id')).toBe(true)
  roots?.says('begin 1', 'pid 1 9', 'end 1 0')
  expect(await asRoot.outcome).toMatchObject({ ending: 'exited' })
})

test('a second channel that is refused: the first does the work of both', async () => {
  const first = new FakeShell()
  let opened = 0
  const few = new Lanes({
    openShell: async () => {
      if (opened++ > 0) throw new ChannelRefused('open failed')
      return first
    },
    depth: 1,
    maxLanes: 4,
  })
  const all = ['echo one', 'echo two'].map(script => {
    const execution = new Execution({ script, limitSeconds: 20 })
    void few.submit('login', execution)
    return execution
  })
  await settled()
  first.says('ready 7 0 timeout', 'begin 1', 'pid 1 8', 'end 1 0')
  await settled()
  first.says('begin 2', 'pid 2 9', 'end 2 0')
  for (const execution of all) expect(await execution.outcome).toMatchObject({ ending: 'exited' })
  few.close('over')
})
