/** The archive of this world: the packages that runbooks ask for, with what they bring. */

import type { Package } from './packages.ts'
import { EMPTY_RULES } from './ufw.ts'

const all = (folder: string, names: string): Record<string, string> =>
  Object.fromEntries(
    names
      .split(/\s+/)
      .filter(Boolean)
      .map(name => [`${folder}/${name}`, name]),
  )

const unit = (description: string, service: string, wanted = 'multi-user.target'): string =>
  `[Unit]\nDescription=${description}\n\n[Service]\n${service}\n\n[Install]\nWantedBy=${wanted}\n`
const timer = (description: string, settings: string): string =>
  `[Unit]\nDescription=${description}\n\n[Timer]\n${settings}\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n`
const SYSTEM = '/usr/lib/systemd/system'

/** Installed on every server. */
export const BASE: readonly Package[] = [
  {
    name: 'coreutils',
    version: '9.7-3',
    programs: all(
      '/usr/bin',
      '[ base64 basename cat chgrp chmod chown comm cp cut date dd df dirname du echo env expr false groups head id install link ln ls md5sum mkdir mkfifo mktemp mv nice nohup nproc od paste printenv printf pwd readlink realpath rm rmdir seq sha1sum sha224sum sha256sum sha512sum sleep sort stat sync tac tail tee test timeout touch tr true truncate uname uniq wc who whoami',
    ),
  },
  { name: 'dash', version: '0.5.12-12', programs: { '/usr/bin/dash': 'sh', '/usr/bin/sh': 'sh' } },
  { name: 'bash', version: '5.2.37-2', programs: { '/usr/bin/bash': 'sh' } },
  { name: 'grep', version: '3.11-4', programs: all('/usr/bin', 'grep egrep fgrep') },
  { name: 'sed', version: '4.9-2', programs: all('/usr/bin', 'sed') },
  { name: 'mawk', version: '1.3.4.20250131-1', programs: { '/usr/bin/awk': 'awk', '/usr/bin/mawk': 'awk' } },
  { name: 'findutils', version: '4.10.0-3', programs: all('/usr/bin', 'find xargs') },
  { name: 'diffutils', version: '3.10-4', programs: all('/usr/bin', 'cmp diff') },
  { name: 'gzip', version: '1.13-1', programs: all('/usr/bin', 'gzip gunzip zcat') },
  { name: 'tar', version: '1.35+dfsg-3.1', programs: all('/usr/bin', 'tar') },
  {
    name: 'util-linux',
    version: '2.41-5',
    programs: {
      ...all(
        '/usr/bin',
        'flock getopt ionice rev setpriv setsid unshare nsenter mount umount logger lsblk findmnt su',
      ),
      ...all('/usr/sbin', 'runuser swapon swapoff mkswap fstrim'),
      '/usr/bin/fallocate': 'fallocate',
    },
  },
  { name: 'procps', version: '2:4.0.4-9', programs: all('/usr/bin', 'free kill pgrep ps uptime sysctl top') },
  { name: 'hostname', version: '3.25', programs: all('/usr/bin', 'hostname') },
  { name: 'libc-bin', version: '2.41-12', programs: all('/usr/bin', 'getent getconf ldd') },
  { name: 'libssl3t64', version: '3.5.4-1~deb13u1', security: true },
  { name: 'openssl', version: '3.5.4-1~deb13u1', security: true, programs: all('/usr/bin', 'openssl') },
  {
    name: 'passwd',
    version: '1:4.17.4-2',
    programs: {
      ...all('/usr/bin', 'passwd chage gpasswd'),
      ...all('/usr/sbin', 'useradd usermod groupadd userdel chpasswd'),
    },
  },
  {
    name: 'adduser',
    version: '3.152',
    programs: { ...all('/usr/sbin', 'adduser deluser'), '/usr/sbin/addgroup': 'groupadd' },
  },
  { name: 'login', version: '1:4.16.0-2', programs: all('/usr/bin', 'newgrp') },
  {
    name: 'apt',
    version: '3.0.3',
    programs: { ...all('/usr/bin', 'apt-get apt-cache apt-config apt-mark'), '/usr/bin/apt': 'apt-get' },
    files: {
      [`${SYSTEM}/apt-daily.service`]:
        '[Unit]\nDescription=Daily apt download activities\n[Service]\nType=oneshot\nExecStart=/usr/bin/true\n',
      [`${SYSTEM}/apt-daily.timer`]: timer(
        'Daily apt download activities',
        'OnCalendar=*-*-* 6,18:00\nRandomizedDelaySec=12h',
      ),
      [`${SYSTEM}/apt-daily-upgrade.service`]:
        '[Unit]\nDescription=Daily apt upgrade and clean activities\n[Service]\nType=oneshot\nExecStart=/usr/bin/true\n',
      [`${SYSTEM}/apt-daily-upgrade.timer`]: timer(
        'Daily apt upgrade and clean activities',
        'OnCalendar=*-*-* 6:00\nRandomizedDelaySec=60m',
      ),
    },
    starts: ['apt-daily.timer', 'apt-daily-upgrade.timer'],
  },
  { name: 'dpkg', version: '1.22.21', programs: all('/usr/bin', 'dpkg dpkg-query') },
  { name: 'iproute2', version: '6.15.0-1', programs: { '/usr/bin/ip': 'ip', '/usr/bin/ss': 'ss' } },
  { name: 'iptables', version: '1.8.11-2', programs: all('/usr/sbin', 'iptables ip6tables') },
  { name: 'curl', version: '8.14.1-2', programs: all('/usr/bin', 'curl') },
  { name: 'ca-certificates', version: '20250419' },
  {
    name: 'systemd',
    version: '257.9-1~deb13u1',
    programs: all(
      '/usr/bin',
      'systemctl systemd-run systemd-analyze systemd-detect-virt journalctl timedatectl hostnamectl busctl loginctl',
    ),
    files: { [`${SYSTEM}/fstrim.timer`]: timer('Discard unused blocks once a week', 'OnCalendar=weekly') },
  },
  {
    name: 'systemd-timesyncd',
    version: '257.9-1~deb13u1',
    files: {
      [`${SYSTEM}/systemd-timesyncd.service`]: unit(
        'Network Time Synchronization',
        'ExecStart=!!/usr/lib/systemd/systemd-timesyncd',
        'sysinit.target',
      ),
    },
    starts: ['systemd-timesyncd.service'],
  },
  {
    name: 'cron',
    version: '3.0pl1-197',
    files: {
      [`${SYSTEM}/cron.service`]: unit(
        'Regular background program processing daemon',
        'ExecStart=/usr/sbin/cron -f',
      ),
    },
    programs: all('/usr/bin', 'crontab'),
    starts: ['cron.service'],
  },
  { name: 'openssh-client', version: '1:10.0p1-7', programs: all('/usr/bin', 'ssh-keygen') },
  {
    name: 'openssh-server',
    version: '1:10.0p1-7',
    programs: all('/usr/sbin', 'sshd'),
    files: {
      [`${SYSTEM}/ssh.service`]: unit(
        'OpenBSD Secure Shell server',
        'Type=notify\nExecStart=/usr/sbin/sshd -D $SSHD_OPTS\nExecReload=/bin/kill -HUP $MAINPID\nKillMode=process',
      ),
    },
    configuration: {
      '/etc/ssh/sshd_config':
        'Include /etc/ssh/sshd_config.d/*.conf\n\n#Port 22\n#PermitRootLogin prohibit-password\n#PasswordAuthentication yes\n\nKbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\nPrintMotd no\nAcceptEnv LANG LC_* COLORTERM NO_COLOR\nSubsystem\tsftp\t/usr/lib/openssh/sftp-server\n',
    },
    starts: ['ssh.service'],
  },
  {
    name: 'sudo',
    version: '1.9.16p2-3',
    programs: { '/usr/bin/sudo': 'sudo', '/usr/sbin/visudo': 'visudo' },
    configuration: {
      '/etc/sudoers':
        'Defaults\tenv_reset\nDefaults\tsecure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n',
    },
  },
  { name: 'linux-image-6.12.48+deb13-amd64', version: '6.12.48-1' },
  { name: 'gpg', version: '2.4.7-21', programs: all('/usr/bin', 'gpg') },
  { name: 'tzdata', version: '2026f-0+deb13u1' },
]

/** What may be installed besides. */
export const ARCHIVE: readonly Package[] = [
  { name: 'rsync', version: '3.4.1+ds1-5' },
  {
    name: 'unattended-upgrades',
    version: '2.12',
    programs: { '/usr/bin/unattended-upgrade': 'unattended-upgrade' },
    configuration: {
      '/etc/apt/apt.conf.d/50unattended-upgrades':
        'Unattended-Upgrade::Origins-Pattern {\n        "origin=Debian,codename=${distro_codename},label=Debian";\n        "origin=Debian,codename=${distro_codename}-security,label=Debian-Security";\n};\n',
      '/etc/apt/apt.conf.d/20auto-upgrades':
        'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n',
    },
    files: {
      [`${SYSTEM}/unattended-upgrades.service`]: unit(
        'Unattended Upgrades Shutdown',
        'ExecStart=/usr/share/unattended-upgrades/unattended-upgrade-shutdown --wait-for-signal',
      ),
    },
    starts: ['unattended-upgrades.service'],
  },
  { name: 'nftables', version: '1.1.3-1', programs: all('/usr/sbin', 'nft') },
  { name: 'python3', version: '3.13.5-1' },
  {
    name: 'python3-systemd',
    version: '235-1+b6',
    files: { '/usr/lib/python3/dist-packages/systemd/journal.py': '# python3-systemd\n' },
    depends: ['python3'],
  },
  {
    name: 'ufw',
    version: '0.36.2-9',
    depends: ['iptables'],
    programs: all('/usr/sbin', 'ufw'),
    files: {
      [`${SYSTEM}/ufw.service`]: unit(
        'Uncomplicated firewall',
        'Type=oneshot\nRemainAfterExit=yes\nExecStart=/usr/lib/ufw/ufw-init start quiet',
      ),
    },
    configuration: {
      '/etc/default/ufw':
        'IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\nDEFAULT_FORWARD_POLICY="DROP"\nDEFAULT_APPLICATION_POLICY="SKIP"\nMANAGE_BUILTINS=no\n',
      '/etc/ufw/ufw.conf': 'ENABLED=no\nLOGLEVEL=low\n',
      '/etc/ufw/user.rules': EMPTY_RULES,
      '/etc/ufw/user6.rules': EMPTY_RULES.replaceAll('ufw-user', 'ufw6-user'),
    },
    starts: ['ufw.service'],
  },
  {
    name: 'fail2ban',
    version: '1.1.0-8',
    depends: ['python3'],
    programs: all('/usr/bin', 'fail2ban-client'),
    files: {
      [`${SYSTEM}/fail2ban.service`]: unit(
        'Fail2Ban Service',
        'ExecStart=/usr/bin/fail2ban-server -xf start\nExecStop=/usr/bin/fail2ban-client stop',
      ),
    },
    configuration: {
      '/etc/fail2ban/jail.conf':
        '[DEFAULT]\nbantime  = 10m\nfindtime  = 10m\nmaxretry = 5\nbackend = auto\n\n[sshd]\nport    = ssh\n',
      '/etc/fail2ban/jail.d/defaults-debian.conf':
        '[DEFAULT]\nbanaction = nftables\n\n[sshd]\nbackend = systemd\njournalmatch = _SYSTEMD_UNIT=ssh.service + _COMM=sshd\nenabled = true\n',
    },
    starts: ['fail2ban.service'],
  },
  {
    name: 'containerd',
    version: '1.7.24~ds1-6',
    files: {
      [`${SYSTEM}/containerd.service`]: unit('containerd container runtime', 'ExecStart=/usr/bin/containerd'),
    },
    starts: ['containerd.service'],
  },
  {
    name: 'docker.io',
    version: '26.1.5+dfsg1-9+b9',
    depends: ['containerd', 'iptables'],
    programs: all('/usr/sbin', 'dockerd'),
    files: {
      [`${SYSTEM}/docker.service`]: unit(
        'Docker Application Container Engine',
        'Type=notify\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock',
      ),
      [`${SYSTEM}/docker.socket`]:
        '[Unit]\nDescription=Docker Socket for the API\n\n[Socket]\nListenStream=/run/docker.sock\nSocketMode=0660\nSocketGroup=docker\n\n[Install]\nWantedBy=sockets.target\n',
    },
    starts: ['docker.socket', 'docker.service'],
  },
  { name: 'docker-cli', version: '26.1.5+dfsg1-9+b9', programs: all('/usr/bin', 'docker') },
  {
    name: 'docker-compose',
    version: '2.26.1-4',
    depends: ['docker-cli'],
    files: { '/usr/libexec/docker/cli-plugins/docker-compose': '#!/bin/sh\nexec docker compose "$@"\n' },
  },
  { name: 'podman-docker', version: '5.4.2+ds1-2+b1' },
  {
    name: 'certbot',
    version: '4.0.0-2',
    depends: ['python3'],
    programs: all('/usr/bin', 'certbot'),
    files: {
      [`${SYSTEM}/certbot.service`]:
        '[Unit]\nDescription=Certbot\n[Service]\nType=oneshot\nExecStart=/usr/bin/certbot -q renew --no-random-sleep-on-renew\n',
      [`${SYSTEM}/certbot.timer`]: timer(
        'Run certbot twice daily',
        'OnCalendar=*-*-* 00,12:00:00\nRandomizedDelaySec=43200',
      ),
      '/etc/cron.d/certbot':
        "0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system && perl -e 'sleep int(rand(43200))' && certbot -q renew --no-random-sleep-on-renew\n",
    },
    starts: ['certbot.timer'],
  },
  ...['docker-ce', 'docker-ce-cli', 'docker-compose-plugin', 'containerd.io'].map(
    (name): Package => ({ name, version: '5:29.0.2-1~debian.13~trixie', from: 'download.docker.com' }),
  ),
]
