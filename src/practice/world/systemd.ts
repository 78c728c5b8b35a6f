/** systemd: units from their files, services that run, timers that elapse. */

import type { FileSystem } from '../system/file-system.ts'
import type { Machine } from '../system/machine.ts'
import type { Process } from '../system/process.ts'
import { nextElapse } from './calendar.ts'
import type { Journal } from './journal.ts'

/** Where unit files lie, the first that has one decides (systemd.unit(5)). */
const PLACES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
]

/** What a service of this world does beside being a unit; a unit file's ExecStart runs when there is none. */
export interface Behaviour {
  /** @returns why it does not start; undefined when it does. */
  start?(): string | undefined | Promise<string | undefined>
  stop?(): void
  reload?(): string | undefined
  /** The command line of its main process. */
  command?: readonly string[]
}

export interface Unit {
  readonly name: string
  active: 'active' | 'inactive' | 'failed' | 'activating'
  sub: string
  result: string
  main: Process | undefined
  /** Milliseconds since 1970 by the server's clock; 0 for never. */
  startedAt: number
  endedAt: number
  exitStatus: number
  /** When a timer last elapsed, and will next. */
  lastTrigger: number
  nextTrigger: number
  timer: NodeJS.Timeout | undefined
  restarts: number
}

export class Systemd {
  readonly #machine: Machine
  readonly #files: FileSystem
  readonly #journal: Journal
  readonly #units = new Map<string, Unit>()
  readonly #behaviours = new Map<string, Behaviour>()

  constructor(machine: Machine, files: FileSystem, journal: Journal) {
    this.#machine = machine
    this.#files = files
    this.#journal = journal
  }

  behave(name: string, behaviour: Behaviour): void {
    this.#behaviours.set(name, behaviour)
  }

  /** `ssh` means `ssh.service`. */
  nameOf(text: string): string {
    const name = text.includes('.') ? text : `${text}.service`
    return name === 'sshd.service' ? 'ssh.service' : name
  }

  /** The state of a unit, made when first asked for. */
  unit(name: string): Unit {
    let unit = this.#units.get(name)
    if (!unit) {
      unit = {
        name,
        active: 'inactive',
        sub: 'dead',
        result: 'success',
        main: undefined,
        startedAt: 0,
        endedAt: 0,
        exitStatus: 0,
        lastTrigger: 0,
        nextTrigger: 0,
        timer: undefined,
        restarts: 0,
      }
      this.#units.set(name, unit)
    }
    return unit
  }

  names(): string[] {
    const found = new Set(this.#units.keys())
    for (const place of PLACES)
      if (this.#files.maybe(place)?.kind === 'directory')
        for (const name of this.#files.names(place))
          if (/[^@]\.(service|timer|socket|target)$/.test(name)) found.add(name)
    return [...found].filter(name => this.load(name) !== 'not-found').sort()
  }

  /** The path of the unit's file, or undefined. */
  path(name: string): string | undefined {
    const names = [name, ...(isInstance(name) ? [templateOf(name)] : [])]
    return names
      .flatMap(each => PLACES.map(place => `${place}/${each}`))
      .find(path => this.#files.exists(path) || this.#isMask(path))
  }

  #isMask(path: string): boolean {
    const node = this.#files.maybe(path, undefined, '/', false)
    return node?.kind === 'link' && node.target === '/dev/null'
  }

  load(name: string): 'loaded' | 'not-found' | 'masked' {
    const path = this.path(name)
    if (path === undefined) return this.#units.get(name)?.active === 'active' ? 'loaded' : 'not-found'
    return this.#isMask(path) ? 'masked' : 'loaded'
  }

  /** `enabled`, `disabled`, `static`, `masked`; empty for no such unit. */
  fileState(name: string): string {
    const load = this.load(name)
    if (load !== 'loaded') return load === 'masked' ? 'masked' : ''
    const path = this.path(name)
    if (path?.startsWith('/run/')) return 'transient'
    const wants = this.wants(name)
    if (wants.some(link => this.#files.maybe(link, undefined, '/', false) !== undefined)) return 'enabled'
    return wants.length > 0 ? 'disabled' : 'static'
  }

  /** Links that enabling makes. */
  wants(name: string): string[] {
    return this.values(name, 'Install', 'WantedBy')
      .flatMap(value => value.split(/\s+/))
      .map(target => `/etc/systemd/system/${target}.wants/${name}`)
  }

  /** Values of a key in a section, drop-ins included; an empty assignment takes those before it away. */
  values(name: string, section: string, key: string): string[] {
    const path = this.path(name)
    const dropIns = PLACES.map(place => `${place}/${name}.d`)
      .filter(folder => this.#files.maybe(folder)?.kind === 'directory')
      .flatMap(folder =>
        this.#files
          .names(folder)
          .filter(file => file.endsWith('.conf'))
          .map(file => `${folder}/${file}`),
      )
    let found: string[] = []
    for (const file of path === undefined ? [] : [path, ...dropIns]) {
      let at = ''
      for (const line of this.#files.text(file).replaceAll('\\\n', ' ').split('\n')) {
        const [, heading] = /^\[(.+)\]$/.exec(line.trim()) ?? []
        if (heading) at = heading
        const [, word = '', value = ''] = /^([A-Za-z]+)\s*=\s*(.*)$/.exec(line.trim()) ?? []
        if (at === section && word === key)
          found = value === '' ? [] : [...found, value.replace(/%[iI]/g, instanceOf(name))]
      }
    }
    return found
  }

  value(name: string, section: string, key: string): string {
    return this.values(name, section, key).at(-1) ?? ''
  }

  /** @returns why not; undefined when it started (or runs already). */
  async start(name: string): Promise<string | undefined> {
    const load = this.load(name)
    if (load === 'not-found') return `Unit ${name} not found.`
    if (load === 'masked') return `Unit ${name} is masked.`
    const unit = this.unit(name)
    if (unit.active === 'active' || unit.active === 'activating') return undefined
    if (name.endsWith('.timer')) return this.#startTimer(unit)
    if (!name.endsWith('.service')) {
      Object.assign(unit, {
        active: 'active',
        sub: name.endsWith('.socket') ? 'listening' : 'active',
        startedAt: this.#machine.now(),
      })
      return undefined
    }
    return this.#startService(unit)
  }

  async #startService(unit: Unit): Promise<string | undefined> {
    const behaviour = this.#behaviours.get(unit.name)
    const oneshot = this.value(unit.name, 'Service', 'Type') === 'oneshot'
    unit.startedAt = this.#machine.now()
    unit.result = 'success'
    if (behaviour) {
      const error = await behaviour.start?.()
      if (error !== undefined) {
        this.#journal.add(unit.name, behaviour.command?.[0]?.split('/').at(-1) ?? unit.name, error, {
          priority: 3,
        })
        Object.assign(unit, {
          active: 'failed',
          sub: 'failed',
          result: 'exit-code',
          exitStatus: 1,
          endedAt: this.#machine.now(),
        })
        return `Job for ${unit.name} failed because the control process exited with error code.\nSee "systemctl status ${unit.name}" and "journalctl -xeu ${unit.name}" for details.`
      }
      if (behaviour.command) {
        unit.main = this.#machine.spawn(this.#machine.init, { command: behaviour.command, ownGroup: true })
        unit.main.handlers.set('TERM', () => unit.main?.end(0))
      }
      Object.assign(unit, {
        active:
          oneshot && this.value(unit.name, 'Service', 'RemainAfterExit') !== 'yes' ? 'inactive' : 'active',
        sub: oneshot ? 'exited' : 'running',
      })
      if (unit.active === 'inactive') Object.assign(unit, { sub: 'dead', endedAt: this.#machine.now() })
      this.#journal.add(
        unit.name,
        'systemd',
        `Started ${this.value(unit.name, 'Unit', 'Description') || unit.name}.`,
        { pid: 1 },
      )
      return undefined
    }
    unit.active = oneshot ? 'activating' : 'active'
    unit.sub = oneshot ? 'start' : 'running'
    const run = this.#run(unit, oneshot)
    if (!oneshot) return undefined
    await run
    return unit.result === 'success'
      ? undefined
      : `Job for ${unit.name} failed because the control process exited with error code.`
  }

  /** Starts without waiting for the end (`--no-block`). */
  startWithoutWaiting(name: string): string | undefined {
    if (this.load(name) === 'not-found') return `Unit ${name} not found.`
    void this.start(name)
    return undefined
  }

  async #run(unit: Unit, oneshot: boolean): Promise<void> {
    let status = 0
    for (const line of this.values(unit.name, 'Service', 'ExecStart')) {
      const tolerant = /^[@:+!]*-/.test(line)
      const words = ['/bin/sh', '-c', `exec ${line.replace(/^[-@:+!]+/, '').replaceAll('%%', '%')}`]
      status = await this.runWords(unit, words)
      if (tolerant) status = 0
      if (status !== 0) break
    }
    const good = status === 0
    Object.assign(unit, {
      active: good
        ? oneshot && this.value(unit.name, 'Service', 'RemainAfterExit') === 'yes'
          ? 'active'
          : 'inactive'
        : 'failed',
      sub: good ? 'dead' : 'failed',
      result: good ? 'success' : 'exit-code',
      exitStatus: status,
      endedAt: this.#machine.now(),
      main: undefined,
    })
  }

  /** Runs a command as the main process of a unit, with nothing as its input and the journal as its output. */
  async runWords(unit: Unit, words: readonly string[]): Promise<number> {
    const nothing = this.#machine.nullDevice()
    const process = this.#machine.spawn(this.#machine.init, {
      command: words,
      ownGroup: true,
      environment: new Map([
        ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
        ['LANG', 'C.UTF-8'],
      ]),
      descriptors: new Map([0, 1, 2].map(number => [number, nothing])),
    })
    process.session = process.pid
    unit.main = process
    return this.#machine.finish(process, inner => this.#machine.execute(inner, words))
  }

  stop(name: string): string | undefined {
    if (this.load(name) === 'not-found' && !this.#units.has(name)) return `Unit ${name} not loaded.`
    const unit = this.unit(name)
    clearTimeout(unit.timer)
    unit.timer = undefined
    this.#behaviours.get(name)?.stop?.()
    if (unit.main && this.value(name, 'Service', 'KillMode') !== 'process')
      this.#machine.signal(-unit.main.group, 'TERM')
    unit.main?.receive('TERM')
    if (unit.active !== 'inactive')
      Object.assign(unit, { active: 'inactive', sub: 'dead', endedAt: this.#machine.now(), main: undefined })
    return undefined
  }

  reload(name: string): string | undefined {
    if (this.load(name) === 'not-found') return `Unit ${name} not found.`
    if (this.unit(name).active !== 'active') return `${name} is not active, cannot reload.`
    const error = this.#behaviours.get(name)?.reload?.()
    return error === undefined ? undefined : `Job for ${name} failed.\n${error}`
  }

  #startTimer(unit: Unit): string | undefined {
    Object.assign(unit, { active: 'active', sub: 'waiting', startedAt: this.#machine.now() })
    this.#schedule(unit)
    return undefined
  }

  #schedule(unit: Unit): void {
    clearTimeout(unit.timer)
    const now = this.#machine.now()
    const candidates: number[] = []
    const span = (key: string): number[] =>
      this.values(unit.name, 'Timer', key).map(text => seconds(text) * 1000)
    for (const wait of span('OnActiveSec')) if (unit.lastTrigger === 0) candidates.push(unit.startedAt + wait)
    for (const wait of [...span('OnBootSec'), ...span('OnStartupSec')])
      candidates.push(this.#machine.startedAt + wait)
    for (const wait of span('OnUnitInactiveSec')) {
      const service = this.unit(this.#serviceOf(unit.name))
      if (service.endedAt > 0) candidates.push(service.endedAt + wait)
    }
    for (const calendar of this.values(unit.name, 'Timer', 'OnCalendar')) {
      const next = nextElapse(calendar, now)
      if (next) candidates.push(next)
    }
    const next = candidates.filter(at => at > now).sort((a, b) => a - b)[0]
    unit.nextTrigger = next ?? 0
    if (next === undefined) return
    // What lies further away than a practice session lasts is not waited for.
    if (next - now > 7 * 86_400_000) return
    unit.timer = setTimeout(() => void this.#elapse(unit), next - now)
    unit.timer.unref()
  }

  async #elapse(unit: Unit): Promise<void> {
    unit.lastTrigger = this.#machine.now()
    await this.start(this.#serviceOf(unit.name))
    if (unit.active === 'active') this.#schedule(unit)
  }

  #serviceOf(timer: string): string {
    return this.value(timer, 'Timer', 'Unit') || timer.replace(/\.timer$/, '.service')
  }

  enable(name: string): string | undefined {
    if (this.load(name) === 'not-found') return `Unit ${name} could not be found.`
    if (this.load(name) === 'masked')
      return `Failed to enable unit: Unit file /etc/systemd/system/${name} is masked.`
    for (const link of this.wants(name)) {
      this.#files.drop(link)
      this.#files.link(link, this.path(name) ?? '')
    }
    return undefined
  }

  disable(name: string): void {
    for (const link of this.wants(name)) this.#files.drop(link)
  }

  mask(name: string): void {
    this.#files.drop(`/etc/systemd/system/${name}`)
    this.#files.link(`/etc/systemd/system/${name}`, '/dev/null')
  }

  unmask(name: string): void {
    for (const place of ['/etc/systemd/system', '/run/systemd/system'])
      if (this.#isMask(`${place}/${name}`)) this.#files.drop(`${place}/${name}`)
  }

  /** Everything that is enabled starts, as at a boot. */
  async boot(): Promise<void> {
    for (const unit of this.#units.values()) {
      clearTimeout(unit.timer)
      Object.assign(unit, { active: 'inactive', sub: 'dead', main: undefined, lastTrigger: 0 })
    }
    for (const name of this.names()) if (this.fileState(name) === 'enabled') await this.start(name)
  }

  end(): void {
    for (const unit of this.#units.values()) clearTimeout(unit.timer)
  }
}

/** `backup@shop.timer` is made from `backup@.timer`; `%i` in it is `shop`. */
const isInstance = (name: string): boolean => /@.+\.\w+$/.test(name)
const templateOf = (name: string): string => name.replace(/@.+(\.\w+)$/, '@$1')
const instanceOf = (name: string): string => /@(.+)\.\w+$/.exec(name)?.[1] ?? ''

/** `1min 30s`, `90`, `12h`. */
export function seconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text.trim())) return Number(text)
  const units: Readonly<Record<string, number>> = {
    us: 1e-6,
    ms: 1e-3,
    s: 1,
    sec: 1,
    m: 60,
    min: 60,
    h: 3600,
    hour: 3600,
    d: 86_400,
    day: 86_400,
    w: 604_800,
  }
  return [...text.matchAll(/([\d.]+)\s*([a-z]+)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (units[unit ?? 's'] ?? 1),
    0,
  )
}
