/** What an operator is told at the end of an attempt, as data and as plain words. */

import { type Score, span } from './score.ts'

export interface Debrief {
  readonly scenario: string
  readonly title: string
  /** What a surprise was. */
  readonly reveals?: string
  /** Absent where there is nothing to find: such a scenario is for looking around. */
  readonly score?: Score
  /** The best score so far, this one included, and whether it is this one. */
  readonly best?: { readonly points: number; readonly isNew: boolean }
  /** What went wrong at the end, as a sentence. */
  readonly problem?: string
  /** Whether it works, as the server said; absent where nothing was broken. */
  readonly works?: boolean
  readonly isCauseFound: boolean
  /** Why it could not be mended from here. */
  readonly outOfReach?: string
  /** Milliseconds on the clock. */
  readonly elapsed: number
  /** From the root cause to what was seen, one link a line. */
  readonly chain: readonly string[]
  /** The shortest way from what was noticed to a server that works. */
  readonly fastest: readonly string[]
}

/** In one sentence. */
export function headlineOf({ works, score, isCauseFound, outOfReach, elapsed }: Debrief): string {
  const after = `after ${span(elapsed)}`
  if (works === undefined && score === undefined)
    return `You have practised for ${span(elapsed)}. Nothing was broken.`
  if (works) return `Everything works as it should, ${after}.`
  if (!isCauseFound) return `It is not mended, and its cause was not found, ${after}.`
  return outOfReach === undefined
    ? `The cause is found, but it is not mended, ${after}.`
    : `The cause is found, which is all that could be done from here, ${after}.`
}

/** `82 of 100, your best so far`. Empty without a score. */
export function scoreWords({ score, best }: Debrief): string {
  if (score === undefined) return ''
  const compared =
    best === undefined || (!best.isNew && best.points === score.total)
      ? ''
      : best.isNew
        ? ', your best so far'
        : `; your best is ${best.points}`
  return `${score.total} of 100${compared}`
}

/** `40 of 40`, `-15`. */
export const pointsWords = ({ points, of }: Score['rules'][number]): string =>
  of === 0 ? String(points) : `${points} of ${of}`

/** For the scrollback: plain text, words wrapped to `columns` cells, continuations hanging under their text. */
export function debriefText(debrief: Debrief, columns = 80): string {
  const { scenario, title, reveals, score, problem, chain, fastest } = debrief
  const numbered = (heading: string, lines: readonly string[]): string[] =>
    lines.length === 0
      ? []
      : [heading, ...lines.flatMap((line, index) => hanging(`  ${index + 1}. `, line, columns))]
  const words = scoreWords(debrief)
  const name = reveals === undefined ? title : `${title} (${reveals})`
  return [
    ...hanging('', `Practice, ${name}: ${headlineOf(debrief)}`, columns),
    ...(words === '' ? [] : [`Score: ${words}`]),
    ...(score?.rules ?? []).flatMap(rule =>
      hanging(`  ${pointsWords(rule).padStart(8)}  `, `${rule.title}. ${rule.why}`, columns),
    ),
    ...(problem === undefined ? [] : hanging('', problem, columns)),
    ...numbered('What led to what:', chain),
    ...numbered('The fastest way:', fastest),
    `Again: kneeboard practice ${scenario}`,
  ]
    .map(line => `${line}\n`)
    .join('')
}

/** Every character of these texts is one cell wide. */
function hanging(lead: string, text: string, columns: number): string[] {
  const room = Math.max(20, columns - lead.length)
  const rows: string[] = []
  let row = ''
  for (const word of text.split(' ')) {
    if (row !== '' && row.length + 1 + word.length > room) {
      rows.push(row)
      row = word
    } else row = row === '' ? word : `${row} ${word}`
  }
  return [...rows, row].map((line, index) => (index === 0 ? lead : ' '.repeat(lead.length)) + line)
}
