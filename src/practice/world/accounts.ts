/** Users and groups, as they stand in /etc/passwd, /etc/group and /etc/shadow. */

import type { FileSystem } from '../system/file-system.ts'

export interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly comment: string
  readonly home: string
  readonly shell: string
  /** Ids of all groups, the primary one first. */
  readonly groups: readonly number[]
}

export interface Group {
  readonly name: string
  readonly gid: number
  readonly members: readonly string[]
}

const rows = (files: FileSystem, path: string): string[][] =>
  files
    .text(path)
    .split('\n')
    .filter(Boolean)
    .map(line => line.split(':'))

export function groups(files: FileSystem): Group[] {
  return rows(files, '/etc/group').map(([name = '', , gid = '', members = '']) => ({
    name,
    gid: Number(gid),
    members: members.split(',').filter(Boolean),
  }))
}

export function users(files: FileSystem): User[] {
  const all = groups(files)
  return rows(files, '/etc/passwd').map(
    ([name = '', , uid = '', gid = '', comment = '', home = '', shell = '']) => ({
      name,
      uid: Number(uid),
      gid: Number(gid),
      comment,
      home,
      shell: shell || '/bin/sh',
      groups: [
        ...new Set([
          Number(gid),
          ...all.filter(group => group.members.includes(name)).map(group => group.gid),
        ]),
      ],
    }),
  )
}

/** By name or number. */
export function findUser(files: FileSystem, who: string | number): User | undefined {
  return users(files).find(user => user.name === String(who) || String(user.uid) === String(who))
}

export function findGroup(files: FileSystem, which: string | number): Group | undefined {
  return groups(files).find(group => group.name === String(which) || String(group.gid) === String(which))
}

export const userName = (files: FileSystem, uid: number): string =>
  rows(files, '/etc/passwd').find(row => row[2] === String(uid))?.[0] ?? (uid === 0 ? 'root' : 'UNKNOWN')

export const groupName = (files: FileSystem, gid: number): string =>
  rows(files, '/etc/group').find(row => row[2] === String(gid))?.[0] ?? (gid === 0 ? 'root' : 'UNKNOWN')

/** What a login finds in its surroundings. */
export function environmentOf(
  user: User,
  given: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const path =
    user.uid === 0
      ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
      : '/usr/local/bin:/usr/bin:/bin:/usr/games'
  return new Map([
    ...given,
    ['HOME', user.home],
    ['USER', user.name],
    ['LOGNAME', user.name],
    ['SHELL', user.shell],
    ['PATH', path],
  ])
}

/** Changes the row of one name in one of the three files, in place. `change` gets and returns its fields. */
export function changeRow(
  files: FileSystem,
  path: '/etc/passwd' | '/etc/group' | '/etc/shadow',
  name: string,
  change: (fields: string[]) => string[] | null,
): void {
  const lines = files.text(path).split('\n').filter(Boolean)
  const changed = lines.flatMap(line => {
    const fields = line.split(':')
    if (fields[0] !== name) return [line]
    const result = change(fields)
    return result === null ? [] : [result.join(':')]
  })
  replaceText(files, path, `${changed.join('\n')}\n`)
}

export function addRow(
  files: FileSystem,
  path: '/etc/passwd' | '/etc/group' | '/etc/shadow',
  fields: readonly (string | number)[],
): void {
  replaceText(files, path, `${files.text(path)}${fields.join(':')}\n`)
}

function replaceText(files: FileSystem, path: string, text: string): void {
  const node = files.node(path)
  if (node.kind === 'file') files.put(node, Buffer.from(text, 'utf8'))
}
