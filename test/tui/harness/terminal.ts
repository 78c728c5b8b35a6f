/**
 * A terminal in memory: Ink writes to an xterm.js screen, and the test reads what a person would see. The
 * program's own options are used, so that diffing, the alternate screen and resizing are exercised too.
 */

import { Readable } from 'node:stream'
import xterm from '@xterm/headless'
import { render } from 'ink'
import type { ReactNode } from 'react'
import { NAMED_KEYS, type NamedKey } from '../../pty/keys.ts'

export interface TestTerminal {
  /** The visible rows, without trailing blanks. */
  lines(): string[]
  /** What was put on the clipboard, in order. */
  copied(): string[]
  /** Control sequences of the operating system kind (OSC) by number, in order: title, progress, notification. */
  commands(number: number): string[]
  /** How often the bell rang. */
  bells(): number
  /** The visible rows as one text. */
  text(): string
  /** The rows with their colours, as escape sequences: for looking at. */
  ansi(): string
  /** Presses named keys, or types the characters of anything else one by one. */
  press(...keys: readonly (NamedKey | (string & {}))[]): Promise<void>
  /** Everything in one read, as a fast typist or a paste without brackets arrives. */
  send(bytes: string): Promise<void>
  /** One read for each character, faster than the screen can follow: a key held down, or a script typing. */
  burst(text: string): Promise<void>
  paste(text: string): Promise<void>
  resize(columns: number, rows: number): Promise<void>
  /** Waits until what React has to draw is on the screen. */
  settle(): Promise<void>
  /** Waits until the text is on the screen; fails with the screen after two seconds. */
  waitFor(text: string | RegExp): Promise<void>
  unmount(): Promise<void>
}

interface FakeInput extends Readable {
  isTTY: boolean
  setRawMode(isRaw: boolean): void
  ref(): this
  unref(): this
}

/** Mounts a program on a terminal of the given size. */
export async function mount(
  node: ReactNode,
  { columns = 80, rows = 24 }: { columns?: number; rows?: number } = {},
): Promise<TestTerminal> {
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 0 })
  const stdout = fakeOutput(screen, columns, rows)
  const stdin = fakeInput()
  const program = render(node, {
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stdout as unknown as NodeJS.WriteStream,
    stdin,
    interactive: true,
    alternateScreen: true,
    incrementalRendering: true,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 1000,
  })

  const commands: { number: number; data: string }[] = []
  for (const number of [2, 9, 52])
    screen.parser.registerOscHandler(number, data => {
      commands.push({ number, data })
      return false
    })
  let bells = 0
  screen.onBell(() => {
    bells += 1
  })
  const commandsOf = (number: number) => commands.filter(one => one.number === number).map(({ data }) => data)

  const written = () => new Promise<void>(resolve => screen.write('', resolve))
  const settle = async () => {
    for (let round = 0; round < 2; round += 1) {
      await new Promise(resolve => setImmediate(resolve))
      await new Promise(resolve => setTimeout(resolve, 0))
      await program.waitUntilRenderFlush()
      await written()
    }
  }
  const send = async (bytes: string) => {
    stdin.push(bytes)
    // Ink waits 20 ms after a lone Escape for the rest of a sequence.
    if (bytes.endsWith('\x1b')) await new Promise(resolve => setTimeout(resolve, 40))
    await settle()
  }
  const lines = () =>
    Array.from({ length: stdout.rows }, (_, row) =>
      (screen.buffer.active.getLine(row)?.translateToString(true, 0, stdout.columns) ?? '').trimEnd(),
    )
  await settle()

  return {
    lines,
    commands: commandsOf,
    bells: () => bells,
    copied: () => commandsOf(52).map(data => Buffer.from(data.replace(/^c;/, ''), 'base64').toString('utf8')),
    text: () => lines().join('\n'),
    ansi: () => ansiOf(screen, stdout.columns, stdout.rows),
    async press(...keys) {
      for (const key of keys) {
        if (key in NAMED_KEYS) await send(NAMED_KEYS[key as NamedKey])
        else for (const character of key) await send(character)
      }
    },
    send,
    async burst(text) {
      for (const character of text) {
        stdin.push(character)
        await new Promise(resolve => setImmediate(resolve))
      }
      await settle()
    },
    paste: text => send(`\x1b[200~${text}\x1b[201~`),
    async resize(nextColumns, nextRows) {
      screen.resize(nextColumns, nextRows)
      stdout.columns = nextColumns
      stdout.rows = nextRows
      for (const listener of stdout.resizeListeners) listener()
      await settle()
    },
    settle,
    async waitFor(wanted) {
      const deadline = Date.now() + 2000
      for (;;) {
        await settle()
        const text = lines().join('\n')
        if (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)) return
        if (Date.now() > deadline) throw new Error(`never on the screen: ${wanted}\n${text}`)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    },
    async unmount() {
      program.unmount()
      await program.waitUntilExit().catch(() => {})
      screen.dispose()
    },
  }
}

function fakeOutput(screen: InstanceType<typeof xterm.Terminal>, columns: number, rows: number) {
  const resizeListeners = new Set<() => void>()
  return {
    isTTY: true,
    columns,
    rows,
    resizeListeners,
    writable: true,
    write(data: string | Uint8Array, ...rest: unknown[]) {
      const done = rest.find(argument => typeof argument === 'function') as (() => void) | undefined
      const text = typeof data === 'string' ? data : Buffer.from(data).toString('utf8')
      screen.write(text.replace(/\r?\n/g, '\r\n'), () => done?.())
      return true
    },
    on(event: string, listener: () => void) {
      if (event === 'resize') resizeListeners.add(listener)
      return this
    },
    off(event: string, listener: () => void) {
      if (event === 'resize') resizeListeners.delete(listener)
      return this
    },
    once() {
      return this
    },
    addListener(event: string, listener: () => void) {
      return this.on(event, listener)
    },
    removeListener(event: string, listener: () => void) {
      return this.off(event, listener)
    },
    emit: () => true,
    end() {},
  }
}

function fakeInput(): FakeInput {
  const input = new Readable({ read() {} }) as FakeInput
  input.isTTY = true
  input.setRawMode = () => {}
  input.ref = () => input
  input.unref = () => input
  return input
}

/** Colours of the visible cells as escape sequences, so that a picture can be made of them. */
function ansiOf(screen: InstanceType<typeof xterm.Terminal>, columns: number, rows: number): string {
  const out: string[] = []
  for (let row = 0; row < rows; row += 1) {
    const line = screen.buffer.active.getLine(row)
    let text = ''
    for (let column = 0; column < columns; column += 1) {
      const cell = line?.getCell(column)
      if (cell === undefined || cell.getWidth() === 0) continue
      const codes = ['0']
      if (cell.isBold()) codes.push('1')
      if (cell.isDim()) codes.push('2')
      if (cell.isInverse()) codes.push('7')
      if (cell.isFgPalette()) codes.push(`38;5;${cell.getFgColor()}`)
      if (cell.isBgPalette()) codes.push(`48;5;${cell.getBgColor()}`)
      text += `\x1b[${codes.join(';')}m${cell.getChars() || ' '}`
    }
    out.push(`${text}\x1b[0m`)
  }
  return out.join('\n')
}
