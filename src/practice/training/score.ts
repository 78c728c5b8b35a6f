/**
 * What an attempt at a scenario is worth, from 0 to 100. Pure: the same attempt always has the same score, and each
 * rule says what it gave and why, so that nobody has to guess.
 *
 * The weights: that people can work again is what an incident is about, and so is knowing why, because what was only
 * made to go away comes back. A remedy that was not needed is a change to a broken server for nothing. A hint is better
 * than a guess, so even all of them cost less than not finding the cause.
 */

export const SCALE = {
  recovered: 40,
  cause: 40,
  /** For leaving alone what was not broken. */
  steadyHand: 20,
  /** Off the steady hand, for each time that a remedy ran which was not needed. */
  wrongRemedy: 10,
  /** What the first, second and third hint cost: they go from gentle to telling. */
  hints: [5, 10, 15],
  /** Minutes in which the cause is worth everything: reading what was noticed, and one walk through the checks. */
  promptMinutes: 2,
  /** Minutes from which it is worth the least. The fire drill of monitoring asks for somebody at work in ten. */
  lateMinutes: 10,
  /** Of the cause's points, for a late one: late is still found. */
  lateShare: 0.25,
} as const

export interface RunRemedy {
  readonly id: string
  readonly title: string
}

/** What was seen of an attempt. */
export interface Attempt {
  /** Milliseconds from the start of the clock until the cause was shown; absent when it never was. */
  readonly causeAfter?: number
  /** Remedies that ran, once for each time. */
  readonly remedies: readonly RunRemedy[]
  /** How many hints were taken. */
  readonly hints: number
  /** What the server itself answered at the end. */
  readonly recovered: boolean
}

/** What the scenario asks for. */
export interface Expected {
  /** Remedies that mend it. */
  readonly needed: readonly string[]
  /** Why it cannot be mended from here, as a sentence; absent where it can. */
  readonly outOfReach?: string
}

export interface Rule {
  readonly title: string
  /** Never above `of`; below 0 for hints alone. */
  readonly points: number
  /** The most that it can give; 0 for what only costs. */
  readonly of: number
  /** Why it gave what it gave, as a sentence or two. */
  readonly why: string
}

export interface Score {
  /** 0 to 100, whole. */
  readonly total: number
  readonly rules: readonly Rule[]
}

/** @returns what the next hint costs when `taken` have been taken; the last price holds on. */
export function costOfHint(taken: number): number {
  return SCALE.hints[Math.min(taken, SCALE.hints.length - 1)] ?? 0
}

export function score(attempt: Attempt, expected: Expected): Score {
  const rules = [
    recovery(attempt, expected),
    cause(attempt, expected),
    steadyHand(attempt, expected),
    ...(attempt.hints > 0 ? [hints(attempt)] : []),
  ]
  const sum = rules.reduce((total, { points }) => total + points, 0)
  return { total: Math.max(0, Math.min(100, sum)), rules }
}

function recovery({ recovered }: Attempt, { outOfReach }: Expected): Rule {
  const title = 'It works again'
  if (recovered)
    return {
      title,
      points: SCALE.recovered,
      of: SCALE.recovered,
      why: 'The server was asked at the end, as a visitor would ask.',
    }
  if (outOfReach !== undefined)
    return { title, points: 0, of: 0, why: `${outOfReach} So these points go to the cause.` }
  return {
    title,
    points: 0,
    of: SCALE.recovered,
    why: 'The server was asked at the end: it is still broken.',
  }
}

function cause({ causeAfter, recovered }: Attempt, { outOfReach }: Expected): Rule {
  const title = 'The cause was found'
  const of = SCALE.cause + (outOfReach !== undefined && !recovered ? SCALE.recovered : 0)
  const { promptMinutes, lateMinutes, lateShare } = SCALE
  if (causeAfter === undefined) return { title, points: 0, of, why: 'No diagnosis of yours had it.' }
  const late = (causeAfter / 60_000 - promptMinutes) / (lateMinutes - promptMinutes)
  const share = 1 - (1 - lateShare) * Math.max(0, Math.min(1, late))
  const words = `Shown after ${span(causeAfter)}.`
  return {
    title,
    points: Math.round(of * share),
    of,
    why:
      share === 1
        ? words
        : `${words} Up to ${promptMinutes} min are full points, from ${lateMinutes} min a quarter.`,
  }
}

function steadyHand({ remedies, causeAfter, recovered }: Attempt, { needed }: Expected): Rule {
  const title = 'Nothing was changed for nothing'
  const of = SCALE.steadyHand
  // Else whoever does nothing at all would earn something.
  if (causeAfter === undefined && !recovered)
    return { title, points: 0, of, why: 'It counts once the cause is found, or the server works again.' }
  const wrong = remedies.filter(({ id }) => !needed.includes(id))
  if (wrong.length === 0) return { title, points: of, of, why: 'No remedy ran that was not needed.' }
  return {
    title,
    points: Math.max(0, of - wrong.length * SCALE.wrongRemedy),
    of,
    why: `Not needed: ${[...new Set(wrong.map(({ title: words }) => `“${words}”`))].join(', ')}. Each time costs ${SCALE.wrongRemedy}.`,
  }
}

function hints({ hints: taken }: Attempt): Rule {
  const costs = Array.from({ length: taken }, (_, index) => costOfHint(index))
  return {
    title: taken === 1 ? '1 hint' : `${taken} hints`,
    points: -costs.reduce((sum, cost) => sum + cost, 0),
    of: 0,
    why:
      taken === 1
        ? 'It was said before it was shown.'
        : `${costs.join(' + ')}: each said before it was shown.`,
  }
}

/** `45 s`, `2 min`, `2 min 05 s`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  const rest = seconds % 60
  return `${Math.floor(seconds / 60)} min${rest === 0 ? '' : ` ${String(rest).padStart(2, '0')} s`}`
}
