import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { connectTo } from '../../src/host/connect.ts'
import { refusingPrompter } from '../../src/host/prompter.ts'
import type { Machine } from '../../src/model/machine.ts'
import { sh } from '../../src/model/script.ts'
import { type Sshd, sshdInstalled, startSshd } from './sshd.ts'

const isRoot = process.getuid?.() === 0

async function connect(sshd: Sshd): Promise<Machine> {
  const { host, port, user, identity, clientConfig: sshConfigFile } = sshd
  return connectTo({ host, port, user, identity, sshConfigFile }, refusingPrompter)
}

/** Whether a process still runs; a zombie does not. */
function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

async function until(what: string, happened: () => boolean): Promise<void> {
  const limit = Date.now() + 10_000
  while (!happened()) {
    if (Date.now() > limit) throw new Error(`after 10 seconds still not: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

describe.skipIf(!sshdInstalled)('running commands (left out when openssh-server is not installed)', () => {
  let sshd: Sshd
  let machine: Machine
  beforeAll(async () => {
    sshd = await startSshd()
    machine = await connect(sshd)
  })
  afterAll(async () => {
    await machine?.close()
    await sshd?.stop()
  })

  it('gives each of many commands its own answer', async () => {
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        machine.run(sh`echo ${index}; echo ${`e${index}`} >&2; exit ${index}`),
      ),
    )
    for (const [index, result] of results.entries()) {
      expect(result).toMatchObject({
        stdout: `${index}\n`,
        stderr: `e${index}\n`,
        exitCode: index,
        ending: 'exited',
      })
    }
  })

  it('opens no more than four channels for them', async () => {
    const { stdout } = await machine.run(
      sh`ps -o pid= --ppid $(cut -d' ' -f4 /proc/$(cut -d' ' -f4 /proc/$PPID/stat)/stat)`,
    )
    expect(stdout.trim().split('\n').length).toBeLessThanOrEqual(4)
  })

  it('keeps head and tail of 100 MB, and drains both streams', async () => {
    const result = await machine.run(
      sh`echo first; head -c 100000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero | tr '\\0' y >&2; echo; echo last`,
      { timeoutSeconds: 60 },
    )
    expect(result.ending).toBe('exited')
    expect(result.stdout.startsWith('first\nxxx')).toBe(true)
    expect(result.stdout.endsWith('x\nlast\n')).toBe(true)
    expect(result.stdout.length).toBeLessThan(1_200_000)
    expect(result.stderr.length).toBeLessThan(1_200_000)
    expect(result.omittedBytes).toBeGreaterThan(100_000_000)
  })

  it('carries input to the command, and shows it to no other process', async () => {
    const canary = 'canary-3f9c2a-in-no-command-line'
    const running = machine.run(sh`read -r secret; sleep 0.3; printf %s "$secret"`, { input: `${canary}\n` })
    await new Promise(resolve => setTimeout(resolve, 150))
    const everything = execFileSync(
      'sh',
      ['-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null || :'],
      {
        encoding: 'latin1',
        maxBuffer: 50_000_000,
      },
    )
    expect(everything).not.toContain(canary)
    expect((await running).stdout).toBe(canary)
  })

  it('passes output on as it arrives', async () => {
    const heard: string[] = []
    let pid = 0
    await machine.run(sh`echo one; echo oops >&2; sleep 0.2; echo two`, {
      onOutput: (text, stream) => {
        if (heard.length === 0) pid = Date.now()
        heard.push(`${stream}:${text}`)
      },
    })
    expect(Date.now() - pid).toBeGreaterThan(100)
    expect(heard.join('')).toContain('stdout:one\n')
    expect(heard.join('')).toContain('stderr:oops\n')
    expect(heard.at(-1)).toBe('stdout:two\n')
  })

  it('ends the process group of a command at its time limit', async () => {
    const result = await machine.run(sh`sleep 71 & echo $!; sleep 72`, { timeoutSeconds: 1 })
    expect(result).toMatchObject({ ending: 'timed-out', exitCode: null })
    expect(result.durationMs).toBeLessThan(3000)
    await until('its child is gone', () => !runs(Number(result.stdout.trim())))
  })

  it('does not wait for a daemon that a command left behind', async () => {
    const result = await machine.run(sh`setsid sleep 30 & echo started`)
    expect(result).toMatchObject({ ending: 'exited', exitCode: 0, stdout: 'started\n' })
    expect(result.durationMs).toBeLessThan(2000)
    await machine.run(sh`pkill -f 'sleep 3[0]' || :`)
  })

  it('ends a command that is cancelled, and forgets one that had not begun', async () => {
    const stop = new AbortController()
    let pid = 0
    const running = machine.run(sh`echo $$; sleep 73`, {
      timeoutSeconds: 90,
      signal: stop.signal,
      onOutput: text => {
        pid = Number(text.trim())
        stop.abort()
      },
    })
    expect(await running).toMatchObject({ ending: 'lost', reason: expect.stringContaining('cancelled') })
    await until('the process is gone', () => !runs(pid))
    const aborted = await machine.run(sh`echo never`, { signal: AbortSignal.abort() })
    expect(aborted).toMatchObject({ ending: 'not-run', stdout: '' })
  })

  it.runIf(isRoot)('runs as another user with that user’s surroundings', async () => {
    const result = await machine.run(sh`id -un; id -Gn; echo "$HOME $USER"; pwd; echo "$PATH"`, {
      as: 'user:nobody',
    })
    const [name, groups, home, , path] = result.stdout.split('\n')
    expect(result.where).toBe('nobody@127.0.0.1')
    expect([name, groups]).toEqual(['nobody', 'nogroup'])
    expect(home).toMatch(/ nobody$/)
    expect(path).toContain('/usr/sbin')
    expect((await machine.run(sh`cat`, { as: 'user:nobody', input: 'x' })).stdout).toBe('x')
    const script = sh`
      echo ${"it's"} "$(printf '%s' a b)"
      cat <<'EOF'
      here $HOME
      EOF
      exit 7
    `
    expect(await machine.run(script, { as: 'user:nobody' })).toMatchObject({
      exitCode: 7,
      stdout: "it's ab\nhere $HOME\n",
    })
    const limited = await machine.run(sh`sleep 77 & echo $!; sleep 78`, {
      as: 'user:nobody',
      timeoutSeconds: 0.5,
    })
    expect(limited.ending).toBe('timed-out')
    await until('its child is gone', () => !runs(Number(limited.stdout.trim())))
  })

  it.runIf(isRoot)('says so when there is no such user', async () => {
    const result = await machine.run(sh`id`, { as: 'user:no-such-user' })
    expect(result).toMatchObject({ ending: 'not-run', reason: 'there is no user no-such-user' })
    expect((await machine.run(sh`echo ok`)).stdout).toBe('ok\n')
  })

  it('never lets a user’s name become a command', async () => {
    const result = await machine.run(sh`id`, { as: 'user:x; touch /tmp/kneeboard-user-marker' })
    expect(result.ending).toBe('not-run')
  })

  describe('a fresh login', () => {
    it('is made beside the connection, and runs its script there', async () => {
      const outcome = await machine.login({ with: 'key-only', script: sh`echo "$SSH_CONNECTION"` })
      expect(outcome).toMatchObject({ outcome: 'accepted', result: { ending: 'exited' } })
      const here = await machine.run(sh`echo "$SSH_CONNECTION"`)
      expect(outcome.result?.stdout).not.toBe(here.stdout)
    })

    it('reads the methods without an attempt', async () => {
      const outcome = await machine.login({ with: 'methods', user: 'root' })
      expect(outcome).toMatchObject({ outcome: 'refused', methods: ['publickey'] })
      expect(sshd.log()).not.toMatch(/Failed (password|publickey)/)
    })

    it('says that nobody answers', async () => {
      await sshd.stopListening()
      try {
        const outcome = await machine.login({ with: 'key-only' })
        expect(outcome).toMatchObject({
          outcome: 'unreachable',
          reason: expect.stringContaining('refuses connections'),
        })
      } finally {
        await sshd.listen()
      }
    })
  })
})

describe.skipIf(!sshdInstalled)(
  'a connection that goes away (left out when openssh-server is not installed)',
  () => {
    let sshd: Sshd
    const open: Machine[] = []
    beforeAll(async () => {
      sshd = await startSshd()
    })
    afterEach(async () => {
      for (const machine of open.splice(0)) await machine.close()
    })
    afterAll(() => sshd?.stop())

    it('leaves what ran unknown, what waited not run, and can be made anew', async () => {
      const machine = await connect(sshd)
      open.push(machine)
      await machine.run(sh`echo warm`)
      const before = Date.now()
      const running = machine.run(sh`sleep 5; echo never`)
      await new Promise(resolve => setTimeout(resolve, 200))
      for (const pid of sshd.sessions()) process.kill(pid, 'SIGKILL')
      expect(await running).toMatchObject({
        ending: 'lost',
        exitCode: null,
        reason: expect.stringContaining('the connection was lost'),
      })
      expect(Date.now() - before).toBeLessThan(4000)
      expect(await machine.run(sh`echo later`)).toMatchObject({
        ending: 'not-run',
        reason: expect.stringContaining('lost'),
      })
      await machine.reconnect(10)
      expect((await machine.run(sh`echo back`)).stdout).toBe('back\n')
    })

    it('waits for a server that comes back late', async () => {
      const machine = await connect(sshd)
      open.push(machine)
      await sshd.stopListening()
      for (const pid of sshd.sessions()) process.kill(pid, 'SIGKILL')
      setTimeout(() => void sshd.listen(), 1500)
      await machine.reconnect(20)
      expect((await machine.run(sh`echo back`)).stdout).toBe('back\n')
    })

    it('gives up when it does not come back in time', async () => {
      const machine = await connect(sshd)
      open.push(machine)
      await sshd.stopListening()
      try {
        await expect(machine.reconnect(1)).rejects.toMatchObject({
          exitCode: 69,
          message: expect.stringContaining('did not come back within 1 seconds'),
        })
      } finally {
        await sshd.listen()
      }
    })
  },
)

describe.skipIf(!sshdInstalled)(
  'a server that allows one channel (left out when openssh-server is not installed)',
  () => {
    let sshd: Sshd
    let machine: Machine
    beforeAll(async () => {
      sshd = await startSshd({ config: ['MaxSessions 1'] })
      machine = await connect(sshd)
    })
    afterAll(async () => {
      await machine?.close()
      await sshd?.stop()
    })

    it('still answers every command', async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => machine.run(sh`echo ${index}`)),
      )
      expect(results.map(({ stdout }) => stdout)).toEqual(
        Array.from({ length: 20 }, (_, index) => `${index}\n`),
      )
    })

    it.runIf(isRoot)('lets users take turns', async () => {
      const users = ['login', 'user:nobody', 'login', 'user:nobody', 'login'] as const
      const results = await Promise.all(users.map(as => machine.run(sh`id -un`, { as })))
      expect(results.map(({ stdout, reason }) => reason ?? stdout.trim())).toEqual([
        sshd.user,
        'nobody',
        sshd.user,
        'nobody',
        sshd.user,
      ])
    })

    it('still ends a command at its time limit', async () => {
      const result = await machine.run(sh`sleep 74`, { timeoutSeconds: 1 })
      expect(result.ending).toBe('timed-out')
      expect((await machine.run(sh`echo on`)).stdout).toBe('on\n')
    })
  },
)

describe.skipIf(!sshdInstalled)(
  'an account without a shell (left out when openssh-server is not installed)',
  () => {
    it('is told from one that works', async () => {
      const sshd = await startSshd({
        config: ['ForceCommand echo "This service allows sftp connections only."'],
      })
      const machine = await connect(sshd)
      try {
        const result = await machine.run(sh`id`)
        expect(result).toMatchObject({
          ending: 'not-run',
          reason:
            'the account gives no shell to run commands in (it said: This service allows sftp connections only.)',
        })
      } finally {
        await machine.close()
        await sshd.stop()
      }
    })
  },
)

describe('this machine', () => {
  it('answers without SSH', async () => {
    const machine = await connectTo({ host: 'localhost' }, refusingPrompter)
    try {
      expect(machine.connection).toMatchObject({
        kind: 'local',
        port: 0,
        hostKey: '',
        authenticatedBy: 'local',
      })
      const result = await machine.run(sh`echo hello; cat; exit 5`, { input: 'there' })
      expect(result).toMatchObject({
        ending: 'exited',
        exitCode: 5,
        stdout: 'hello\nthere',
        where: 'this machine',
      })
      const limited = await machine.run(sh`sleep 75 & echo $!; sleep 76`, { timeoutSeconds: 0.5 })
      expect(limited.ending).toBe('timed-out')
      await until('its child is gone', () => !runs(Number(limited.stdout.trim())))
    } finally {
      await machine.close()
    }
    expect(await machine.run(sh`echo late`)).toMatchObject({ ending: 'not-run' })
  })
})
