import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import {
  attachJob,
  cleanJob,
  type JobEnd,
  type JobRequest,
  pollJob,
  startJob,
  stopJob,
} from '../../../src/host/job.ts'
import { parseJobState, parsePoll } from '../../../src/host/job-answer.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { verbatim } from '../../../src/model/script.ts'
import { SHELLS, ShellMachine } from './shell-machine.ts'

// Most of it is waiting, so it is done side by side; on a busy machine each of them takes longer.
vi.setConfig({ testTimeout: 60_000, maxConcurrency: 6 })

const name = { id: 'run-1.step.1', as: 'login' } as const
const FILES = '~/.local/state/kneeboard/jobs/run-1.step.1'

const request = (script: string, options: Partial<JobRequest> = {}): JobRequest => ({
  ...name,
  script: verbatim(script),
  timeoutSeconds: 30,
  ...options,
})

async function runJob(
  machine: ShellMachine,
  script: string,
  options: Partial<JobRequest> = {},
): Promise<JobEnd> {
  expect(await startJob(machine, request(script, options))).toEqual({ state: 'started' })
  return attachJob(machine, { ...name, ...options })
}

/** Waits until a command succeeds on the machine; fails the test after 10 s. */
async function until(machine: ShellMachine, command: string): Promise<void> {
  const deadline = Date.now() + 10_000
  while ((await machine.shell(`${command} && echo yes`)).trim() !== 'yes') {
    if (Date.now() > deadline) throw new Error(`it never came true: ${command}`)
    await pause(50)
  }
}

/** As the kernel does when memory runs out. Returns once it is really gone. */
async function killSupervisor(machine: ShellMachine): Promise<void> {
  await machine.shell(`read -r pid rest <${FILES}/claim/supervisor; kill -9 "$pid"
    while sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | grep -qv '^Z'; do sleep 0.05; done`)
}

/** Which of the processes in ~/pids are there and no zombies. */
const stillAlive = (machine: ShellMachine): Promise<string> =>
  machine.shell('for pid in $(cat ~/pids); do sed -n "/) Z/!p" "/proc/$pid/stat" 2>/dev/null; done')

describe.concurrent.for(SHELLS)('a job under %s', shell => {
  test('ends with the exit status of its command, and with its two output streams in order', async () => {
    const end = await runJob(new ShellMachine(shell), 'echo one; echo zwö >&2; echo three; exit 42')
    expect(end).toMatchObject({
      state: 'done',
      exitCode: 42,
      why: 'exit',
      stdout: 'one\nzwö\nthree\n',
      omittedBytes: 0,
    })
  })

  test('has an environment that is set explicitly, the umask of the login, and nothing to read', async () => {
    const machine = new ShellMachine(shell)
    machine.before = 'export LEAKED=yes; umask 027; '
    const end = await runJob(
      machine,
      'echo "$PATH|$HOME|$LC_ALL|$DEBIAN_FRONTEND|$LEAKED|$(umask)|$PWD"; read -r x || echo empty',
    )
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin'
    expect(end).toMatchObject({
      stdout: `${path}|${machine.home}|C|noninteractive||0027|${machine.home}\nempty\n`,
    })
  })

  test('runs once however often it is started under its id, twelve times at once too', async () => {
    const machine = new ShellMachine(shell)
    const job = request('echo ran >>~/ran; sleep 0.3')
    const starts = await Promise.all(Array.from({ length: 12 }, () => startJob(machine, job)))
    expect(starts.every(start => start.state !== 'not-started')).toBe(true)
    expect(await attachJob(machine, name)).toMatchObject({ state: 'done', exitCode: 0 })
    expect(await startJob(machine, job)).toEqual({ state: 'already-started' })
    await pause(300)
    expect(await machine.shell('cat ~/ran')).toBe('ran\n')
  })

  test('runs once when a dozen start it at once where there is no flock either', async () => {
    const machine = new ShellMachine(shell)
    machine.missing.add('flock')
    const job = request('echo ran >>~/ran; sleep 0.3')
    await Promise.all(Array.from({ length: 12 }, () => startJob(machine, job)))
    expect(await attachJob(machine, name)).toMatchObject({ state: 'done', exitCode: 0 })
    await pause(500)
    expect(await machine.shell('cat ~/ran')).toBe('ran\n')
  })

  test('of two commands that race for one id only one runs, and the other is refused', async () => {
    const machine = new ShellMachine(shell)
    const starts = await Promise.all(
      ['echo a >>~/ran', 'echo b >>~/ran'].map(script => startJob(machine, request(script))),
    )
    expect(starts.map(start => start.state).sort()).toEqual(['not-started', 'started'])
    await attachJob(machine, name)
    expect(await machine.shell('cat ~/ran')).toBe(starts[0]?.state === 'started' ? 'a\n' : 'b\n')
  })

  test('is started once when the answer to its start was lost', async () => {
    const machine = new ShellMachine(shell)
    machine.lostAnswers.add(1)
    const events: string[] = []
    const patience = { onLost: () => events.push('lost'), onRestored: () => events.push('restored') }
    expect(await startJob(machine, request('echo ran >>~/ran'), patience)).toEqual({
      state: 'already-started',
    })
    expect(events).toEqual(['lost', 'restored'])
    await attachJob(machine, name)
    expect(await machine.shell('cat ~/ran')).toBe('ran\n')
  })

  test('whose start was cut before anything ran is completed by starting it again', async () => {
    const machine = new ShellMachine(shell)
    await machine.shell(`mkdir -p ${FILES}`)
    expect(await runJob(machine, 'echo ran')).toMatchObject({ state: 'done', stdout: 'ran\n' })
  })

  test('passes its time limit: its whole process group is ended', async () => {
    const machine = new ShellMachine(shell)
    const end = await runJob(machine, 'sleep 341 & echo $! $$ >~/pids; echo begun; sleep 342', {
      timeoutSeconds: 1,
    })
    expect(end).toMatchObject({ state: 'done', exitCode: 143, why: 'timeout', stdout: 'begun\n' })
    expect(await stillAlive(machine)).toEqual('')
  })

  test('is stopped: its whole process group is ended, and stopping again changes nothing', async () => {
    const machine = new ShellMachine(shell)
    await startJob(machine, request('sleep 351 & echo $! $$ >~/pids; echo begun; sleep 352'))
    await until(machine, `grep -q begun ${FILES}/out`)
    const stopped = { state: 'done', exitCode: 143, why: 'stopped' }
    expect(await stopJob(machine, name)).toEqual(stopped)
    expect(await stopJob(machine, name)).toEqual(stopped)
    expect(await attachJob(machine, name)).toMatchObject({ ...stopped, stdout: 'begun\n' })
    expect(await stillAlive(machine)).toEqual('')
  })

  test('keeps the first part of a flood and its end, and lets it run on', async () => {
    const machine = new ShellMachine(shell)
    const end = await runJob(
      machine,
      'i=0; while [ $i -lt 40 ]; do head -c 50000 /dev/zero | tr "\\0" "x"; i=$((i+1)); done; echo; echo last; exit 3',
      {
        maxBytes: 100_000,
      },
    )
    expect(end).toMatchObject({
      state: 'done',
      exitCode: 3,
      bytes: 100_000,
      omittedBytes: 2_000_006 - 100_000 - 65_536,
    })
    expect(end).toMatchObject({
      stdout: expect.stringMatching(/^x{100000}\n\[\d+ bytes left out here\]\nx+\nlast\n$/),
    })
    expect(Number(await machine.shell(`du -sk ${FILES} | cut -f1`))).toBeLessThan(300)
  })

  test('hands on output larger than one answer, every character whole', async () => {
    const machine = new ShellMachine(shell)
    let heard = ''
    await startJob(
      machine,
      request('i=0; while [ $i -lt 6 ]; do head -c 34952 /dev/zero | sed "s/\\x00/ä€/g"; i=$((i+1)); done'),
    )
    const end = await attachJob(machine, name, {
      onOutput: text => {
        heard += text
      },
    })
    expect(heard === 'ä€'.repeat(heard.length / 2)).toBe(true)
    expect(end).toMatchObject({
      state: 'done',
      bytes: 6 * 34_952 * 5,
      omittedBytes: 0,
    })
  })

  test('that lost its supervisor is lost, not failed; what still runs is said, and can be ended', async () => {
    const machine = new ShellMachine(shell)
    await startJob(machine, request('echo begun; sleep 361'))
    await until(machine, `grep -q begun ${FILES}/out`)
    await killSupervisor(machine)
    const lost = { state: 'lost', reason: 'supervisor-killed', stillRunning: true }
    expect(await attachJob(machine, name)).toMatchObject({ ...lost, stdout: 'begun\n' })
    expect(await cleanJob(machine, name)).toBe('running')
    expect(await stopJob(machine, name)).toEqual({ ...lost, stillRunning: false })
    expect(await startJob(machine, request('echo begun; sleep 361'))).toEqual({ state: 'already-started' })
    expect(await cleanJob(machine, name)).toBe('cleaned')
  })

  test('of another boot is lost, and says so', async () => {
    const machine = new ShellMachine(shell)
    await startJob(machine, request('sleep 371'))
    await machine.shell(`cp ${FILES}/claim/supervisor ~/true`)
    await machine.shell(
      `sed -i 's/ [0-9a-f-]\\{36\\} / 00000000-0000-4000-8000-000000000000 /' ${FILES}/claim/supervisor`,
    )
    expect(await attachJob(machine, name)).toMatchObject({
      state: 'lost',
      reason: 'rebooted',
      stillRunning: false,
    })
    await machine.shell(`cp ~/true ${FILES}/claim/supervisor`)
    expect(await stopJob(machine, name)).toMatchObject({ why: 'stopped' })
  })

  test('is told alive from dead without flock too', async () => {
    const machine = new ShellMachine(shell)
    machine.missing.add('flock')
    await startJob(machine, request('sleep 381'))
    expect((await pollJob(machine, name, 0)).job).toEqual({ state: 'running' })
    await killSupervisor(machine)
    expect((await pollJob(machine, name, 0)).job).toEqual({
      state: 'lost',
      reason: 'supervisor-killed',
      stillRunning: true,
    })
    await stopJob(machine, name)
  })

  test('is read without base64 too', async () => {
    const machine = new ShellMachine(shell)
    machine.missing.add('base64')
    expect(await runJob(machine, 'printf "\\001ö\\nend\\n"')).toMatchObject({ stdout: '\u0001ö\nend\n' })
  })

  test('leaves a daemon of its command alone, and does not wait for it', async () => {
    const machine = new ShellMachine(shell)
    const daemon = 'setsid sh -c "until [ -e ~/go ]; do sleep 0.1; done; echo late; touch ~/alive" &'
    const end = await runJob(machine, `${daemon} echo started`)
    expect(end).toMatchObject({ state: 'done', exitCode: 0, stdout: 'started\n' })
    await machine.shell('touch ~/go')
    await until(machine, 'test -e ~/alive')
    expect(await attachJob(machine, name)).toMatchObject({ stdout: 'started\n', bytes: 8 })
  })

  test('is followed by one that lets go, and by the next one from that byte on', async () => {
    const machine = new ShellMachine(shell)
    await startJob(machine, request('echo one; until [ -e ~/go ]; do sleep 0.05; done; echo two'))
    const controller = new AbortController()
    const first = await attachJob(machine, name, {
      signal: controller.signal,
      onOutput: () => controller.abort(),
    })
    expect(first).toEqual({ state: 'detached', stdout: 'one\n', bytes: 4 })
    await machine.shell('touch ~/go')
    expect(await attachJob(machine, name, { fromByte: 4 })).toMatchObject({
      state: 'done',
      stdout: 'two\n',
      bytes: 8,
    })
  })

  test('is attached to through answers that got lost, without a byte missing or twice', async () => {
    const machine = new ShellMachine(shell)
    for (const run of [3, 5, 6, 8]) machine.lostAnswers.add(run)
    const end = await runJob(
      machine,
      'i=1; while [ $i -le 20 ]; do echo line $i; sleep 0.1; i=$((i+1)); done',
    )
    expect(end).toMatchObject({ stdout: Array.from({ length: 20 }, (_, i) => `line ${i + 1}\n`).join('') })
    expect(machine.reconnects).toBeGreaterThan(0)
  })

  test('that never began can be taken back: then it never will', async () => {
    const machine = new ShellMachine(shell)
    await machine.shell(`mkdir -p ${FILES}; chmod 700 ${FILES} ${FILES}/..`)
    expect((await pollJob(machine, name, 0)).job).toEqual({ state: 'starting' })
    expect(await stopJob(machine, name)).toEqual({ state: 'absent' })
    expect(await startJob(machine, request('echo ran >~/ran'))).toEqual({ state: 'already-started' })
    expect(await attachJob(machine, name)).toEqual({ state: 'absent' })
    expect(await machine.shell('ls ~/ran 2>&1')).toMatch(/no such file/i)
  })

  test('leaves nothing but its result: the command is gone before it counts as done, cleaning takes the rest', async () => {
    const machine = new ShellMachine(shell)
    expect(await attachJob(machine, name)).toEqual({ state: 'absent' })
    await runJob(machine, ': s3cret; echo done')
    expect(await machine.shell('grep -r s3cret ~/.local || echo none')).toBe('none\n')
    expect(await machine.shell('find ~/.local/state/kneeboard -perm /077')).toBe('')
    expect(await cleanJob(machine, name)).toBe('cleaned')
    expect(await machine.shell('ls -A ~/.local/state/kneeboard/jobs')).toBe('')
  })
})

describe('a job', () => {
  test('that ignores SIGTERM is killed', async () => {
    const machine = new ShellMachine('dash')
    const end = await runJob(machine, 'trap "" TERM; while :; do sleep 1; done', { timeoutSeconds: 1 })
    expect(end).toMatchObject({ state: 'done', exitCode: 137, why: 'timeout' })
  })

  test('is not started in a directory that is a link, and says why', async () => {
    const machine = new ShellMachine('dash')
    await machine.shell(
      'mkdir -p ~/.local/state/kneeboard ~/elsewhere; ln -s ~/elsewhere ~/.local/state/kneeboard/jobs',
    )
    const start = await startJob(machine, request('echo ran >~/ran'))
    expect(start).toEqual({
      state: 'not-started',
      reason: `${machine.home}/.local/state/kneeboard/jobs is a link or belongs to somebody else`,
    })
  })

  test('is not started where the disk takes nothing, and says why', async () => {
    const machine = new ShellMachine('dash')
    machine.before = 'ulimit -f 0; trap "" XFSZ; '
    expect(await startJob(machine, request('echo ran >~/ran'))).toMatchObject({
      state: 'not-started',
      reason: expect.stringContaining('cannot be written'),
    })
  })

  test('of a user is not started where a logout would end it', async () => {
    const machine = new ShellMachine('dash')
    machine.before =
      'busctl() { echo b true; }; id() { if [ "$1" = -u ]; then echo 1000; else echo somebody; fi; }; '
    expect(await startJob(machine, request('echo ran'))).toMatchObject({
      reason: expect.stringContaining('KillUserProcesses=yes'),
    })
  })

  test.runIf(process.getuid?.() === 0)(
    'as a named user has that user’s groups, home and name, and root’s files stay hidden',
    async () => {
      const machine = new ShellMachine('dash')
      await startJob(
        machine,
        request('id -un; echo "$USER $HOME"; ls /root 2>&1 | head -n 1', { as: 'user:nobody' }),
      )
      const end = await attachJob(machine, { ...name, as: 'user:nobody' })
      expect(end).toMatchObject({
        stdout: expect.stringMatching(/^nobody\nnobody \/nonexistent\nls: .*denied\n$/),
      })
      expect(await startJob(machine, request('id', { id: 'x', as: 'user:nosuchuser' }))).toMatchObject({
        reason: 'there is no user nosuchuser on this server',
      })
    },
  )

  test('has an id that cannot leave its directory, and limits that mean something', async () => {
    const machine = new ShellMachine('dash')
    for (const id of ['', '../x', 'a/b', '-x', '.x', 'a b', "a'b", 'a\nb', 'x'.repeat(201)]) {
      await expect(startJob(machine, request('true', { id }))).rejects.toThrow(RangeError)
      await expect(cleanJob(machine, { ...name, id })).rejects.toThrow(RangeError)
    }
    await expect(startJob(machine, request('true', { timeoutSeconds: Number.NaN }))).rejects.toThrow(
      RangeError,
    )
    await expect(startJob(machine, request('true', { maxBytes: 10 }))).rejects.toThrow(RangeError)
    expect(machine.runs).toBe(0)
  })

  test('whose server gives no answer is unreadable, never absent', async () => {
    const machine = new ShellMachine('dash')
    machine.before = 'exit 7; '
    await expect(attachJob(machine, name)).rejects.toThrow(Unreadable)
    await expect(startJob(machine, request('true'))).rejects.toThrow(Unreadable)
  })
})

describe('the answer of a server', () => {
  const whole = 'state running\nsize 3\ntotal 3\nencoding base64\ndata\nYWJj\ntail\nend\n'

  test('is read when it is whole', () => {
    expect(parsePoll(whole)).toMatchObject({ job: { state: 'running' }, size: 3, bytes: Buffer.from('abc') })
  })

  test('is unreadable when any part of it is missing', () => {
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => parsePoll(whole.slice(0, length)), `cut at ${length}`).toThrow(Unreadable)
    }
  })

  test('is unreadable when it says a state that there is not', () => {
    for (const line of ['', 'fine', 'done', 'done x exit', 'done 0 happily', 'lost', 'lost anyhow no']) {
      expect(() => parseJobState(line), line).toThrow(Unreadable)
    }
  })
})
