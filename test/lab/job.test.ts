import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { attachJob, cleanJob, pollJob, startJob, stopJob } from '../../src/host/job.ts'
import type { Machine } from '../../src/model/machine.ts'
import { verbatim } from '../../src/model/script.ts'
import { labIsPossible } from './index.ts'
import type { LabServer } from './server.ts'
import { type Lab, openLab } from './session.ts'
import { waitFor } from './shell.ts'
import { connectToLab } from './walk.ts'

/** A hundred lines in twenty seconds, with a trace of each time that it is run. */
const LINES = verbatim(
  'echo ran >>/tmp/ran; i=1; while [ $i -le 100 ]; do echo line $i; sleep 0.2; i=$((i+1)); done; exit 42',
)
const ALL_LINES = Array.from({ length: 100 }, (_, n) => `line ${n + 1}\n`).join('')

/** What a cut connection looks like from the server: the session's sshd is gone, its children are not asked. */
const cutSessions = (server: LabServer, user: string) => server.must(`pkill -KILL -f '^sshd: ${user}' || :`)

describe.skipIf(!(await labIsPossible()).possible)('jobs on a real server', () => {
  let lab: Lab
  let server: LabServer
  let root: Machine
  let anna: Machine
  beforeAll(async () => {
    lab = await openLab()
    server = await lab.startServer({ name: 'jobs' })
    await server.must(`
      useradd -m -s /bin/bash anna && install -d -m 700 -o anna /home/anna/.ssh
      install -m 600 -o anna /root/.ssh/authorized_keys /home/anna/.ssh/authorized_keys
      command -v sudo >/dev/null || apt-get install -qqy sudo >/dev/null
      echo 'anna ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/anna`)
    root = await connectToLab(server)
    anna = await connectToLab(server, 'anna')
  })
  afterAll(async () => {
    await root?.close()
    await anna?.close()
    await lab?.close()
  })
  beforeEach(() => server.must('rm -f /tmp/ran'))

  const runs = async () => (await server.must('cat /tmp/ran')).trim().split('\n').length

  test.each([
    ['root', 'root'],
    ['root', 'user:anna'],
    ['anna', 'login'],
    ['anna', 'root'],
  ] as const)(
    'a job started by %s as %s outlives three cut sessions: every line in order, run once',
    async (who, as) => {
      const machine = who === 'root' ? root : anna
      const name = { id: `cut-${who}-${as.replace(':', '-')}`, as }
      const job = { ...name, script: LINES, timeoutSeconds: 60 }
      expect(await startJob(machine, job)).toEqual({ state: 'started' })
      let lost = 0
      let heard = ''
      let cuts = 0
      const cutting: Promise<unknown>[] = []
      const end = await attachJob(machine, name, {
        onLost: () => {
          lost += 1
        },
        onOutput: text => {
          heard += text
          const lines = heard.split('\n').length
          if (lines > 20 * (cuts + 1) && cuts < 3) {
            cuts += 1
            cutting.push(cutSessions(server, who))
          }
        },
      })
      await Promise.all(cutting)
      expect(end).toMatchObject({ state: 'done', exitCode: 42, why: 'exit', stdout: ALL_LINES })
      expect(heard).toBe(ALL_LINES)
      expect(lost).toBeGreaterThanOrEqual(2)
      expect(await runs()).toBe(1)
      expect(await startJob(machine, job)).toEqual({ state: 'already-started' })
      expect(await cleanJob(machine, name)).toBe('cleaned')
    },
  )

  test('a session that is killed while the job is being started loses nothing and runs nothing twice', async () => {
    for (let n = 0; n < 8; n += 1) {
      const name = { id: `start-${n}`, as: 'root' } as const
      await root.run(verbatim(':'))
      const started = startJob(root, {
        ...name,
        script: verbatim(`echo ran-${n} >>/tmp/ran`),
        timeoutSeconds: 60,
      })
      await new Promise(resolve => setTimeout(resolve, n * 15))
      await cutSessions(server, 'root')
      expect((await started).state).toMatch(/started$/)
      expect(await attachJob(root, name)).toMatchObject({ state: 'done', exitCode: 0 })
    }
    expect(await server.must('sort /tmp/ran')).toBe(
      Array.from({ length: 8 }, (_, n) => `ran-${n}\n`).join(''),
    )
  })

  test('twelve starts that race over three connections run once', async () => {
    const machines = await Promise.all([1, 2, 3].map(() => connectToLab(server)))
    const job = {
      id: 'race',
      as: 'root',
      script: verbatim('echo ran >>/tmp/ran; sleep 1'),
      timeoutSeconds: 60,
    } as const
    const starts = await Promise.all(
      Array.from({ length: 12 }, (_, n) => startJob(machines[n % 3] ?? root, job)),
    )
    expect(starts.filter(start => start.state === 'not-started')).toEqual([])
    expect(await attachJob(root, job)).toMatchObject({ state: 'done', exitCode: 0 })
    expect(await runs()).toBe(1)
    expect((await startJob(root, { ...job, script: verbatim('echo other') })).state).toBe('not-started')
    await Promise.all(machines.map(machine => machine.close()))
  })

  test('as root it is a unit of systemd, with a plain environment and SIGPIPE as usual', async () => {
    const name = { id: 'unit', as: 'root' } as const
    const script = verbatim(
      'yes | head -n 1; echo "$PATH $HOME $LC_ALL $DEBIAN_FRONTEND"; cat /proc/self/cgroup; sleep 1',
    )
    await startJob(root, { ...name, script, timeoutSeconds: 60 })
    expect((await server.must('systemctl is-active kneeboard-job-unit')).trim()).toBe('active')
    const end = await attachJob(root, name)
    expect(end).toMatchObject({
      stdout: expect.stringMatching(
        /^y\n\/usr\/local\/sbin:\S+ \/root C noninteractive\n[\s\S]*kneeboard-job-unit\.service\n/,
      ),
    })
    await waitFor(
      'the unit to be gone',
      async () => (await server.exec('systemctl is-active kneeboard-job-unit')).exitCode !== 0,
    )
  })

  test('stopped or out of time, all of its processes end; a daemon that it started stays', async () => {
    const script = verbatim('setsid sleep 4141 & sleep 4142 & sleep 4143')
    await startJob(root, { id: 'stop', as: 'root', script, timeoutSeconds: 600 })
    await waitFor('its processes', async () => (await server.exec('pgrep -f "^sleep 4143"')).exitCode === 0)
    expect(await stopJob(root, { id: 'stop', as: 'root' })).toEqual({
      state: 'done',
      exitCode: 143,
      why: 'stopped',
    })
    await startJob(root, { id: 'late', as: 'root', script, timeoutSeconds: 4 })
    expect(await attachJob(root, { id: 'late', as: 'root' })).toMatchObject({ exitCode: 143, why: 'timeout' })
    expect(await server.must('pgrep -c -f "^sleep 414[23]" || :')).toBe('0\n')
    expect(await server.must('pgrep -c -f "^sleep 4141"; pkill -f "^sleep 4141"')).toBe('2\n')
  })

  test('on a full disk it goes on, and its exit status is kept; one that cannot be kept does not start', async () => {
    await server.must(
      'mkdir -p /var/lib/kneeboard && mount -t tmpfs -o size=256k,mode=700 tmpfs /var/lib/kneeboard',
    )
    try {
      const script = verbatim('head -c 2000000 /dev/zero | tr "\\0" x; echo ran >>/tmp/ran; exit 7')
      await startJob(root, { id: 'full', as: 'root', script, timeoutSeconds: 60, maxBytes: 1_048_576 })
      const end = await attachJob(root, { id: 'full', as: 'root' })
      expect(end).toMatchObject({ state: 'done', exitCode: 7, why: 'exit' })
      expect(await runs()).toBe(1)
      const second = await startJob(root, { id: 'more', as: 'root', script, timeoutSeconds: 60 })
      expect(second).toEqual({
        state: 'not-started',
        reason: expect.stringMatching(/cannot be written|No space left/),
      })
      expect(await runs()).toBe(1)
    } finally {
      await server.must('umount /var/lib/kneeboard')
    }
  })

  test('of a user it is refused where a logout would end it', async () => {
    await server.must(`mkdir -p /etc/systemd/logind.conf.d
      printf '[Login]\\nKillUserProcesses=yes\\n' >/etc/systemd/logind.conf.d/kill.conf; systemctl restart systemd-logind`)
    try {
      const started = await startJob(anna, { id: 'killed', as: 'login', script: LINES, timeoutSeconds: 60 })
      expect(started).toEqual({
        state: 'not-started',
        reason: expect.stringContaining('KillUserProcesses=yes'),
      })
    } finally {
      await server.must('rm /etc/systemd/logind.conf.d/kill.conf; systemctl restart systemd-logind')
    }
  })

  test.each(['reboot', 'powerCycle'] as const)(
    'a %s in the middle of it makes it lost, and it is not run again',
    async how => {
      const rootJob = { id: `${how}-root`, as: 'root' } as const
      const loginJob = { id: `${how}-login`, as: 'login' } as const
      await startJob(root, { ...rootJob, script: LINES, timeoutSeconds: 60 })
      await startJob(anna, { ...loginJob, script: LINES, timeoutSeconds: 60 })
      await waitFor('some output', async () => (await pollJob(root, rootJob, 0)).size > 20)
      const before = Date.now()
      await server[how]()
      expect(Date.now() - before).toBeLessThan(60_000)
      const lost = {
        state: 'lost',
        reason: 'rebooted',
        stillRunning: false,
        stdout: expect.stringMatching(/^line 1\nline 2\n/),
      }
      expect(await attachJob(root, rootJob)).toMatchObject(lost)
      expect(await attachJob(anna, loginJob)).toMatchObject({ state: 'lost', reason: 'rebooted' })
      expect(await startJob(root, { ...rootJob, script: LINES, timeoutSeconds: 60 })).toEqual({
        state: 'already-started',
      })
      expect(await cleanJob(root, rootJob)).toBe('cleaned')
    },
  )
})
