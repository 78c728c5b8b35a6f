/** The words that the screens use, each for one thing, so that the same thing is never called by two names. */

import type { CheckState } from '../engine/state.ts'
import type { RunStatus, StoredVerdict } from '../model/event.ts'
import type { Grade } from '../model/remedy.ts'
import type { Symbols } from './symbols.ts'
import type { Tone } from './theme.ts'

export interface Mark {
  readonly symbol: string
  readonly word: string
  readonly tone: Tone
}

/** How a verdict is told: by shape, by word, and by colour besides. */
export function verdictMark(status: StoredVerdict['status'], symbols: Symbols): Mark {
  switch (status) {
    case 'pass':
      return { symbol: symbols.pass, word: 'passed', tone: 'good' }
    case 'warn':
      return { symbol: symbols.warn, word: 'warning', tone: 'warning' }
    case 'fail':
      return { symbol: symbols.fail, word: 'failed', tone: 'bad' }
    case 'unknown':
      return { symbol: symbols.unknown, word: 'unproven', tone: 'unknown' }
    case 'skipped':
      return { symbol: symbols.skipped, word: 'skipped', tone: 'unknown' }
    case 'not-applicable':
      return { symbol: symbols.notApplicable, word: 'not needed', tone: 'muted' }
  }
}

/** How a check is told, whether it has a verdict yet or not. */
export function checkMark(check: CheckState, symbols: Symbols): Mark {
  if (check.progress === 'running')
    return { symbol: symbols.running, word: check.rounds > 0 ? 'again' : 'running', tone: 'accent' }
  if (check.verdict === undefined) return { symbol: symbols.waiting, word: 'waiting', tone: 'muted' }
  if (check.verdict.blockedBy !== undefined)
    return { symbol: symbols.skipped, word: 'blocked', tone: 'unknown' }
  const mended =
    check.verdict.status === 'pass' && check.firstStatus !== undefined && check.firstStatus !== 'pass'
  const mark = verdictMark(check.verdict.status, symbols)
  return mended ? { ...mark, word: 'mended' } : mark
}

/** How a run's end is told. */
export function statusMark(status: RunStatus | 'interrupted', symbols: Symbols): Mark {
  switch (status) {
    case 'passed':
      return { symbol: symbols.pass, word: 'passed', tone: 'good' }
    case 'warnings':
      return { symbol: symbols.warn, word: 'warnings', tone: 'warning' }
    case 'failed':
      return { symbol: symbols.fail, word: 'failed', tone: 'bad' }
    case 'unproven':
      return { symbol: symbols.unknown, word: 'unproven', tone: 'unknown' }
    case 'interrupted':
      return { symbol: symbols.skipped, word: 'interrupted', tone: 'warning' }
  }
}

export const gradeTone: Readonly<Record<Grade, Tone>> = {
  reversible: 'good',
  disruptive: 'warning',
  destructive: 'danger',
}

/** How long something took or takes: `84 ms`, `1.8 s`, `41 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(milliseconds: number): string {
  const positive = Math.max(0, milliseconds)
  if (positive < 999.5) return `${Math.round(positive)} ms`
  const seconds = positive / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1).replace('.0', '')} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${pad(whole % 60)} s`
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
}

/** A running clock: `00:14`, `1:02:03`. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const hours = Math.floor(seconds / 3600)
  const rest = `${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`
  return hours === 0 ? rest : `${hours}:${rest}`
}

/** How long ago, as one would say it. An unreadable date gives ''. */
export function ago(at: string, now: number): string {
  const then = Date.parse(at)
  if (Number.isNaN(then)) return ''
  const minutes = Math.floor((now - then) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ago`
  const days = Math.floor(hours / 24)
  return days === 1 ? 'yesterday' : `${days} days ago`
}

/** How long until something, in whole days: `today`, `tomorrow`, `in 12 days`. */
export function inDays(at: string, now: number): string {
  const days = Math.floor((Date.parse(at) - now) / 86_400_000)
  if (days < 1) return 'today'
  return days === 1 ? 'tomorrow' : `in ${days} days`
}

/** A date and time by the operator's clock: `2026-07-16 14:21`. */
export function stamp(at: string): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return at
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}`
}

/** `1 check`, `3 checks`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`
}

const pad = (value: number): string => String(value).padStart(2, '0')
