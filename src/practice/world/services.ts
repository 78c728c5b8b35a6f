/** What the services of this world do when they start, stop and read their files again. */

import type { World } from './world.ts'

export function giveBehaviours(world: World): void {
  const { systemd, network, sshd, ufw, fail2ban, journal, docker } = world
  systemd.behave('ssh.service', {
    command: ['sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups'],
    start: () => {
      const error = sshd.reload()
      if (error === undefined)
        journal.add('ssh.service', 'sshd', `Server listening on 0.0.0.0 port ${sshd.running('port')}.`)
      return error
    },
    reload: () => {
      journal.add('ssh.service', 'sshd', 'Received SIGHUP; restarting.')
      const error = sshd.reload()
      if (error === undefined)
        journal.add('ssh.service', 'sshd', `Server listening on 0.0.0.0 port ${sshd.running('port')}.`)
      return error
    },
  })
  network.listen(() => {
    const { active, main } = systemd.unit('ssh.service')
    if (active !== 'active') return []
    const ports = sshd.running('port').split(' ').filter(Boolean).map(Number)
    return ports.flatMap(port =>
      ['0.0.0.0', '[::]'].map(address => ({
        protocol: 'tcp' as const,
        address,
        port,
        program: 'sshd',
        pid: main?.pid ?? 0,
      })),
    )
  })
  systemd.behave('ufw.service', {
    start: () => {
      if (ufw.enabled) ufw.active = true
      return undefined
    },
    stop: () => {
      ufw.active = false
    },
  })
  systemd.behave('fail2ban.service', {
    command: ['/usr/bin/python3', '/usr/bin/fail2ban-server', '-xf', 'start'],
    start: () => fail2ban.start(),
    stop: () => fail2ban.stop(),
    reload: () => fail2ban.start(),
  })
  systemd.behave('containerd.service', { command: ['/usr/bin/containerd'] })
  systemd.behave('docker.service', {
    command: ['/usr/sbin/dockerd', '-H', 'fd://', '--containerd=/run/containerd/containerd.sock'],
    start: () => docker.start(),
    stop: () => docker.stop(),
    reload: () => docker.reload(),
  })
  for (const [name, ...command] of [
    ['cron.service', '/usr/sbin/cron', '-f'],
    ['systemd-timesyncd.service', '/usr/lib/systemd/systemd-timesyncd'],
    [
      'unattended-upgrades.service',
      '/usr/bin/python3',
      '/usr/share/unattended-upgrades/unattended-upgrade-shutdown',
    ],
  ] as const)
    systemd.behave(name, { command })
}
