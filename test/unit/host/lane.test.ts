import { describe, expect, it } from 'vitest'
import type { Channel, ChannelListener } from '../../../src/host/channel.ts'
import { Execution, type Outcome } from '../../../src/host/execution.ts'
import { Lane } from '../../../src/host/lane.ts'
import { childChannel } from '../../../src/host/local-transport.ts'
import { SHELLS } from './shells.ts'

interface Ran {
  readonly outcome: Outcome
  readonly stdout: string
  readonly stderr: string
}

async function withLane<T>(
  shell: readonly string[],
  use: (run: (script: string, input?: string, limitSeconds?: number) => Promise<Ran>) => Promise<T>,
): Promise<T> {
  const lane = new Lane(childChannel([...shell, '-s']), { room: () => {}, endable: () => {}, gone: () => {} })
  await lane.start('login')
  try {
    return await use(async (script, input, limitSeconds = 20) => {
      const execution = new Execution({ script, input, limitSeconds })
      lane.send(execution)
      const outcome = await execution.outcome
      return { outcome, stdout: execution.stdout.text(), stderr: execution.stderr.text() }
    })
  } finally {
    lane.close()
  }
}

const exited = (exitCode: number): Outcome => ({ ending: 'exited', exitCode })

describe.each(SHELLS)('a lane in %s', (_, shell) => {
  it('keeps commands apart: output, errors, status', () =>
    withLane(shell, async run => {
      const ran = await Promise.all([
        run('echo one; echo wrong >&2; exit 3'),
        run('printf two'),
        run('printf "three\\n\\n"; false'),
        run(''),
      ])
      expect(ran).toEqual([
        { outcome: exited(3), stdout: 'one\n', stderr: 'wrong\n' },
        { outcome: exited(0), stdout: 'two', stderr: '' },
        { outcome: exited(1), stdout: 'three\n\n', stderr: '' },
        { outcome: exited(0), stdout: '', stderr: '' },
      ])
    }))

  it('leaves nothing of one command to the next', () =>
    withLane(shell, async run => {
      await run('x=leaked; export x; cd /tmp; set -eu; umask 000; trap "echo trapped" EXIT')
      const { stdout } = await run('echo "[${x-}] $(umask)"; pwd')
      expect(stdout).not.toContain('leaked')
      expect(stdout).not.toContain('0000')
      expect(stdout).not.toMatch(/\/tmp$/m)
    }))

  it('gives nothing to read but its own input, to the byte', () =>
    withLane(shell, async run => {
      expect((await run('cat; echo end')).stdout).toBe('end\n')
      const input = "secret\nwith 'quotes' $HOME `x`\n\n  no newline at the end"
      expect((await run('cat', input)).stdout).toBe(input)
      expect((await run('cat', '')).stdout).toBe('')
      const long = 'ünicode line\n'.repeat(20_000)
      expect((await run('wc -c', long)).stdout.trim()).toBe(String(Buffer.byteLength(long)))
      expect((await run('exit 4', long)).outcome).toEqual(exited(4))
    }))

  it('survives scripts of every shape', () =>
    withLane(shell, async run => {
      expect((await run('cat <<EOF\nhere $((1+1))\nEOF')).stdout).toBe('here 2\n')
      expect((await run('echo a # no newline after this comment')).stdout).toBe('a\n')
      expect((await run('#!/bin/sh\necho shebang')).stdout).toBe('shebang\n')
      expect((await run('if then')).outcome).toMatchObject({ ending: 'exited', exitCode: 2 })
      expect((await run("echo 'never closed")).outcome).toMatchObject({ ending: 'exited', exitCode: 2 })
      expect((await run('exec >/dev/null; echo gone')).stdout).toBe('')
      expect((await run('kill -9 $$')).outcome).toEqual(exited(137))
      expect((await run(`echo ${'x'.repeat(200_000)} | wc -c`)).stdout.trim()).toBe('200001')
      expect((await run('echo still here')).stdout).toBe('still here\n')
    }))

  it('ends the whole process group at the time limit, and goes on', () =>
    withLane(shell, async run => {
      const { outcome, stdout } = await run('sleep 61 & echo $!; sleep 62', undefined, 0.5)
      expect(outcome.ending).toBe('timed-out')
      expect(outcome.reason).toBe('it was stopped after its time limit of 0.5 s')
      // A zombie whose parent is gone counts as ended: it is for init to take it away.
      const state = await run(`cut -d' ' -f3 /proc/${stdout.trim()}/stat 2>/dev/null`)
      expect(['', 'Z\n']).toContain(state.stdout)
    }))

  it('ends a command that ignores the polite signal', () =>
    withLane(shell, async run => {
      const { outcome } = await run('trap "" TERM; while :; do sleep 0.1; done', undefined, 0.5)
      expect(outcome.ending).toBe('timed-out')
    }))

  it('is not fooled by output that imitates its marks', () =>
    withLane(shell, async run => {
      const forged = `\\n${'0'.repeat(32)} end 1 0\\n`
      const { outcome, stdout } = await run(`printf '${forged}'; exit 9`)
      expect(outcome).toEqual(exited(9))
      expect(stdout).toBe(forged.replaceAll('\\n', '\n'))
    }))

  it('shows the nonce to no command', () =>
    withLane(shell, async run => {
      const { stdout } = await run(
        'set; env; tr "\\0" "\\n" </proc/$$/environ; tr "\\0" " " </proc/$PPID/cmdline',
      )
      expect(stdout).not.toMatch(/[0-9a-f]{32}/)
    }))

  it('says of a command that its shell was ended, and nothing more', () =>
    withLane(shell, async run => {
      // The parent of timeout(1), which is our parent, is the lane's shell.
      const { outcome } = await run('kill -9 $(cut -d" " -f4 /proc/$PPID/stat); sleep 5')
      expect(outcome).toEqual({
        ending: 'lost',
        exitCode: null,
        reason: 'the shell it ran in was ended before it could answer',
      })
    }))

  it('knows the surroundings that every script may count on', () =>
    withLane(shell, async run => {
      const { stdout } = await run(
        'echo "$LC_ALL $TZ $PAGER $DEBIAN_FRONTEND $COMPOSE_ANSI $DOCKER_CLI_HINTS"; echo "$PATH"',
      )
      expect(stdout).toMatch(/^C UTC cat noninteractive never false\n.*\/usr\/sbin/)
    }))
})

describe('a lane without a shell', () => {
  it('says what the account answered', async () => {
    const channel = childChannel(['sh', '-c', 'echo This account is currently not available.'])
    const lane = new Lane(channel, { room: () => {}, endable: () => {}, gone: () => {} })
    await expect(lane.start('login')).rejects.toThrow(
      'the account gives no shell to run commands in (it said: This account is currently not available.)',
    )
  })
})

describe('a lane whose stream is cut off', () => {
  /** Answers the prelude and the first command with these bytes, then closes. */
  function cutChannel(answer: (nonce: string) => string, length: number): Channel {
    let listener: ChannelListener | undefined
    let nonce = ''
    return {
      listen: next => {
        listener = next
      },
      write: text => {
        if (nonce === '') {
          nonce = /_kb=([0-9a-f]{32})/.exec(text)?.[1] ?? ''
          setImmediate(() => listener?.stdout(Buffer.from(`${nonce} ready 1 0 timeout\n`)))
          return
        }
        setImmediate(() => {
          listener?.stderr(Buffer.from(`${nonce} begin 1\n${nonce} end 1\n`))
          listener?.stdout(Buffer.from(answer(nonce).slice(0, length)))
          listener?.closed(0)
        })
      },
      end: () => {},
      close: () => {},
    }
  }

  const whole = (nonce: string): string => `${nonce} begin 1\n${nonce} pid 1 99\noutput\n${nonce} end 1 0\n`
  const length = whole('0'.repeat(32)).length

  it('never takes a command for finished before its last byte', async () => {
    for (let cut = 0; cut <= length; cut++) {
      const returned: Execution[] = []
      const lane = new Lane(cutChannel(whole, cut), {
        room: () => {},
        endable: () => {},
        gone: executions => returned.push(...executions),
      })
      await lane.start('login')
      const execution = new Execution({ script: 'x', limitSeconds: 20 })
      lane.send(execution)
      const ended = await Promise.race([
        execution.outcome.then(({ ending }) => ending),
        new Promise(resolve => setTimeout(() => resolve('returned'), 20)),
      ])
      const begun = cut >= `${'0'.repeat(32)} begin 1\n`.length
      expect(ended, `cut at ${cut}`).toBe(cut === length ? 'exited' : begun ? 'lost' : 'returned')
      expect(returned).toHaveLength(begun ? 0 : 1)
    }
  })
})
