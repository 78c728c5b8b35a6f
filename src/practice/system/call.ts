/** One call of a program: its words, its streams, and what it may do to the machine. */

import type { World } from '../world/world.ts'
import type { Machine } from './machine.ts'
import type { OpenFile } from './open-file.ts'
import type { Process } from './process.ts'
import { Killed } from './signals.ts'
import { SystemError } from './system-error.ts'

/** Options taken out of a call's words: `has('x')`, `value('name')`, and what is left. */
export interface Parsed {
  has(...names: string[]): boolean
  value(...names: string[]): string | undefined
  values(...names: string[]): string[]
  readonly operands: string[]
}

export class Call {
  readonly process: Process
  readonly world: World
  /** The program's name. */
  readonly name: string
  /** The words after the name, as bytes (latin1). */
  readonly words: readonly string[]
  #said: { stream: 1 | 2; text: string }[] = []

  constructor(process: Process, world: World, name: string, words: readonly string[]) {
    this.process = process
    this.world = world
    this.name = name
    this.words = words.slice(1)
  }

  get machine(): Machine {
    return this.process.machine
  }

  /** To standard output; written when the program ends or flushes. Text is bytes (latin1). */
  out(text: string): void {
    this.#say(1, text)
  }

  /** To standard output, for text with other characters than ASCII. */
  outText(text: string): void {
    this.#say(1, Buffer.from(text, 'utf8').toString('latin1'))
  }

  line(text = ''): void {
    this.outText(`${text}\n`)
  }

  err(text: string): void {
    this.#say(2, Buffer.from(text, 'utf8').toString('latin1'))
  }

  /** `name: text` on standard error, and the exit status. */
  fail(text: string, status = 1): number {
    this.err(`${this.name}: ${text}\n`)
    return status
  }

  #say(stream: 1 | 2, text: string): void {
    const last = this.#said.at(-1)
    if (last?.stream === stream) last.text += text
    else this.#said.push({ stream, text })
  }

  /** Writes what was said so far. */
  async flush(): Promise<void> {
    for (const { stream, text } of this.#said.splice(0)) await this.write(stream, Buffer.from(text, 'latin1'))
  }

  /** @throws Killed by SIGPIPE, unless that is ignored; SystemError. */
  async write(descriptor: number, bytes: Buffer): Promise<void> {
    const file = this.process.descriptors.get(descriptor)
    if (!file) return
    try {
      await file.write(bytes, this.process.wait)
    } catch (error) {
      if (!(error instanceof SystemError)) throw error
      if (error.code === 'EPIPE' && this.process.handlers.get('PIPE') !== 'ignore') throw new Killed('PIPE')
      throw error
    }
  }

  /** Everything on standard input. */
  async input(): Promise<string> {
    const file = this.process.descriptors.get(0)
    return file ? (await this.drain(file)).toString('latin1') : ''
  }

  async drain(file: OpenFile): Promise<Buffer> {
    const chunks: Buffer[] = []
    for (;;) {
      const chunk = await file.read(65_536, this.process.wait)
      if (chunk.length === 0) return Buffer.concat(chunks)
      chunks.push(chunk)
    }
  }

  /** A file's bytes; `-` is standard input. @throws SystemError */
  async bytes(path: string): Promise<Buffer> {
    if (path === '-') return Buffer.from(await this.input(), 'latin1')
    const file = (await this.process.openFile(path, 'read')).retain()
    try {
      if (file.node?.kind === 'directory') throw new SystemError('EISDIR')
      return await this.drain(file)
    } finally {
      file.release()
    }
  }

  async text(path: string): Promise<string> {
    return (await this.bytes(path)).toString('latin1')
  }

  /** Texts of the operands in turn, or standard input; complains about those that cannot be read. */
  async texts(
    paths: readonly string[],
    quiet = false,
  ): Promise<{ texts: { path: string; text: string }[]; failed: boolean }> {
    const texts: { path: string; text: string }[] = []
    let failed = false
    for (const path of paths.length === 0 ? ['-'] : paths) {
      try {
        texts.push({ path, text: await this.text(path) })
      } catch (error) {
        if (!(error instanceof SystemError)) throw error
        failed = true
        if (!quiet) this.err(`${this.name}: ${path}: ${error.message}\n`)
      }
    }
    return { texts, failed }
  }

  /**
   * Parses options in GNU's way. `withValue` lists those that take one, short ones as single letters.
   * Unknown ones count as switches.
   */
  options(
    withValue = '',
    longWithValue: readonly string[] = [],
    words: readonly string[] = this.words,
  ): Parsed {
    const found = new Map<string, string[]>()
    const operands: string[] = []
    const add = (name: string, value: string): void => {
      found.set(name, [...(found.get(name) ?? []), value])
    }
    let index = 0
    for (; index < words.length; index++) {
      const word = words[index] ?? ''
      if (word === '--') {
        operands.push(...words.slice(index + 1))
        break
      }
      if (word.startsWith('--')) {
        const [name = '', ...rest] = word.slice(2).split('=')
        if (rest.length > 0) add(name, rest.join('='))
        else if (longWithValue.includes(name)) add(name, words[++index] ?? '')
        else add(name, '')
      } else if (word.startsWith('-') && word !== '-') {
        for (let at = 1; at < word.length; at++) {
          const letter = word.charAt(at)
          if (!withValue.includes(letter)) add(letter, '')
          else {
            add(letter, at + 1 < word.length ? word.slice(at + 1) : (words[++index] ?? ''))
            break
          }
        }
      } else operands.push(word)
    }
    const values = (...names: string[]): string[] => names.flatMap(name => found.get(name) ?? [])
    return {
      has: (...names) => names.some(name => found.has(name)),
      value: (...names) => values(...names).at(-1),
      values,
      operands,
    }
  }

  /** Runs another program as a child, with this one's streams unless others are given. */
  async child(
    words: readonly string[],
    options: Partial<Parameters<Machine['spawn']>[1]> = {},
    before?: (process: Process) => void,
  ): Promise<number> {
    await this.flush()
    const process = this.machine.spawn(this.process, { ...options, command: words })
    before?.(process)
    this.machine.start(process, child => this.machine.execute(child, words, `${this.name}: `))
    return this.process.wait(process.exited)
  }

  /** This process becomes another program. */
  async become(words: readonly string[], said = `${this.name}: `): Promise<number> {
    await this.flush()
    return this.machine.execute(this.process, words, said)
  }
}
