/** Holds what stands in daemon.json against what is wanted. Pure: no server is asked. */

import type { DaemonKeys } from '../../src/facts/docker-daemon.ts'
import type { DaemonPatch } from './daemon-change.ts'

export interface WantedDaemon {
  /** MB a log file may have before it is rotated, and how many files there may be. */
  readonly logMaxSizeMB: number
  readonly logFiles: number
  /** Empty: name servers are left as they are. */
  readonly dns: readonly string[]
  /** False where it is on by an option, or impossible (swarm). */
  readonly liveRestore: boolean
}

export interface DaemonJudgement {
  /** What has to be mended, as clauses. */
  readonly missing: readonly string[]
  /** What works, but looser than the policy. */
  readonly loose: readonly string[]
  /** The keys that would mend both; empty when nothing is to be done. */
  readonly patch: DaemonPatch
  readonly summary: string
  readonly measured: string
  readonly expected: string
}

/** What the daemon runs with that the file does not say. */
export interface DaemonSurroundings {
  /** The log driver in force; empty when the daemon does not answer. */
  readonly logDriver: string
  /** True when log options stand on the daemon's command line. */
  readonly logByFlags: boolean
}

export function judgeDaemon(
  keys: DaemonKeys,
  wanted: WantedDaemon,
  surroundings: DaemonSurroundings,
): DaemonJudgement {
  const logs = judgeLogs(keys, wanted, surroundings)
  const missing = [...logs.missing]
  const patch: { -readonly [Key in keyof DaemonPatch]: DaemonPatch[Key] } = { ...logs.patch }

  if (wanted.liveRestore && keys['live-restore'] !== true) {
    missing.push('a restart of Docker stops every container (live-restore is off)')
    patch['live-restore'] = true
  }
  if (wanted.dns.length > 0 && keys.dns?.join() !== wanted.dns.join()) {
    missing.push(`containers do not ask ${wanted.dns.join(', ')}`)
    patch.dns = wanted.dns
  }
  const liveRestore = wanted.liveRestore ? ['live-restore on'] : []
  return {
    missing,
    loose: logs.loose,
    patch,
    summary: `Docker’s logs: ${logs.measured}${wanted.liveRestore ? '; containers outlive its restart' : ''}`,
    measured: [
      logs.measured,
      ...(wanted.liveRestore ? [`live-restore ${keys['live-restore'] === true ? 'on' : 'off'}`] : []),
      ...(wanted.dns.length > 0 ? [`dns ${keys.dns?.join(', ') ?? 'not set'}`] : []),
    ].join(', '),
    expected: [
      `at most ${wanted.logFiles} × ${wanted.logMaxSizeMB} MB a container`,
      ...liveRestore,
      ...(wanted.dns.length > 0 ? [`dns ${wanted.dns.join(', ')}`] : []),
    ].join(', '),
  }
}

interface LogJudgement {
  readonly missing: string[]
  readonly loose: string[]
  readonly patch: DaemonPatch
  readonly measured: string
}

function judgeLogs(keys: DaemonKeys, wanted: WantedDaemon, around: DaemonSurroundings): LogJudgement {
  const driver = keys['log-driver'] ?? (around.logDriver || 'json-file')
  const fine = (measured: string): LogJudgement => ({ missing: [], loose: [], patch: {}, measured })
  if (around.logByFlags) return fine('set on Docker’s command line')
  // These options belong to the two file drivers; given to another, they keep containers from starting.
  if (driver !== 'json-file' && driver !== 'local') return fine(`left to ${driver}`)

  const options = keys['log-opts'] ?? {}
  const size = megabytes(options['max-size'])
  if (size === null && driver === 'local') return fine('rotated by the driver local, 5 × 20 MB')
  const patch: DaemonPatch = {
    'log-driver': driver,
    'log-opts': { 'max-size': `${wanted.logMaxSizeMB}m`, 'max-file': String(wanted.logFiles) },
  }
  if (size === null) {
    return { missing: ['container logs grow until the disk is full'], loose: [], patch, measured: 'no limit' }
  }
  // Without max-file there is one file, which is cut to nothing when it is full (five for the driver local).
  const files = Number(options['max-file'] ?? (driver === 'local' ? 5 : 1))
  const measured = `${files} × ${Number(size.toFixed(2))} MB`
  if (size * files <= wanted.logMaxSizeMB * wanted.logFiles) return fine(measured)
  const loose = [`container logs may take ${measured} each, more than the policy says`]
  return { missing: [], loose, patch, measured }
}

/**
 * Docker's sizes: a number with k, m, g or nothing after it, powers of 1024.
 *
 * @returns MB, or null for no limit: nothing, 0, -1, or what cannot be read.
 */
export function megabytes(text: string | undefined): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text?.trim() ?? '')
  if (!match) return null
  const power = { '': -2, k: -1, m: 0, g: 1, t: 2 }[(match[2] ?? '').toLowerCase()] ?? 0
  const size = Number(match[1]) * 1024 ** power
  return size > 0 ? size : null
}
