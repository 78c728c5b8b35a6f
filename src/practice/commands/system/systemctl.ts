/** systemctl(1). */

import type { Call, Parsed } from '../../system/call.ts'
import { normalised } from '../../world/calendar.ts'
import { seconds, type Unit } from '../../world/systemd.ts'

/** `Sat 2026-11-21 12:00:00 UTC`, or `` for never. */
export function timestamp(at: number): string {
  if (at === 0) return ''
  const date = new Date(at)
  const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getUTCDay()]
  return `${day} ${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

export async function systemctl(call: Call): Promise<number> {
  const options = call.options('pntMHPso', [
    'property',
    'state',
    'type',
    'lines',
    'signal',
    'kill-whom',
    'output',
  ])
  const [verb = 'list-units', ...names] = options.operands
  const { systemd } = call.world
  const units = names.map(name => systemd.nameOf(name))
  switch (verb) {
    case 'show':
      return show(call, options, units)
    case 'is-active':
      return asked(
        call,
        options,
        units.map(name => systemd.unit(name).active),
        state => state === 'active',
        3,
      )
    case 'is-failed':
      return asked(
        call,
        options,
        units.map(name => systemd.unit(name).active),
        state => state === 'failed',
        1,
      )
    case 'is-enabled': {
      const states = units.map(name => systemd.fileState(name))
      for (const [index, state] of states.entries())
        if (state === '' && !options.has('q', 'quiet'))
          call.err(`Failed to get unit file state for ${units[index]}: No such file or directory\n`)
      return asked(call, options, states, state => /^(enabled|static|transient|generated)/.test(state), 1)
    }
    case 'is-system-running': {
      const state = call.world.booting ? 'starting' : failed(call).length > 0 ? 'degraded' : 'running'
      call.line(state)
      return state === 'running' ? 0 : 1
    }
    case 'list-units':
      return listUnits(call, options, units)
    case 'list-timers':
      return listTimers(call, options, units)
    case 'list-unit-files':
      for (const name of systemd.names())
        if (units.length === 0 || units.includes(name)) call.line(`${name} ${systemd.fileState(name)}`)
      return 0
    case 'cat':
      for (const name of units) {
        const path = systemd.path(name)
        if (path === undefined) return call.fail(`No files found for ${name}.`)
        call.out(`# ${path}\n${call.process.files.text(path)}\n`)
      }
      return 0
    case 'status':
      return status(call, units)
    case 'daemon-reload':
    case 'daemon-reexec':
      return 0
    case 'reset-failed':
      for (const name of units) {
        const unit = systemd.unit(name)
        if (unit.active === 'failed')
          Object.assign(unit, { active: 'inactive', sub: 'dead', result: 'success' })
      }
      return 0
    case 'reboot':
    case 'poweroff':
      call.world.reboot()
      return 0
    case 'get-default':
      call.line('multi-user.target')
      return 0
    case 'show-environment':
      return 0
  }
  return change(call, options, verb, units)
}

function asked(
  call: Call,
  options: Parsed,
  states: readonly string[],
  good: (state: string) => boolean,
  otherwise: number,
): number {
  if (!options.has('q', 'quiet')) for (const state of states) if (state !== '') call.line(state)
  return states.some(good) ? 0 : otherwise
}

async function change(call: Call, options: Parsed, verb: string, units: readonly string[]): Promise<number> {
  const { systemd } = call.world
  if (!call.process.isRoot) {
    call.err(`Failed to ${verb} ${units[0] ?? ''}: Interactive authentication required.\n`)
    return 1
  }
  for (const name of units) {
    const error = await changeOne(call, options, verb, name)
    if (error !== undefined) {
      call.err(
        `${/not found|masked|not be found|not loaded/.test(error) ? `Failed to ${verb} ${name}: ` : ''}${error}\n`,
      )
      return /not found/.test(error) ? 5 : 1
    }
  }
  return 0

  async function changeOne(
    inner: Call,
    given: Parsed,
    what: string,
    name: string,
  ): Promise<string | undefined> {
    const unit = systemd.unit(name)
    switch (what) {
      case 'start':
        return given.has('no-block') ? systemd.startWithoutWaiting(name) : systemd.start(name)
      case 'stop':
        return systemd.stop(name)
      case 'restart':
        systemd.stop(name)
        return systemd.start(name)
      case 'try-restart':
        if (unit.active !== 'active') return undefined
        systemd.stop(name)
        return systemd.start(name)
      case 'reload':
        return systemd.reload(name)
      case 'reload-or-restart':
      case 'try-reload-or-restart':
        if (unit.active === 'active') return systemd.reload(name)
        return what.startsWith('try') ? undefined : systemd.start(name)
      case 'enable': {
        const error = systemd.enable(name)
        if (error !== undefined) return error
        return given.has('now') ? systemd.start(name) : undefined
      }
      case 'disable':
        systemd.disable(name)
        if (given.has('now')) systemd.stop(name)
        return undefined
      case 'mask':
        systemd.mask(name)
        if (given.has('now')) systemd.stop(name)
        return undefined
      case 'unmask':
        systemd.unmask(name)
        return undefined
      case 'kill':
        unit.main?.receive('TERM')
        return undefined
      case 'set-property':
        return undefined
    }
    inner.err(`Unknown command verb ${what}.\n`)
    return `Unknown command verb ${what}.`
  }
}

function failed(call: Call): Unit[] {
  return call.world.systemd
    .names()
    .map(name => call.world.systemd.unit(name))
    .filter(unit => unit.active === 'failed')
}

function listUnits(call: Call, options: Parsed, patterns: readonly string[]): number {
  const states = (options.value('state') ?? (options.has('failed') ? 'failed' : ''))
    .split(',')
    .filter(Boolean)
  const types = (options.value('t', 'type') ?? '').split(',').filter(Boolean)
  for (const name of call.world.systemd.names()) {
    const unit = call.world.systemd.unit(name)
    if (types.length > 0 && !types.some(type => name.endsWith(`.${type}`))) continue
    if (
      states.length > 0
        ? !states.includes(unit.active) && !states.includes(unit.sub)
        : unit.active === 'inactive' && !options.has('a', 'all')
    )
      continue
    if (
      patterns.length > 0 &&
      !patterns.some(pattern =>
        new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name),
      )
    )
      continue
    call.line(
      `${name} loaded ${unit.active} ${unit.sub} ${call.world.systemd.value(name, 'Unit', 'Description') || name}`,
    )
  }
  return 0
}

function listTimers(call: Call, options: Parsed, patterns: readonly string[]): number {
  const { systemd } = call.world
  for (const name of systemd.names().filter(each => each.endsWith('.timer'))) {
    const unit = systemd.unit(name)
    if (unit.active !== 'active' && !options.has('all')) continue
    if (patterns.length > 0 && !patterns.includes(name)) continue
    call.line(
      `${timestamp(unit.nextTrigger) || '-'} - ${timestamp(unit.lastTrigger) || '-'} - ${name} ${name.replace('.timer', '.service')}`,
    )
  }
  return 0
}

function status(call: Call, units: readonly string[]): number {
  const { systemd, journal } = call.world
  let worst = 0
  for (const name of units) {
    if (systemd.load(name) === 'not-found') {
      call.err(`Unit ${name} could not be found.\n`)
      worst = 4
      continue
    }
    const unit = systemd.unit(name)
    call.line(`● ${name} - ${systemd.value(name, 'Unit', 'Description')}`)
    call.line(`     Loaded: ${systemd.load(name)} (${systemd.path(name)}; ${systemd.fileState(name)})`)
    call.line(`     Active: ${unit.active} (${unit.sub}) since ${timestamp(unit.startedAt)}`)
    if (unit.main) call.line(`   Main PID: ${unit.main.pid} (${unit.main.command[0]?.split('/').at(-1)})`)
    for (const entry of journal.entries.filter(({ unit: of }) => of === name).slice(-10))
      call.line(`${entry.command}[${entry.pid}]: ${entry.message}`)
    if (unit.active !== 'active') worst = Math.max(worst, 3)
  }
  return worst
}

function show(call: Call, options: Parsed, units: readonly string[]): number {
  const wanted = options.values('p', 'property', 'P').flatMap(text => text.split(','))
  const bare = options.has('value', 'P')
  const blocks = units.map(name => {
    const all = properties(call, name)
    return [...all]
      .flatMap(([key, values]) =>
        wanted.length === 0 || wanted.includes(key) ? values.map(value => ({ key, value })) : [],
      )
      .sort((a, b) => (bare ? wanted.indexOf(a.key) - wanted.indexOf(b.key) : 0))
      .map(({ key, value }) => (bare ? value : `${key}=${value}`))
      .join('\n')
  })
  // systemd prints properties in an order of its own, and a blank line between units.
  call.line(blocks.join('\n\n'))
  return 0
}

function properties(call: Call, name: string): Map<string, string[]> {
  const { systemd, machine } = { systemd: call.world.systemd, machine: call.machine }
  const unit = systemd.unit(name)
  const load = systemd.load(name)
  const found = new Map<string, string[]>()
  const set = (key: string, ...values: (string | number)[]): void => {
    found.set(key, values.map(String))
  }
  const monotonic = (at: number): number =>
    at === 0 ? 0 : Math.max(1, Math.floor((at - machine.startedAt) * 1000))
  set('Id', name)
  set('Names', name)
  set('Description', systemd.value(name, 'Unit', 'Description') || name)
  set('LoadState', load)
  set('ActiveState', unit.active)
  set('SubState', unit.sub)
  set('UnitFileState', systemd.fileState(name))
  set('FragmentPath', systemd.path(name) ?? '')
  set('ActiveEnterTimestamp', timestamp(unit.startedAt))
  set('ActiveEnterTimestampMonotonic', monotonic(unit.startedAt))
  set('InactiveEnterTimestamp', timestamp(unit.endedAt))
  set('StateChangeTimestamp', timestamp(Math.max(unit.startedAt, unit.endedAt)))
  set('NeedDaemonReload', 'no')
  if (name.endsWith('.service')) {
    const ran = unit.endedAt > 0
    set('Type', systemd.value(name, 'Service', 'Type') || 'simple')
    set('MainPID', unit.main?.pid ?? 0)
    set('Result', unit.result)
    set('NRestarts', unit.restarts)
    set('ExecMainStatus', unit.exitStatus)
    set('ExecMainCode', ran ? 1 : 0)
    set('ExecMainPID', unit.main?.pid ?? 0)
    set('ExecMainStartTimestamp', timestamp(unit.startedAt))
    set('ExecMainStartTimestampMonotonic', monotonic(unit.startedAt))
    set('ExecMainExitTimestamp', ran ? timestamp(unit.endedAt) : '')
    set('ExecMainExitTimestampMonotonic', ran ? monotonic(unit.endedAt) : 0)
    set(
      'ExecStart',
      ...systemd
        .values(name, 'Service', 'ExecStart')
        .map(line => `{ path=${line.split(' ')[0]} ; argv[]=${line} ; }`),
    )
    set('User', systemd.value(name, 'Service', 'User'))
    set('Environment', systemd.values(name, 'Service', 'Environment').join(' '))
  }
  if (name.endsWith('.timer')) {
    set('Unit', systemd.value(name, 'Timer', 'Unit') || name.replace('.timer', '.service'))
    const calendars = systemd.values(name, 'Timer', 'OnCalendar')
    set(
      'TimersCalendar',
      ...calendars.map(
        text =>
          `{ OnCalendar=${normalised(text) ?? text} ; next_elapse=${timestamp(unit.nextTrigger) || 'n/a'} }`,
      ),
    )
    set('LastTriggerUSec', timestamp(unit.lastTrigger))
    set('NextElapseUSecRealtime', timestamp(unit.nextTrigger))
    set('RandomizedDelayUSec', span(seconds(systemd.value(name, 'Timer', 'RandomizedDelaySec') || '0')))
    set('AccuracyUSec', '1min')
    set(
      'Persistent',
      systemd.value(name, 'Timer', 'Persistent') === 'true' ||
        systemd.value(name, 'Timer', 'Persistent') === 'yes'
        ? 'yes'
        : 'no',
    )
    set('Result', unit.result)
  }
  if (name.endsWith('.socket'))
    set('Listen', ...systemd.values(name, 'Socket', 'ListenStream').map(text => `${text} (Stream)`))
  return found
}

/** systemd's way to write a time span. */
function span(total: number): string {
  if (total === 0) return '0'
  const parts: string[] = []
  let rest = total
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / size)
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * size
  }
  return parts.join(' ')
}
