/** What the machine says of itself: date, uname, df, free, ss, ip, ps and their like. */

import type { Call } from '../../system/call.ts'
import { userName } from '../../world/accounts.ts'
import { dateOf } from '../files/change.ts'
import { human } from '../files/list.ts'

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export function date(call: Call): number {
  const options = call.options('dr', ['date', 'reference', 'iso-8601', 'rfc-3339'].slice(0, 2))
  const given = options.value('d', 'date')
  const reference = options.value('r', 'reference')
  let at = call.machine.now()
  if (reference !== undefined) {
    const node = call.process.maybe(reference)
    if (!node) return call.fail(`${reference}: No such file or directory`)
    at = node.modified + call.machine.clockOffset
  } else if (given !== undefined) {
    at = dateOf(call, given) + call.machine.clockOffset
    if (Number.isNaN(at)) return call.fail(`invalid date '${given}'`)
  }
  const moment = new Date(at)
  const iso = moment.toISOString()
  const format = options.operands.find(word => word.startsWith('+'))?.slice(1)
  if (options.has('I', 'iso-8601')) {
    const kind = options.value('I', 'iso-8601') ?? ''
    call.line(kind.startsWith('s') || kind.startsWith('m') ? `${iso.slice(0, 19)}+00:00` : iso.slice(0, 10))
    return 0
  }
  const two = (number: number): string => String(number).padStart(2, '0')
  const fill = (letter: string): string => {
    switch (letter) {
      case 's':
        return String(Math.floor(at / 1000))
      case 'N':
        return `${String(moment.getUTCMilliseconds()).padStart(3, '0')}000000`
      case 'Y':
        return iso.slice(0, 4)
      case 'y':
        return iso.slice(2, 4)
      case 'm':
        return iso.slice(5, 7)
      case 'd':
        return iso.slice(8, 10)
      case 'e':
        return String(moment.getUTCDate()).padStart(2)
      case 'H':
        return iso.slice(11, 13)
      case 'M':
        return iso.slice(14, 16)
      case 'S':
        return iso.slice(17, 19)
      case 'F':
        return iso.slice(0, 10)
      case 'T':
        return iso.slice(11, 19)
      case 'a':
        return DAYS[moment.getUTCDay()] ?? ''
      case 'b':
        return MONTHS[moment.getUTCMonth()] ?? ''
      case 'u':
        return String(moment.getUTCDay() || 7)
      case 'w':
        return String(moment.getUTCDay())
      case 'j':
        return String(Math.floor((at - Date.UTC(moment.getUTCFullYear(), 0, 1)) / 86_400_000) + 1).padStart(
          3,
          '0',
        )
      case 'Z':
        return 'UTC'
      case 'z':
        return '+0000'
      case 'n':
        return '\n'
      case 't':
        return '\t'
      case '%':
        return '%'
      default:
        return two(0)
    }
  }
  if (format !== undefined) call.line(format.replace(/%-?([a-zA-Z%])/g, (_, letter: string) => fill(letter)))
  else call.line(`${fill('a')} ${fill('b')} ${fill('e')} ${fill('T')} UTC ${fill('Y')}`)
  return 0
}

export function uname(call: Call): number {
  const { release } = call.world
  const options = call.options()
  const parts: string[] = []
  if (options.has('s', 'a') || call.words.length === 0) parts.push('Linux')
  if (options.has('n', 'a'))
    parts.push(
      call.process.container === undefined ? call.world.hostname : call.process.container.slice(0, 12),
    )
  if (options.has('r', 'a')) parts.push(release.kernel)
  if (options.has('v', 'a')) parts.push(release.kernelBuild)
  if (options.has('m', 'p', 'i', 'a')) parts.push('x86_64')
  if (options.has('o', 'a')) parts.push('GNU/Linux')
  call.line(parts.join(' '))
  return 0
}

export function nproc(call: Call): number {
  call.line(String(call.world.processors))
  return 0
}

export function getconf(call: Call): number {
  const values: Readonly<Record<string, string>> = {
    _NPROCESSORS_ONLN: String(call.world.processors),
    _NPROCESSORS_CONF: String(call.world.processors),
    PAGESIZE: '4096',
    PAGE_SIZE: '4096',
    CLK_TCK: '100',
    LONG_BIT: '64',
  }
  const value = values[call.words[0] ?? '']
  if (value === undefined) return call.fail(`Unrecognized variable \`${call.words[0]}'`, 2)
  call.line(value)
  return 0
}

export function df(call: Call): number {
  const options = call.options('BtxT'.replace('T', ''), ['block-size', 'output', 'type', 'exclude-type'])
  const inodes = options.has('i', 'inodes')
  const size = options.value('B', 'block-size')
  const unit =
    size === '1' ? 1 : size === 'M' || options.has('m') ? 1024 ** 2 : size === 'G' ? 1024 ** 3 : 1024
  const chosen = options.operands.length === 0 ? call.world.fileSystems() : []
  for (const path of options.operands) {
    if (!call.process.maybe(path)) {
      call.err(`df: ${path}: No such file or directory\n`)
      return 1
    }
    chosen.push(call.world.fileSystemOf(path))
  }
  const columns = options.value('output')?.split(',')
  if (columns) {
    const heads: Readonly<Record<string, string>> = {
      source: 'Filesystem',
      fstype: 'Type',
      size: '1K-blocks',
      used: 'Used',
      avail: 'Avail',
      pcent: 'Use%',
      target: 'Mounted on',
      ipcent: 'IUse%',
      itotal: 'Inodes',
      iused: 'IUsed',
      iavail: 'IFree',
      file: 'File',
    }
    call.line(columns.map(column => heads[column] ?? column).join(' '))
    for (const system of chosen) {
      const values: Readonly<Record<string, string>> = {
        source: system.device,
        fstype: system.type,
        size: String(Math.ceil(system.bytes / unit)),
        used: String(Math.ceil(system.usedBytes / unit)),
        avail: String(Math.floor(system.availableBytes / unit)),
        pcent: percent(system.usedBytes, system.availableBytes),
        target: system.mountPoint,
        ipcent: percent(system.inodesUsed, system.inodes - system.inodesUsed),
        itotal: String(system.inodes),
        iused: String(system.inodesUsed),
        iavail: String(system.inodes - system.inodesUsed),
        file: '-',
      }
      call.line(columns.map(column => values[column] ?? '-').join(' '))
    }
    return 0
  }
  const type = options.has('T', 'print-type')
  const head = inodes
    ? 'Inodes    IUsed   IFree IUse%'
    : unit === 1
      ? '1-blocks         Used   Available Capacity'
      : options.has('h')
        ? 'Size  Used Avail Use%'
        : '1024-blocks    Used Available Capacity'
  call.line(`Filesystem     ${type ? 'Type     ' : ''}${head} Mounted on`)
  for (const system of chosen) {
    const show = (bytes: number, up = true): string =>
      options.has('h') ? human(bytes) : String(up ? Math.ceil(bytes / unit) : Math.floor(bytes / unit))
    const numbers = inodes
      ? [
          String(system.inodes),
          String(system.inodesUsed),
          String(system.inodes - system.inodesUsed),
          system.inodes === 0 ? '-' : percent(system.inodesUsed, system.inodes - system.inodesUsed),
        ]
      : [
          show(system.bytes),
          show(system.usedBytes),
          show(system.availableBytes, false),
          percent(system.usedBytes, system.availableBytes),
        ]
    call.line(
      `${system.device.padEnd(14)} ${type ? `${system.type.padEnd(8)} ` : ''}${numbers.map(number => number.padStart(9)).join(' ')} ${system.mountPoint}`,
    )
  }
  return 0
}

const percent = (used: number, available: number): string =>
  `${used + available === 0 ? 0 : Math.ceil((used * 100) / (used + available))}%`

export function free(call: Call): number {
  const { totalBytes, availableBytes, swapBytes } = call.world.memory()
  const unit = call.words.includes('-b') ? 1 : call.words.includes('-m') ? 1024 ** 2 : 1024
  const show = (bytes: number): string => String(Math.floor(bytes / unit)).padStart(12)
  call.line('               total        used        free      shared  buff/cache   available')
  call.line(
    `Mem:   ${show(totalBytes)}${show(totalBytes - availableBytes)}${show(availableBytes * 0.7)}${show(0)}${show(availableBytes * 0.3)}${show(availableBytes)}`,
  )
  call.line(`Swap:  ${show(swapBytes)}${show(0)}${show(swapBytes)}`)
  return 0
}

export function uptime(call: Call): number {
  const days = Math.floor(call.machine.uptimeSeconds() / 86_400)
  call.line(
    ` ${new Date(call.machine.now()).toISOString().slice(11, 19)} up ${days} days,  1 user,  load average: ${call.world.load().join(', ')}`,
  )
  return 0
}

export function ss(call: Call): number {
  const text = call.words.join(' ')
  const flags = call.words.filter(word => /^-[a-zA-Z]+$/.test(word)).join('')
  const [, port] = /sport\s*=\s*:(\d+)/.exec(text) ?? []
  if (!flags.includes('H'))
    call.line('Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess')
  for (const socket of call.world.network.sockets()) {
    if (flags.includes('t') && !flags.includes('u') && socket.protocol !== 'tcp') continue
    if (flags.includes('u') && !flags.includes('t') && socket.protocol !== 'udp') continue
    if (port !== undefined && socket.port !== Number(port)) continue
    const peer = socket.address.includes(':') ? '[::]:*' : '0.0.0.0:*'
    const state = socket.protocol === 'tcp' ? 'LISTEN 0      128' : 'UNCONN 0      0'
    const netid = flags.includes('t') !== flags.includes('u') ? '' : `${socket.protocol}   `
    const users =
      flags.includes('p') && call.process.isRoot
        ? ` users:(("${socket.program}",pid=${socket.pid},fd=3))`
        : ''
    call.line(`${netid}${state}    ${socket.address}:${socket.port}    ${peer}${users}`)
  }
  return 0
}

export function ip(call: Call): number {
  const { network } = call.world
  const one = call.words.includes('-o')
  const words = call.words.filter(word => !word.startsWith('-'))
  if (/^r/.test(words[0] ?? '')) {
    if (call.words.includes('-6'))
      call.line('default via fe80::1 dev eth0 proto static metric 1024 pref medium')
    else {
      call.line('default via 128.66.0.1 dev eth0')
      call.line(`128.66.0.0/24 dev eth0 proto kernel scope link src ${network.ipv4}`)
    }
    return 0
  }
  if (!/^a/.test(words[0] ?? '')) return 0
  const links = [
    ...(words.includes('global') ? [] : ([['lo', '127.0.0.1/8', '::1/128', 'host']] as const)),
    ['eth0', `${network.ipv4}/24`, `${network.ipv6}/64`, 'global'] as const,
    ...(call.world.docker.running ? ([['docker0', '172.17.0.1/16', '', 'global']] as const) : []),
  ]
  links.forEach(([device, v4, v6, scope], index) => {
    if (!one) call.line(`${index + 1}: ${device}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP`)
    const before = one ? `${index + 1}: ${device}    ` : '    '
    if (!call.words.includes('-6'))
      call.line(
        `${before}inet ${v4} brd + scope ${scope} ${device}${one ? '\\       valid_lft forever preferred_lft forever' : ''}`,
      )
    if (v6 !== '' && !call.words.includes('-4'))
      call.line(
        `${before}inet6 ${v6} scope ${scope} ${one ? '\\       valid_lft forever preferred_lft forever' : ''}`,
      )
  })
  return 0
}

export function ps(call: Call): number {
  const words = call.words.join(' ')
  const [, only] = /(?:-?p|--pid)[ =]?(\d+)/.exec(words) ?? []
  const [, format] = /-?o[ =]?([\w,=%]+)/.exec(words) ?? []
  const shown = [...call.machine.processes.values()].filter(process =>
    only === undefined
      ? call.process.container === undefined || process.container === call.process.container
      : process.pid === Number(only),
  )
  const keys = format?.split(',').map(key => key.replace(/=.*/, ''))
  if (!words.includes('=') && !words.includes('no-headers'))
    call.line(keys ? keys.map(key => key.toUpperCase()).join(' ') : 'PID TTY          TIME CMD')
  for (const process of shown) {
    const values: Readonly<Record<string, string>> = {
      pid: String(process.pid),
      ppid: String(process.parent?.pid ?? 0),
      pgid: String(process.group),
      user: userName(call.process.files, process.credentials.uid),
      comm: process.command[0]?.split('/').at(-1) ?? '',
      args: process.command.join(' '),
      cmd: process.command.join(' '),
      command: process.command.join(' '),
      stat: 'S',
      etimes: String(Math.floor((Date.now() - process.startedAt) / 1000)),
      lstart: new Date(process.startedAt).toUTCString(),
      rss: '10240',
      '%cpu': '0.0',
      '%mem': '0.5',
      pcpu: '0.0',
      pmem: '0.5',
    }
    call.out(
      keys
        ? `${keys.map(key => values[key] ?? '-').join(' ')}\n`
        : `${String(process.pid).padStart(7)} ?        00:00:00 ${values.comm}\n`,
    )
  }
  return only !== undefined && shown.length === 0 ? 1 : 0
}

export function pgrep(call: Call): number {
  const options = call.options('uP', ['uid'])
  const test = new RegExp(options.operands[0] ?? '')
  const found = [...call.machine.processes.values()].filter(process => {
    const name = process.command[0]?.split('/').at(-1) ?? ''
    const text = options.has('f') ? process.command.join(' ') : name
    return (
      process !== call.process && (options.has('x') ? new RegExp(`^(?:${test.source})$`) : test).test(text)
    )
  })
  for (const process of found)
    call.line(options.has('a') ? `${process.pid} ${process.command.join(' ')}` : String(process.pid))
  return found.length > 0 ? 0 : 1
}

export function swap(call: Call): number {
  const options = call.options('p', ['show'])
  const [path = ''] = options.operands
  const { swaps } = call.world
  const node = path === '' ? undefined : call.process.maybe(path)
  if (call.name === 'mkswap') {
    if (node?.kind !== 'file') return call.fail(`${path}: No such file or directory`)
    call.world.swapSpaces.add(node)
    call.line('Setting up swapspace version 1')
  } else if (call.name === 'swapon') {
    if (options.has('show')) return 0
    if (node?.kind !== 'file' || !call.world.swapSpaces.has(node))
      return call.fail(`${path}: read swap header failed`, 255)
    if (!swaps.some(area => area.path === path))
      swaps.push({ path, bytes: node.claimed ?? node.content.length })
  } else call.world.swaps = swaps.filter(area => area.path !== path && !options.has('a'))
  return 0
}

export async function logger(call: Call): Promise<number> {
  const options = call.options('tpi', ['tag', 'priority'])
  const text = options.operands.join(' ') || (await call.input()).trim()
  call.world.journal.add('', options.value('t', 'tag') ?? 'root', text, { pid: call.process.pid })
  return 0
}
