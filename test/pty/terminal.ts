/**
 * The shipped program in a real pseudo terminal, with a terminal emulator on the other side: what a person sees and
 * types, nothing else. Waits are for text on the screen, never for time.
 */

import { type IPty, spawn } from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { NAMED_KEYS, type NamedKey } from './keys.ts'

export interface PtyTerminal {
  readonly screen: InstanceType<typeof xterm.Terminal>
  /** The visible rows, without trailing blanks. */
  lines(): string[]
  text(): string
  /** Presses named keys, or types the characters of anything else, a write for each. */
  press(...keys: readonly (NamedKey | (string & {}))[]): void
  /** Writes bytes as they are, all at once. */
  send(bytes: string): void
  paste(text: string): void
  resize(columns: number, rows: number): void
  /** Waits until the text is on the screen; fails with the screen. @param seconds default 20. */
  waitFor(wanted: string | RegExp, seconds?: number): Promise<void>
  /** Waits for the first of several texts and says which it was. */
  waitForOneOf<T extends string>(wanted: Readonly<Record<T, string | RegExp>>, seconds?: number): Promise<T>
  /** Everything that the program wrote, escape sequences and all. */
  raw(): string
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<{ readonly exitCode: number; readonly signal: number | undefined }>
  close(): Promise<void>
}

export interface PtyOptions {
  readonly columns?: number
  readonly rows?: number
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Told of every piece that the program writes, after the screen has taken it in. */
  readonly onData?: (data: string) => void
}

/** Starts a program of Node's in a terminal of its own. */
export function openPty(words: readonly string[], options: PtyOptions = {}): PtyTerminal {
  const { columns = 80, rows = 24, environment = {}, cwd = process.cwd(), onData } = options
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 200 })
  const child: IPty = spawn(process.execPath, [...words], {
    name: 'xterm-256color',
    cols: columns,
    rows,
    cwd,
    env: cleanEnvironment(environment),
  })
  let raw = ''
  let end: { exitCode: number; signal: number | undefined } | undefined
  child.onData(data => {
    raw += data
    screen.write(data, () => onData?.(data))
  })
  // The terminal's own answers: to a question for its attributes, say.
  screen.onData(answer => child.write(answer))
  const ended = new Promise<{ exitCode: number; signal: number | undefined }>(resolve => {
    child.onExit(({ exitCode, signal }) => {
      end = { exitCode, signal: signal === 0 ? undefined : signal }
      screen.write('', () => resolve(end ?? { exitCode, signal }))
    })
  })
  const lines = () => {
    const { active } = screen.buffer
    return Array.from({ length: screen.rows }, (_, row) =>
      (active.getLine(active.baseY + row)?.translateToString(true, 0, screen.cols) ?? '').trimEnd(),
    )
  }
  const text = () => lines().join('\n')
  const matches = (wanted: string | RegExp) => {
    const shown = text()
    return typeof wanted === 'string' ? shown.includes(wanted) : wanted.test(shown)
  }
  const waitForOneOf = async <T extends string>(
    wanted: Readonly<Record<T, string | RegExp>>,
    seconds = 20,
  ): Promise<T> => {
    const names = Object.keys(wanted) as T[]
    const deadline = Date.now() + seconds * 1000
    for (;;) {
      const found = names.find(name => matches(wanted[name]))
      if (found !== undefined) return found
      if (end !== undefined)
        throw new Error(`it ended with ${end.exitCode} before it showed this:\n${text()}`)
      if (Date.now() > deadline)
        throw new Error(
          `not on the screen within ${seconds} s: ${Object.values(wanted).join(' | ')}\n${text()}`,
        )
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
  return {
    screen,
    lines,
    text,
    press(...keys) {
      for (const key of keys) {
        if (key in NAMED_KEYS) child.write(NAMED_KEYS[key as NamedKey])
        else for (const character of key) child.write(character)
      }
    },
    send: bytes => child.write(bytes),
    paste: pasted => child.write(`\x1b[200~${pasted}\x1b[201~`),
    resize(nextColumns, nextRows) {
      screen.resize(nextColumns, nextRows)
      child.resize(nextColumns, nextRows)
    },
    waitFor: async (wanted, seconds) => void (await waitForOneOf({ it: wanted }, seconds)),
    waitForOneOf,
    raw: () => raw,
    pid: child.pid,
    kill: signal => child.kill(signal),
    ended,
    async close() {
      if (end === undefined) child.kill('SIGKILL')
      await ended
      screen.dispose()
    },
  }
}

/** What a terminal gives a program, without what would make it look like a test or a robot. */
function cleanEnvironment(more: PtyOptions['environment']): Record<string, string> {
  const { CI, FORCE_COLOR, NO_COLOR, COLUMNS, LINES, VITEST, NODE_ENV, SSH_AUTH_SOCK, ...rest } = process.env
  const all = { ...rest, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...more }
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
