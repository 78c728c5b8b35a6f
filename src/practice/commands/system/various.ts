/** Programs of which scripts use one thing each. */

import type { Call } from '../../system/call.ts'
import type { Program } from '../../system/machine.ts'

function ldd(call: Call): number {
  call.line('\tlinux-vdso.so.1 (0x00007ffd)')
  call.line('\tlibc.so.6 => /usr/lib/x86_64-linux-gnu/libc.so.6 (0x00007f00)')
  call.line('\t/lib64/ld-linux-x86-64.so.2 (0x00007f01)')
  return 0
}

async function unshare(call: Call): Promise<number> {
  let at = 0
  while (/^-/.test(call.words[at] ?? ''))
    at += ['--propagation', '--map-user'].includes(call.words[at] ?? '') ? 2 : 1
  return call.become(call.words.slice(at))
}

/** mount -t tmpfs in a place of one's own: an empty folder. */
function mount(call: Call): number {
  if (call.words.length === 0) call.line('/dev/vda1 on / type ext4 (rw,relatime)')
  return 0
}

function gpg(call: Call): number {
  if (call.words.includes('--show-keys')) {
    call.line('pub:-:4096:1:8D81803C0EBFCD88:1487788586:::-:::scESC::::::23::0:')
    call.line('fpr:::::::::9DC858229FC7DD38854AE2D88D81803C0EBFCD88:')
    return 0
  }
  return call.fail('only --show-keys is known here', 2)
}

async function expr(call: Call): Promise<number> {
  const [a = '', operator = '', b = ''] = call.words
  const [left, right] = [Number(a), Number(b)]
  const results: Readonly<Record<string, number>> = {
    '+': left + right,
    '-': left - right,
    '*': left * right,
    '/': Math.trunc(left / right),
    '%': left % right,
    '=': Number(a === b),
    '<': Number(left < right),
    '>': Number(left > right),
  }
  const result = results[operator] ?? left
  call.line(String(result))
  return result === 0 ? 1 : 0
}

function crontab(call: Call): number {
  if (call.words.includes('-l')) {
    call.err('no crontab for root\n')
    return 1
  }
  return 0
}

function findmnt(call: Call): number {
  const path = call.words.findLast(word => word.startsWith('/')) ?? '/'
  const { mountPoint, device, type } = call.world.fileSystemOf(path)
  const at = call.words.findIndex(word => word === '-o' || word === '-no')
  const columns = (call.words[at + 1] ?? '').split(',')
  const values: Readonly<Record<string, string>> = {
    TARGET: mountPoint,
    SOURCE: device,
    FSTYPE: type,
    OPTIONS: 'rw,relatime',
    UUID: '5b1f',
  }
  call.line(
    (at === -1 ? ['TARGET', 'SOURCE', 'FSTYPE', 'OPTIONS'] : columns)
      .map(column => values[column] ?? '')
      .join(' '),
  )
  return 0
}

function sysctl(call: Call): number {
  const [name = ''] = call.options().operands
  const values: Readonly<Record<string, string>> = {
    'vm.overcommit_memory': '0',
    'vm.swappiness': '60',
    'net.core.somaxconn': '4096',
  }
  if (!(name in values))
    return call.fail(`cannot stat /proc/sys/${name.replaceAll('.', '/')}: No such file or directory`, 255)
  call.line(call.words.includes('-n') ? (values[name] ?? '') : `${name} = ${values[name]}`)
  return 0
}

export const PROGRAMS: Readonly<Record<string, Program>> = {
  ldd,
  unshare,
  mount,
  umount: () => 0,
  fstrim: () => 0,
  gpg,
  expr,
  crontab,
  findmnt,
  sysctl,
  nft: () => 0,
}
