import { describe, expect, test } from 'vitest'
import { parseListeners } from '../../../src/facts/listeners.ts'
import { sshPortsOf } from '../../../src/facts/ssh-ports.ts'
import { parseSession } from '../../../src/facts/ssh-session.ts'
import { parseSshdService } from '../../../src/facts/sshd-service.ts'

/** `ss -H -lntup` of the lab's bare server, with a database and a socket-activated sshd added. */
const SS = `udp UNCONN 0      0      127.0.0.11:44296 0.0.0.0:*
udp UNCONN 0      0      10.0.2.15%eth0:68 0.0.0.0:* users:(("dhclient",pid=400,fd=7))
tcp LISTEN 0      4096   127.0.0.11:37113 0.0.0.0:*
tcp LISTEN 0      128       0.0.0.0:22    0.0.0.0:* users:(("sshd",pid=63,fd=3))
tcp LISTEN 0      128          [::]:22       [::]:* users:(("sshd",pid=63,fd=4))
tcp LISTEN 0      511             *:80          *:* users:(("nginx",pid=9,fd=6),("nginx",pid=8,fd=6))
tcp LISTEN 0      4096            *:2222        *:* users:(("systemd",pid=1,fd=50))
tcp LISTEN 0      128     127.0.0.1:6010  0.0.0.0:* users:(("sshd",pid=70,fd=9))
`
const nowhere = { user: 'root', client: null, server: null }

describe('listening sockets', () => {
  const sockets = parseListeners(SS)
  test('have an address, their families and their programs', () => {
    expect(sockets.find(({ port }) => port === 80)).toMatchObject({
      address: '*',
      families: [4, 6],
      programs: ['nginx'],
    })
    expect(sockets.find(({ port }) => port === 68)).toMatchObject({ protocol: 'udp', address: '10.0.2.15' })
    expect(sockets.filter(({ port }) => port === 22).map(({ families }) => families)).toEqual([[4], [6]])
  })
  test('of a shape that is not known are not passed over', () => {
    expect(() => parseListeners('tcp LISTEN nonsense\n')).toThrow('could not be read')
  })
  test('sshd’s ports are those that are open, with systemd’s for it, without its forwardings', () => {
    expect(sshPortsOf(sockets, [2222], nowhere)).toEqual([
      { port: 22, families: [4, 6] },
      { port: 2222, families: [4, 6] },
    ])
  })
  test('the port of our own connection is always among them', () => {
    const session = parseSession('root\n198.51.100.7 50000 203.0.113.5 2200\n')
    expect(sshPortsOf([], [], session)).toEqual([{ port: 2200, families: [4] }])
  })
  test('none at all is no reason to go on', () => {
    expect(() => sshPortsOf([], [], nowhere)).toThrow('no port was found')
  })
})

test('a login without SSH has neither side', () => {
  expect(parseSession('anna\n\n')).toEqual({ user: 'anna', client: null, server: null })
})

describe('the SSH service', () => {
  test('is ssh.service on Debian, where sshd.service is an alias', () => {
    const text = `Id=ssh.service\nLoadState=loaded\nActiveState=active\n\nId=ssh.service\nLoadState=loaded\nActiveState=active\n\nListen=[::]:22 (Stream)\nId=ssh.socket\nLoadState=loaded\nActiveState=inactive\n\nId=sshd.socket\nLoadState=not-found\nActiveState=inactive\n`
    expect(parseSshdService(text)).toEqual({ unit: 'ssh.service', active: true, socketPorts: [] })
  })
  test('may be a socket that waits', () => {
    const text = `Id=ssh.service\nLoadState=loaded\nActiveState=inactive\n\nListen=0.0.0.0:2222 (Stream)\nListen=[::]:2222 (Stream)\nId=ssh.socket\nLoadState=loaded\nActiveState=active\n`
    expect(parseSshdService(text)).toEqual({ unit: 'ssh.service', active: false, socketPorts: [2222] })
  })
  test('that systemd does not know is not guessed', () => {
    expect(() => parseSshdService('Id=ssh.service\nLoadState=not-found\n')).toThrow('knows no ssh')
  })
})
