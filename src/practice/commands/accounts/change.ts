/** Making and changing accounts: adduser, usermod, groupadd and their like. */

import type { Call } from '../../system/call.ts'
import { directoryNode, fileNode } from '../../system/nodes.ts'
import { addRow, changeRow, findGroup, findUser, groups, type User, users } from '../../world/accounts.ts'

function freeId(taken: readonly number[], from: number, to: number): number {
  const known = new Set(taken)
  for (let id = from; id <= to; id++) if (!known.has(id)) return id
  return to
}

function addGroup(call: Call, name: string, system: boolean): number {
  const { files } = call.process
  const taken = groups(files).map(group => group.gid)
  const gid = system ? freeId(taken, 100, 999) : freeId(taken, 1000, 60_000)
  addRow(files, '/etc/group', [name, 'x', gid, ''])
  return gid
}

interface NewUser {
  readonly system: boolean
  readonly home: string
  readonly shell: string
  readonly comment: string
  readonly makeHome: boolean
  readonly group?: number | undefined
}

function addUser(call: Call, name: string, wanted: NewUser): void {
  const { files } = call.process
  const taken = users(files).map(user => user.uid)
  const uid = wanted.system ? freeId(taken, 100, 999) : freeId(taken, 1000, 60_000)
  const gid = wanted.group ?? addGroup(call, name, wanted.system)
  addRow(files, '/etc/passwd', [name, 'x', uid, gid, wanted.comment, wanted.home, wanted.shell])
  addRow(files, '/etc/shadow', [
    name,
    '!',
    Math.floor(call.machine.now() / 86_400_000),
    0,
    99_999,
    7,
    '',
    '',
    '',
  ])
  if (!wanted.makeHome) return
  files.folder('/home')
  const there = files.maybe(wanted.home)
  if (there) return
  const found = files.find(wanted.home, { uid: 0, gid: 0, groups: [] })
  const home = directoryNode(0o700, uid, gid)
  files.add(found, home, { uid: 0, gid: 0, groups: [] })
  for (const file of ['.bashrc', '.profile', '.bash_logout'])
    home.entries.set(file, fileNode(files.text(`/etc/skel/${file}`), 0o644, uid, gid))
}

export function adduser(call: Call): number {
  const options = call.options('', ['home', 'shell', 'gecos', 'comment', 'ingroup', 'gid', 'uid'])
  const { files } = call.process
  if (!call.process.isRoot) return call.fail('Only root may add a user or group to the system.')
  const [name = '', group] = options.operands
  if (options.has('group') && !options.has('system')) {
    addGroup(call, name, false)
    return 0
  }
  if (group !== undefined) {
    if (!findGroup(files, group)) return call.fail(`The group \`${group}' does not exist.`)
    join(call, name, group)
    call.line(`Adding user \`${name}' to group \`${group}' ...`)
    return 0
  }
  if (findUser(files, name)) return call.fail(`The user \`${name}' already exists.`)
  const ingroup = options.value('ingroup')
  if (findGroup(files, name) && !ingroup) return call.fail(`The group \`${name}' already exists.`)
  addUser(call, name, {
    system: options.has('system'),
    home: options.value('home') ?? (options.has('system') ? '/nonexistent' : `/home/${name}`),
    shell: options.value('shell') ?? (options.has('system') ? '/usr/sbin/nologin' : '/bin/bash'),
    comment: options.value('gecos', 'comment') || ',,,',
    makeHome: !options.has('no-create-home', 'system'),
    group: ingroup === undefined ? undefined : findGroup(files, ingroup)?.gid,
  })
  call.line(`Adding user \`${name}' ...`)
  call.line(`Creating home directory \`/home/${name}' ...`)
  return 0
}

export function useradd(call: Call): number {
  const options = call.options('dsGgcuk', ['home-dir', 'shell', 'groups', 'gid', 'comment', 'uid'])
  const [name = ''] = options.operands
  const { files } = call.process
  if (findUser(files, name)) return call.fail(`user '${name}' already exists`, 9)
  const group = options.value('g', 'gid')
  addUser(call, name, {
    system: options.has('r', 'system'),
    home: options.value('d', 'home-dir') ?? `/home/${name}`,
    shell: options.value('s', 'shell') ?? '/bin/sh',
    comment: options.value('c', 'comment') ?? '',
    makeHome: options.has('m', 'create-home'),
    group: group === undefined ? undefined : findGroup(files, group)?.gid,
  })
  for (const other of (options.value('G', 'groups') ?? '').split(',').filter(Boolean)) join(call, name, other)
  return 0
}

function join(call: Call, name: string, group: string): void {
  changeRow(call.process.files, '/etc/group', group, fields => {
    const members = (fields[3] ?? '').split(',').filter(Boolean)
    return [fields[0] ?? '', 'x', fields[2] ?? '', [...new Set([...members, name])].join(',')]
  })
}

function leave(call: Call, name: string, group: string): void {
  changeRow(call.process.files, '/etc/group', group, fields => [
    ...fields.slice(0, 3),
    (fields[3] ?? '')
      .split(',')
      .filter(member => member !== name && member !== '')
      .join(','),
  ])
}

export function usermod(call: Call): number {
  const options = call.options(
    'dsGgceL',
    ['home', 'shell', 'groups', 'gid', 'append', 'comment', 'expiredate'].filter(name => name !== 'append'),
  )
  const { files } = call.process
  const name = options.operands.at(-1) ?? ''
  const user = findUser(files, name)
  if (!user) return call.fail(`user '${name}' does not exist`, 6)
  const wanted = (options.value('G', 'groups') ?? '').split(',').filter(Boolean)
  for (const group of wanted)
    if (!findGroup(files, group)) return call.fail(`group '${group}' does not exist`, 6)
  if (options.has('G', 'groups') && !options.has('a', 'append'))
    for (const group of groups(files)) if (group.members.includes(name)) leave(call, name, group.name)
  for (const group of wanted) join(call, name, group)
  const set = (index: number, value: string | undefined): void => {
    if (value !== undefined)
      changeRow(files, '/etc/passwd', name, fields =>
        fields.map((field, at) => (at === index ? value : field)),
      )
  }
  set(6, options.value('s', 'shell'))
  set(5, options.value('d', 'home'))
  return 0
}

export function groupadd(call: Call): number {
  const options = call.options('g', ['gid'])
  const [name = ''] = options.operands
  if (findGroup(call.process.files, name)) {
    if (options.has('f', 'force')) return 0
    return call.fail(`group '${name}' already exists`, 9)
  }
  addGroup(call, name, options.has('r', 'system'))
  return 0
}

export function gpasswd(call: Call): number {
  const options = call.options('ad', ['add', 'delete'])
  const [group = ''] = options.operands
  if (!findGroup(call.process.files, group))
    return call.fail(`group '${group}' does not exist in /etc/group`, 3)
  const added = options.value('a', 'add')
  const removed = options.value('d', 'delete')
  if (added) join(call, added, group)
  if (removed) leave(call, removed, group)
  return 0
}

export function deluser(call: Call): number {
  const [name = '', group] = call.options().operands
  const { files } = call.process
  if (group !== undefined) {
    leave(call, name, group)
    return 0
  }
  const user: User | undefined = findUser(files, name)
  if (!user) return call.fail(`The user \`${name}' does not exist.`, 2)
  changeRow(files, '/etc/passwd', name, () => null)
  changeRow(files, '/etc/shadow', name, () => null)
  changeRow(files, '/etc/group', name, () => null)
  for (const other of groups(files)) leave(call, name, other.name)
  return 0
}
