/** A terminal's screen as an SVG picture: every cell where it is, in the colours that it has. */

import type { Terminal } from '@xterm/headless'

/** A calm dark scheme for the sixteen named colours, which are the only ones that Kneeboard uses. */
const PALETTE = [
  '#22262e', '#f0716b', '#7ecb88', '#e2c073', '#6ca8ea', '#c58be0', '#62c4cd', '#d5dae2',
  '#6b7482', '#ff938d', '#9be3a4', '#f5d78e', '#8fc0f5', '#d9a9ef', '#86dfe6', '#ffffff',
] // biome-ignore format: a palette reads as two rows of eight
const INK = '#d5dae2'
const PAPER = '#171a20'
const CELL = { width: 8.4, height: 17, size: 14, base: 13 }
const MARGIN = 14

interface Run {
  readonly column: number
  readonly cells: number
  readonly text: string
  readonly ink: string
  readonly paper: string | undefined
  readonly bold: boolean
  readonly dim: boolean
}

/** The visible screen. @param title read out by screen readers in place of the picture. */
export function svgOf(screen: Terminal, title: string): string {
  const { cols, rows } = screen
  const width = Math.round(cols * CELL.width + 2 * MARGIN)
  const height = rows * CELL.height + 2 * MARGIN
  const body = Array.from({ length: rows }, (_, row) => rowOf(screen, row)).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" rx="8" fill="${PAPER}"/>
<g font-family="ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${CELL.size}" fill="${INK}" xml:space="preserve">
${body}</g>
</svg>
`
}

function rowOf(screen: Terminal, row: number): string {
  const y = MARGIN + row * CELL.height
  const parts = runsOf(screen, row).map(run => {
    const x = MARGIN + run.column * CELL.width
    const width = run.cells * CELL.width
    const paper =
      run.paper === undefined
        ? ''
        : `<rect x="${round(x)}" y="${y}" width="${round(width)}" height="${CELL.height}" fill="${run.paper}"/>`
    if (run.text.trim() === '') return paper
    const look = [
      run.ink === INK ? '' : ` fill="${run.ink}"`,
      run.bold ? ' font-weight="600"' : '',
      run.dim ? ' opacity="0.6"' : '',
    ].join('')
    return `${paper}<text x="${round(x)}" y="${y + CELL.base}" textLength="${round(width)}" lengthAdjust="spacingAndGlyphs"${look}>${escaped(run.text)}</text>`
  })
  const line = parts.join('')
  return line === '' ? '' : `${line}\n`
}

/** Neighbouring cells that look alike, as one. */
function runsOf(screen: Terminal, row: number): Run[] {
  const { active } = screen.buffer
  const line = active.getLine(active.baseY + row)
  const runs: Run[] = []
  for (let column = 0; column < screen.cols; column += 1) {
    const cell = line?.getCell(column)
    if (cell === undefined || cell.getWidth() === 0) continue
    const inverse = cell.isInverse() !== 0
    const front = cell.isFgPalette() ? (PALETTE[cell.getFgColor()] ?? INK) : INK
    const back = cell.isBgPalette() ? PALETTE[cell.getBgColor()] : undefined
    const one: Run = {
      column,
      cells: cell.getWidth(),
      text: cell.getChars() || ' ',
      ink: inverse ? (back ?? PAPER) : front,
      paper: inverse ? front : back,
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
    }
    const last = runs.at(-1)
    // A wide character keeps a run of its own, so that its two cells stay two.
    if (last !== undefined && last.cells === last.text.length && one.cells === 1 && looksAlike(last, one))
      runs[runs.length - 1] = { ...last, cells: last.cells + 1, text: last.text + one.text }
    else runs.push(one)
  }
  return runs
}

const looksAlike = (a: Run, b: Run): boolean =>
  a.ink === b.ink && a.paper === b.paper && a.bold === b.bold && a.dim === b.dim

const round = (value: number): number => Math.round(value * 10) / 10

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
