/** fail2ban: its jails, from its files when it starts. */

import type { FileSystem } from '../system/file-system.ts'

export class Fail2ban {
  readonly #files: FileSystem
  running = false
  /** The jail for sshd as it was when the service started; undefined without one. */
  jail: ReadonlyMap<string, string> | undefined

  constructor(files: FileSystem) {
    this.#files = files
  }

  /** @returns why it does not start. */
  start(): string | undefined {
    const section = this.settings()
    this.jail = undefined
    if (section.get('enabled') === 'true') {
      const backend = section.get('backend') ?? 'auto'
      if (backend === 'systemd' && !this.#files.exists('/usr/lib/python3/dist-packages/systemd/journal.py'))
        return "ERROR   Backend 'systemd' failed to initialize due to No module named 'systemd'"
      if (backend !== 'systemd' && !this.#files.exists('/var/log/auth.log'))
        return 'ERROR   Failed during configuration: Have not found any log file for sshd jail'
      this.jail = section
    }
    this.running = true
    return undefined
  }

  stop(): void {
    this.running = false
  }

  /** Keys of [sshd] over those of [DEFAULT], file by file. */
  settings(): Map<string, string> {
    const folder = '/etc/fail2ban/jail.d'
    const names = this.#files.maybe(folder)?.kind === 'directory' ? this.#files.names(folder) : []
    const conf = names.filter(name => name.endsWith('.conf')).map(name => `${folder}/${name}`)
    const local = names.filter(name => name.endsWith('.local')).map(name => `${folder}/${name}`)
    const found = new Map<string, string>()
    const own = new Map<string, string>()
    for (const path of ['/etc/fail2ban/jail.conf', ...conf, '/etc/fail2ban/jail.local', ...local]) {
      let at = ''
      for (const line of this.#files.text(path).split('\n')) {
        const [, heading] = /^\[(.+)\]/.exec(line.trim()) ?? []
        if (heading) at = heading
        const [, key = '', value = ''] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? []
        if (key === '') continue
        if (at === 'DEFAULT') found.set(key, value)
        if (at === 'sshd') own.set(key, value)
      }
    }
    return new Map([...found, ...own])
  }
}
