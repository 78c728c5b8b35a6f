/** systemd-run, systemd-analyze, journalctl, timedatectl, hostnamectl and their like. */

import type { Call } from '../../system/call.ts'
import { nextElapse, normalised } from '../../world/calendar.ts'
import { dateOf } from '../files/change.ts'
import { splitCommand } from '../run/wrappers.ts'
import { timestamp } from './systemctl.ts'

export async function systemdRun(call: Call): Promise<number> {
  const { options, command } = splitCommand(call.words, ['-p', '--property', '--unit', '-E', '--description'])
  const value = (name: string): string | undefined => {
    const found = options.find(option => option.startsWith(`${name}=`))
    return (
      found?.slice(name.length + 1) ??
      (options.includes(name) ? options[options.indexOf(name) + 1] : undefined)
    )
  }
  const { systemd } = call.world
  const name = systemd.nameOf(value('--unit') ?? `run-${call.process.pid}`)
  const unit = systemd.unit(name)
  if (unit.active === 'active')
    return call.fail(
      `Failed to start transient service unit: Unit ${name} was already loaded or has a fragment file.`,
    )
  Object.assign(unit, { active: 'active', sub: 'running', startedAt: call.machine.now(), result: 'success' })
  const run = systemd.runWords(unit, command).then(status => {
    Object.assign(unit, {
      active: status === 0 ? 'inactive' : 'failed',
      sub: status === 0 ? 'dead' : 'failed',
      exitStatus: status,
      endedAt: call.machine.now(),
      main: undefined,
    })
    // --collect: a transient unit that failed is forgotten, too.
    if (options.includes('--collect') || options.includes('-G'))
      Object.assign(unit, { active: 'inactive', sub: 'dead' })
    return status
  })
  if (options.includes('--wait') || options.includes('--pipe') || options.includes('-P'))
    return call.process.wait(run)
  if (!options.includes('--quiet') && !options.includes('-q')) call.err(`Running as unit: ${name}\n`)
  return 0
}

export function systemdAnalyze(call: Call): number {
  const options = call.options('', ['iterations', 'base-time'])
  const [verb = '', ...expressions] = options.operands
  if (verb !== 'calendar') {
    call.line('Startup finished in 1.2s (kernel) + 3.4s (userspace) = 4.6s')
    return 0
  }
  for (const expression of expressions) {
    const normal = normalised(expression)
    if (normal === undefined)
      return call.fail(`Failed to parse calendar specification '${expression}': Invalid argument`)
    call.line(`Normalized form: ${normal}`)
    let at = call.machine.now()
    for (let index = 1; index <= Number(options.value('iterations') ?? 1); index++) {
      const next = nextElapse(expression, at)
      if (next === undefined) {
        call.line('    Next elapse: never')
        break
      }
      call.line(`${index === 1 ? '    Next elapse' : `       Iter. #${index}`}: ${timestamp(next)}`)
      at = next
    }
  }
  return 0
}

export function detectVirtualisation(call: Call): number {
  if (call.options().has('c', 'container')) {
    call.line('none')
    return 1
  }
  call.line('kvm')
  return 0
}

export function journalctl(call: Call): number {
  const options = call.options(
    'unoptSUgb',
    ['unit', 'lines', 'output', 'since', 'until', 'priority', 'identifier', 'grep', 'boot'].filter(
      name => name !== 'boot',
    ),
  )
  const { journal, systemd } = call.world
  const units = options.values('u', 'unit').map(name => systemd.nameOf(name))
  const since = options.value('S', 'since')
  const from = since === undefined ? 0 : sinceOf(call, since)
  const priority = options.value('p', 'priority')
  const most =
    priority === undefined
      ? 7
      : ({ emerg: 0, alert: 1, crit: 2, err: 3, warning: 4, notice: 5, info: 6, debug: 7 }[priority] ??
        Number(priority))
  // Matches of one field are alternatives, of different fields conditions; `+` joins groups.
  const groups: string[][] = [[]]
  for (const word of options.operands) {
    if (word === '+') groups.push([])
    else groups.at(-1)?.push(word)
  }
  const fits = (entry: (typeof journal.entries)[number]): boolean =>
    entry.at >= from &&
    entry.priority <= most &&
    (units.length === 0 || units.includes(entry.unit)) &&
    groups.some(matches =>
      ['_SYSTEMD_UNIT', '_COMM', 'SYSLOG_IDENTIFIER', '_PID'].every(field => {
        const values = matches
          .filter(match => match.startsWith(`${field}=`))
          .map(match => match.slice(field.length + 1))
        if (values.length === 0) return true
        const value =
          field === '_SYSTEMD_UNIT' ? entry.unit : field === '_PID' ? String(entry.pid) : entry.command
        return values.includes(value)
      }),
    )
  if (options.has('disk-usage')) {
    call.line(`Archived and active journals take up ${call.world.journalSize()} in the file system.`)
    return 0
  }
  const vacuum = options.value('vacuum-size', 'vacuum-time')
  if (vacuum !== undefined) {
    call.line(
      `Vacuuming done, freed ${call.world.vacuumJournal(vacuum)} of archived journals from /var/log/journal.`,
    )
    return 0
  }
  let found = journal.entries.filter(fits)
  const lines = options.value('n', 'lines')
  if (lines !== undefined) found = found.slice(-Number(lines))
  if (options.has('r', 'reverse')) found.reverse()
  const output = options.value('o', 'output') ?? 'short'
  if (found.length === 0 && !options.has('q', 'quiet') && output !== 'json') call.line('-- No entries --')
  for (const entry of found) {
    if (output === 'cat') call.line(entry.message)
    else if (output === 'json')
      call.line(
        JSON.stringify({
          __REALTIME_TIMESTAMP: String(entry.at * 1000),
          _SYSTEMD_UNIT: entry.unit,
          SYSLOG_IDENTIFIER: entry.command,
          PRIORITY: String(entry.priority),
          MESSAGE: entry.message,
        }),
      )
    else {
      const date = new Date(entry.at).toISOString()
      const shown = output.startsWith('short-iso')
        ? `${date.slice(0, 19)}+00:00`
        : `${['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][new Date(entry.at).getUTCMonth()]} ${date.slice(8, 10)} ${date.slice(11, 19)}`
      call.line(`${shown} ${call.world.hostname} ${entry.command}[${entry.pid}]: ${entry.message}`)
    }
  }
  return 0
}

function sinceOf(call: Call, text: string): number {
  const [, number, unit = 's'] = /^-(\d+)\s*(s|sec|m|min|h|hour|d|day)?s?$/.exec(text) ?? []
  if (number !== undefined)
    return (
      call.machine.now() -
      Number(number) *
        ({ s: 1, sec: 1, m: 60, min: 60, h: 3600, hour: 3600, d: 86_400, day: 86_400 }[unit] ?? 1) *
        1000
    )
  if (text === 'today') return new Date(call.machine.now()).setUTCHours(0, 0, 0, 0)
  return dateOf(call, text) + call.machine.clockOffset
}

export function timedatectl(call: Call): number {
  const options = call.options('p', ['property'])
  const [verb = 'status', value = ''] = options.operands
  const { clock } = call.world
  if (verb === 'set-ntp') {
    clock.ntp = /^(true|yes|1)$/.test(value)
    if (clock.ntp) {
      clock.synchronised = true
      call.machine.clockOffset = 0
    }
    return 0
  }
  if (verb === 'set-timezone') return 0
  const all = {
    Timezone: 'Etc/UTC',
    LocalRTC: 'no',
    CanNTP: call.world.packages.has('systemd-timesyncd') ? 'yes' : 'no',
    NTP: clock.ntp ? 'yes' : 'no',
    NTPSynchronized: clock.ntp && clock.synchronised ? 'yes' : 'no',
    TimeUSec: timestamp(call.machine.now()),
    RTCTimeUSec: timestamp(call.machine.now()),
  }
  const wanted = options.value('p', 'property')
  for (const [key, text] of Object.entries(all))
    if (wanted === undefined || wanted === key) call.line(options.has('value') ? text : `${key}=${text}`)
  return 0
}

export function hostnamectl(call: Call): number {
  const [verb = 'status', name = ''] = call.options().operands
  if (/^(set-hostname|hostname)$/.test(verb) && name !== '') {
    call.process.files.write('/etc/hostname', `${name}\n`)
    return 0
  }
  call.line(verb === 'hostname' ? call.world.hostname : ` Static hostname: ${call.world.hostname}`)
  return 0
}

export function hostname(call: Call): number {
  const { network, hostname: name } = call.world
  if (call.words.includes('-I')) call.line(`${network.ipv4} ${network.ipv6} `)
  else if (call.words.includes('-i')) call.line(ownAddress(call))
  else if (call.words.includes('-s')) call.line(name.split('.')[0] ?? name)
  else call.line(call.process.container === undefined ? name : call.process.container.slice(0, 12))
  return 0
}

function ownAddress(call: Call): string {
  const container = call.world.docker.containers.get(call.process.container ?? '')
  return container ? ([...container.addresses.values()][0] ?? '') : call.world.network.ipv4
}

export function busctl(call: Call): number {
  call.line('b false')
  return 0
}
