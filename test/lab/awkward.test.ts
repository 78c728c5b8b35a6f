import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type Lab, type LabServer, openLab } from './index.ts'
import { attempt, run } from './shell.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 300_000 })

let lab: Lab
let server: LabServer

beforeAll(async () => {
  lab = await openLab()
  server = await lab.startServer({ variant: 'awkward' })
})
afterAll(() => lab?.close())

function sshWords(user: string): string[] {
  const trust = ['-o', `UserKnownHostsFile=${server.knownHostsFile}`, '-o', 'BatchMode=yes']
  return ['-i', server.identityFile, ...trust, '-p', String(server.sshPort), `${user}@${server.ipv4}`]
}

it('something that is called unattended-upgrade holds the apt lock after boot', async () => {
  const outcome = await server.exec('apt-get install --assume-yes ufw')
  expect(outcome.stderr).toMatch(/Could not get lock.*It is held by process \d+ \(unattended-upgr\)/)
})

it('root’s key is only good for a message', async () => {
  const { stdout, exitCode } = await attempt`timeout 5 ssh ${sshWords('root')} id`
  expect(stdout).toContain('Please login as the user "debian"')
  expect(exitCode).not.toBe(0)
})

it('the cloud’s user has the key, and sudo without a password', async () => {
  const { stdout } = await run`ssh ${sshWords('debian')} ${'sudo -n id -un'}`
  expect(stdout.trim()).toBe('root')
})

it('a drop-in turns passwords on, and sshd listens on port 2222 only', async () => {
  expect(await server.must('cat /etc/ssh/sshd_config.d/50-cloud-init.conf')).toBe(
    'PasswordAuthentication yes\n',
  )
  expect(await server.must('sshd -T')).toMatch(/^port 2222$/m)
  expect((await server.exec('exec 3<>/dev/tcp/127.0.0.1/22')).exitCode).not.toBe(0)
})
