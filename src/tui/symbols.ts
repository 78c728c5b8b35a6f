/** Every glyph on the screen, one cell wide, in two sets. State differs by shape before it differs by colour. */

export interface Symbols {
  readonly pass: string
  readonly fail: string
  readonly warn: string
  readonly unknown: string
  readonly skipped: string
  readonly notApplicable: string
  readonly waiting: string
  readonly running: string
  readonly cursor: string
  readonly telling: string
  readonly continued: string
  readonly trail: string
  readonly dot: string
  readonly ellipsis: string
  readonly arrow: string
  readonly up: string
  readonly down: string
  readonly leftRight: string
  readonly upDown: string
  readonly enter: string
  readonly mask: string
  readonly barFull: string
  readonly barEmpty: string
  readonly rule: string
  readonly spinner: readonly string[]
  /** From nothing to the most, for a sparkline. */
  readonly sparks: readonly string[]
}

export const unicodeSymbols: Symbols = {
  pass: '✓',
  fail: '✗',
  warn: '!',
  unknown: '?',
  skipped: '↷',
  notApplicable: '–',
  waiting: '○',
  running: '◐',
  cursor: '❯',
  telling: '▶',
  continued: '↪',
  trail: '›',
  dot: '·',
  ellipsis: '…',
  arrow: '→',
  up: '▲',
  down: '▼',
  leftRight: '←→',
  upDown: '↑↓',
  enter: '↵',
  mask: '•',
  barFull: '━',
  barEmpty: '─',
  rule: '─',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  sparks: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
}

export const asciiSymbols: Symbols = {
  pass: '+',
  fail: 'x',
  warn: '!',
  unknown: '?',
  skipped: '~',
  notApplicable: '-',
  waiting: 'o',
  running: '*',
  cursor: '>',
  telling: '>',
  continued: '\\',
  trail: '>',
  dot: '-',
  ellipsis: '...',
  arrow: '->',
  up: '^',
  down: 'v',
  leftRight: 'left/right',
  upDown: 'up/down',
  enter: 'enter',
  mask: '*',
  barFull: '#',
  barEmpty: '.',
  rule: '-',
  spinner: ['|', '/', '-', '\\'],
  sparks: ['_', '.', '-', '=', '+', '*', '%', '#'],
}

/** For screen readers: words where a sign would be read as its name, and no lines. */
export const spokenSymbols: Symbols = {
  ...asciiSymbols,
  pass: 'ok:',
  fail: 'failed:',
  warn: 'warning:',
  unknown: 'unproven:',
  skipped: 'skipped:',
  notApplicable: 'not needed:',
  waiting: 'waiting:',
  running: 'running:',
  cursor: 'selected',
  telling: 'this line tells:',
  continued: '',
  trail: ',',
  dot: ',',
  rule: '',
  up: 'up',
  down: 'down',
  barFull: '',
  barEmpty: '',
  spinner: [''],
}

/** A key as this set of symbols can write it: the tables use arrows, which ASCII has no signs for. */
export function spellKey(shown: string, symbols: Symbols): string {
  return shown.replace('↑↓', symbols.upDown).replace('←→', symbols.leftRight).replace('↵', symbols.enter)
}
