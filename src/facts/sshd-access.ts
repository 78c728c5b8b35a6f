/** Whom sshd lets try at all: AllowUsers, DenyUsers, AllowGroups and DenyGroups, in its own order. */

import { isWithin } from './address.ts'
import { matchesPattern } from './name-pattern.ts'
import type { SshdEffective } from './sshd-effective.ts'

/** Somebody who would log in. */
export interface Caller {
  readonly user: string
  /** All groups; null when they are not known. */
  readonly groups: readonly string[] | null
  /** Where from; null when it is not known. */
  readonly address: string | null
}

/** Why somebody is turned away whatever they offer: the list, as sshd -T prints it. Null when nothing does. */
export interface Exclusion {
  readonly keyword: 'DenyUsers' | 'AllowUsers' | 'DenyGroups' | 'AllowGroups'
  readonly entries: readonly string[]
  /** False when it could not be told for certain, for want of the groups or the address. */
  readonly certain: boolean
}

/** DenyUsers, AllowUsers, DenyGroups, AllowGroups: the first that turns the caller away (sshd_config(5)). */
export function exclusionOf(effective: SshdEffective, caller: Caller): Exclusion | null {
  const denied = listOf(effective, 'denyusers')
  if (denied.some(entry => matchesUser(entry, caller))) return exclusion('DenyUsers', denied)
  const allowed = listOf(effective, 'allowusers')
  if (allowed.length > 0 && !allowed.some(entry => matchesUser(entry, caller))) {
    const byAddress = caller.address === null && allowed.some(entry => entry.includes('@'))
    return exclusion('AllowUsers', allowed, !byAddress)
  }
  const deniedGroups = listOf(effective, 'denygroups')
  const allowedGroups = listOf(effective, 'allowgroups')
  const { groups } = caller
  if (groups === null) {
    if (deniedGroups.length > 0) return exclusion('DenyGroups', deniedGroups, false)
    if (allowedGroups.length > 0) return exclusion('AllowGroups', allowedGroups, false)
    return null
  }
  const inOneOf = (entries: readonly string[]) =>
    entries.some(entry => groups.some(group => matchesPattern(entry, group)))
  if (inOneOf(deniedGroups)) return exclusion('DenyGroups', deniedGroups)
  if (allowedGroups.length > 0 && !inOneOf(allowedGroups)) return exclusion('AllowGroups', allowedGroups)
  return null
}

function exclusion(keyword: Exclusion['keyword'], entries: readonly string[], certain = true): Exclusion {
  return { keyword, entries, certain }
}

function listOf(effective: SshdEffective, keyword: string): string[] {
  return (effective.get(keyword) ?? []).flatMap(value => value.split(/\s+/)).filter(entry => entry !== '')
}

/** `user` or `user@host`, where the host is a pattern of names or addresses, or a network. */
function matchesUser(entry: string, caller: Caller): boolean {
  const at = entry.lastIndexOf('@')
  if (at === -1) return matchesPattern(entry, caller.user)
  if (!matchesPattern(entry.slice(0, at), caller.user) || caller.address === null) return false
  const host = entry.slice(at + 1)
  return matchesPattern(host, caller.address) || isWithin(caller.address, host)
}
