import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Lab, type LabServer, losePackets, openLab } from './index.ts'
import { run } from './shell.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 300_000 })

let lab: Lab
let server: LabServer

beforeAll(async () => {
  lab = await openLab()
  server = await lab.startServer()
})
afterAll(() => lab?.close())

function ssh(command: string, address = server.ipv4): Promise<string> {
  const trust = ['-o', `UserKnownHostsFile=${server.knownHostsFile}`, '-o', 'StrictHostKeyChecking=yes']
  const options = ['-i', server.identityFile, '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=5', ...trust]
  return run`ssh ${options} ${`${server.sshUser}@${address}`} ${command}`.then(result => result.stdout.trim())
}

describe('a bare lab server', () => {
  it('takes its key over IPv4 and IPv6, and its host key is the known one', async () => {
    expect(await ssh('hostname')).toBe(server.name)
    expect(await ssh('hostname', server.ipv6)).toBe(server.name)
  })

  it('has booted systemd without a failed unit', async () => {
    expect((await server.exec('systemctl is-system-running --wait')).stdout.trim()).toBe('running')
  })

  it('is as delivered: passwords allowed, and nothing there that Kneeboard sets up', async () => {
    expect(await server.must('sshd -T')).toContain('passwordauthentication yes')
    const commands = ['docker', 'ufw', 'fail2ban-client', 'certbot', 'unattended-upgrade']
    expect((await server.exec(`command -v ${commands.join(' ')}`)).stdout).toBe('')
    expect((await server.exec('getent passwd deploy')).exitCode).toBe(2)
  })

  it('reaches the package mirror under its own name, and has something to upgrade', async () => {
    await server.must('apt-get update')
    expect(await server.must('apt-get --simulate upgrade')).toMatch(/^[1-9]\d* upgraded/m)
    expect(await server.must('apt-cache policy docker-compose')).toMatch(/Candidate: 2\./)
  })

  it('reboots: another boot id, the same addresses, the same host key, files kept', async () => {
    const before = await server.bootId()
    await server.must('echo kept > /root/file')
    await server.reboot()
    expect(await server.bootId()).not.toBe(before)
    expect(await ssh('cat /root/file')).toBe('kept')
    expect(await ssh('true', server.ipv6)).toBe('')
  })

  it('comes back from a power cut', async () => {
    const before = await server.bootId()
    await server.powerCycle()
    expect(await server.bootId()).not.toBe(before)
    expect(await ssh('cat /root/file')).toBe('kept')
  })

  it('cannot be reached while all packets are lost, and can again afterwards', async () => {
    const loss = await losePackets(lab, server, 1)
    await expect(ssh('true')).rejects.toThrow(/timed out/)
    await loss.restore()
    expect(await ssh('hostname')).toBe(server.name)
  })
})

describe('several servers', () => {
  it('start side by side, each with addresses and host keys of its own', async () => {
    const others = await Promise.all([lab.startServer(), lab.startServer({ name: 'web' })])
    const all = [server, ...others]
    expect(new Set(all.map(each => each.ipv4)).size).toBe(3)
    expect(new Set(all.map(each => each.hostKeyFingerprint)).size).toBe(3)
    expect((await lab.servers()).map(each => each.name).sort()).toEqual(all.map(each => each.name).sort())
  })
})
