/** Runs what the parser read: lists, pipelines, compound commands, functions (Shell & Utilities §2.9). */

import { makePipe, type OpenFile } from '../system/open-file.ts'
import type { Process } from '../system/process.ts'
import type { Signal } from '../system/signals.ts'
import { SystemError } from '../system/system-error.ts'
import { BUILTINS, SPECIAL } from './builtins.ts'
import { Break, Continue, Exit, Return } from './control.ts'
import { Expander, ExpansionError } from './expansion.ts'
import { nextCommand } from './parser.ts'
import { matches } from './pattern.ts'
import { applyRedirections, restore, type Undo } from './redirection.ts'
import type { ShellState } from './state.ts'
import { type AndOr, type Command, Incomplete, type List, type Pipeline, ShellSyntaxError } from './syntax.ts'

type Simple = Extract<Command, { kind: 'simple' }>

export class Interpreter {
  readonly process: Process
  readonly state: ShellState
  readonly expander: Expander
  /** How many conditions we are inside: there a failure is an answer, and `set -e` stands back. */
  conditions: number
  /** Status of the last command substitution of a simple command. */
  substituted: number | undefined
  readonly #pending: Signal[] = []
  #interrupt: (() => void) | undefined

  constructor(process: Process, state: ShellState, conditions = 0) {
    this.process = process
    this.state = state
    this.conditions = conditions
    this.expander = new Expander(this)
  }

  /** A whole script. @returns its exit status. */
  runText(text: string): Promise<number> {
    return this.#untilExit(() => this.evaluate(text))
  }

  /** Reads commands from a stream and runs each as soon as it is complete. */
  runStream(file: OpenFile): Promise<number> {
    return this.#untilExit(async () => {
      let text = ''
      let ended = false
      while (!ended) {
        const chunk = await file.read(65_536, this.process.wait)
        ended = chunk.length === 0
        text = await this.#consume(text + chunk.toString('latin1'), ended)
      }
    })
  }

  /** Runs the commands of a text in this shell. */
  async evaluate(text: string): Promise<number> {
    await this.#consume(text, true)
    return this.state.lastStatus
  }

  /** @returns what is left: the beginning of a command. */
  async #consume(text: string, ended: boolean): Promise<string> {
    let at = 0
    for (;;) {
      let found: ReturnType<typeof nextCommand>
      try {
        found = nextCommand(text, at, ended)
      } catch (error) {
        if (error instanceof Incomplete) return text.slice(at)
        if (!(error instanceof ShellSyntaxError)) throw error
        await this.complain(error.message)
        throw new Exit(2)
      }
      if (found === null) return ''
      at = found.next
      await this.runList(found.list)
    }
  }

  async #untilExit(run: () => Promise<unknown>): Promise<number> {
    try {
      await run()
    } catch (error) {
      if (error instanceof Exit) {
        this.state.lastStatus = error.status
        if (error.replaced) return error.status
      } else if (error instanceof Return) this.state.lastStatus = error.status
      else if (!(error instanceof Break || error instanceof Continue)) throw error
    }
    return this.#runExitTrap()
  }

  async #runExitTrap(): Promise<number> {
    const status = this.state.lastStatus
    const action = this.state.traps.get('EXIT')
    if (!action) return status
    this.state.traps.delete('EXIT')
    try {
      await this.evaluate(action)
    } catch (error) {
      if (error instanceof Exit) return error.status
      throw error
    }
    return status
  }

  async runList(list: List): Promise<number> {
    for (const item of list) {
      if (item.background) this.#startInBackground(item)
      else await this.#runAndOr(item)
      await this.runTraps()
    }
    return this.state.lastStatus
  }

  async #runAndOr({ first, rest }: AndOr): Promise<void> {
    let status = await this.#runPipeline(first, rest.length > 0)
    for (const [index, { operator, pipeline }] of rest.entries()) {
      if ((status === 0) !== (operator === '&&')) continue
      status = await this.#runPipeline(pipeline, index < rest.length - 1)
    }
  }

  async #runPipeline({ negated, commands }: Pipeline, isCondition: boolean): Promise<number> {
    this.process.check()
    if (isCondition || negated) this.conditions += 1
    let status: number
    try {
      const [only] = commands
      status = commands.length === 1 && only ? await this.run(only) : await this.#join(commands)
    } finally {
      if (isCondition || negated) this.conditions -= 1
    }
    if (negated) status = status === 0 ? 1 : 0
    this.state.lastStatus = status
    if (status !== 0 && !isCondition && !negated && this.conditions === 0 && this.state.options.has('e'))
      throw new Exit(status)
    return status
  }

  async #join(commands: readonly Command[]): Promise<number> {
    const children = this.#startPipeline(commands)
    const statuses: number[] = []
    for (const child of children) statuses.push(await this.process.wait(child.exited))
    const failed = statuses.findLast(status => status !== 0) ?? 0
    return this.state.options.has('pipefail') ? failed : (statuses.at(-1) ?? 0)
  }

  /** Starts every command of a pipeline as a child, each reading what the one before it writes. */
  #startPipeline(commands: readonly Command[], standardInput?: OpenFile): Process[] {
    let input = standardInput
    return commands.map((command, index) => {
      const [next, output] = index < commands.length - 1 ? makePipe() : []
      // Held until the next child has its own hold on it.
      next?.retain()
      const child = this.#fork(command, process => {
        if (input) process.setDescriptor(0, input)
        if (output) process.setDescriptor(1, output)
      })
      if (index > 0 || standardInput) input?.release()
      input = next
      return child
    })
  }

  #startInBackground(item: AndOr): void {
    const nothing = this.process.maybe('/dev/null')
    const input = nothing?.kind === 'device' ? this.#nullDevice() : undefined
    const alone = item.rest.length === 0 && !item.first.negated
    const children = alone
      ? this.#startPipeline(item.first.commands, input)
      : this.#startPipeline(
          [{ kind: 'group', body: [{ ...item, background: false }], redirections: [] }],
          input,
        )
    const last = children.at(-1)
    if (!last) return
    this.state.jobs.set(last.pid, last)
    this.state.lastBackground = last.pid
    this.state.lastStatus = 0
  }

  #nullDevice(): OpenFile {
    return this.process.machine.nullDevice().retain()
  }

  /** A child process that runs one command in a copy of this shell. */
  #fork(command: Command, prepare: (process: Process) => void): Process {
    const { machine } = this.process
    const child = machine.spawn(this.process, {
      command: this.process.command,
      environment: this.state.exported(),
    })
    prepare(child)
    return machine.start(child, () => this.#subshell(child).runForked(command))
  }

  #subshell(process: Process): Interpreter {
    return new Interpreter(process, this.state.copy(), this.conditions)
  }

  /** In a child of its own: a single program takes the child's place instead of getting one more. */
  runForked(command: Command): Promise<number> {
    return this.#untilExit(async () => {
      this.state.lastStatus =
        command.kind === 'simple' ? await this.#runSimple(command, true) : await this.run(command)
    })
  }

  /** `$( … )`: its standard output without the newlines at the end. */
  async substitute(body: List): Promise<string> {
    const [read, write] = makePipe()
    read.retain()
    const { machine } = this.process
    const child = machine.spawn(this.process, {
      command: this.process.command,
      environment: this.state.exported(),
    })
    child.setDescriptor(1, write)
    const [only] = body
    const alone =
      body.length === 1 && only && only.rest.length === 0 && !only.background && !only.first.negated
    const [command] = alone && only.first.commands.length === 1 ? only.first.commands : []
    machine.start(child, () => {
      const shell = this.#subshell(child)
      return shell.runForked(command?.kind === 'simple' ? command : { kind: 'group', body, redirections: [] })
    })
    const chunks: Buffer[] = []
    try {
      for (;;) {
        const chunk = await read.read(65_536, this.process.wait)
        if (chunk.length === 0) break
        chunks.push(chunk)
      }
    } finally {
      read.release()
    }
    this.substituted = await this.process.wait(child.exited)
    return Buffer.concat(chunks).toString('latin1').replaceAll('\0', '').replace(/\n+$/, '')
  }

  async run(command: Command): Promise<number> {
    if (command.kind === 'simple') return this.#runSimple(command, false)
    if (command.kind === 'function') {
      this.state.functions.set(command.name, command.body)
      return 0
    }
    let undo: Undo
    try {
      undo = await applyRedirections(this, this.process, command.redirections)
    } catch (error) {
      return this.#redirectionFailed(error)
    }
    try {
      return await this.#runCompound(command)
    } finally {
      restore(this.process, undo)
    }
  }

  async #runCompound(command: Exclude<Command, Simple | { kind: 'function' }>): Promise<number> {
    switch (command.kind) {
      case 'group':
        return this.runList(command.body)
      case 'subshell': {
        const child = this.#fork({ kind: 'group', body: command.body, redirections: [] }, () => {})
        return this.process.wait(child.exited)
      }
      case 'if':
        for (const { condition, body } of command.branches)
          if ((await this.#condition(condition)) === 0) return this.#body(body)
        return command.otherwise ? this.#body(command.otherwise) : 0
      case 'while':
      case 'until':
        return this.#loop(
          async () => ((await this.#condition(command.condition)) === 0) === (command.kind === 'while'),
          command.body,
        )
      case 'for': {
        const values = command.words ? await this.expander.fields(command.words) : [...this.state.positional]
        return this.#loop(async () => {
          const value = values.shift()
          if (value !== undefined) this.state.set(command.name, value)
          return value !== undefined
        }, command.body)
      }
      case 'case': {
        const subject = await this.expander.text(command.subject)
        for (const { patterns, body } of command.branches)
          for (const pattern of patterns)
            if (matches(subject, await this.expander.pattern(pattern))) return this.#body(body)
        return 0
      }
    }
  }

  async #body(list: List): Promise<number> {
    this.state.lastStatus = 0
    return this.runList(list)
  }

  async #condition(list: List): Promise<number> {
    this.conditions += 1
    try {
      return await this.runList(list)
    } finally {
      this.conditions -= 1
    }
  }

  async #loop(goesOn: () => Promise<boolean>, body: List): Promise<number> {
    let status = 0
    for (;;) {
      try {
        if (!(await goesOn())) return status
        status = await this.#body(body)
      } catch (error) {
        if (!(error instanceof Break || error instanceof Continue)) throw error
        if (error.levels > 1) throw new (error instanceof Break ? Break : Continue)(error.levels - 1)
        status = 0
        if (error instanceof Break) return 0
      }
    }
  }

  async #runSimple(command: Simple, replace: boolean): Promise<number> {
    this.substituted = undefined
    try {
      const words = await this.expander.fields(command.words)
      const [name] = words
      if (this.state.options.has('x') && name !== undefined) await this.complainRaw(`+ ${words.join(' ')}\n`)
      if (name === undefined) return await this.#assignOnly(command)
      const body = this.state.functions.get(name)
      if (body) return await this.#callFunction(command, body, words)
      const builtin = BUILTINS.get(name)
      if (builtin) return await this.#callBuiltin(command, words, builtin)
      return await this.#callProgram(command, words, replace)
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error
      await this.complain(error.message)
      throw new Exit(2)
    }
  }

  async #assignOnly(command: Simple): Promise<number> {
    try {
      restore(this.process, await applyRedirections(this, this.process, command.redirections))
    } catch (error) {
      return this.#redirectionFailed(error)
    }
    for (const { name, value } of command.assignments)
      await this.#assign(name, await this.expander.text(value))
    return this.substituted ?? 0
  }

  async #assign(name: string, value: string): Promise<void> {
    if (this.state.set(name, value)) return
    await this.complain(`${name}: is read only`)
    throw new Exit(2)
  }

  async #callFunction(command: Simple, body: Command, words: readonly string[]): Promise<number> {
    const { state } = this
    const before = state.positional
    let undo: Undo
    try {
      undo = await applyRedirections(this, this.process, command.redirections)
    } catch (error) {
      return this.#redirectionFailed(error)
    }
    for (const { name, value } of command.assignments)
      await this.#assign(name, await this.expander.text(value))
    state.positional = words.slice(1)
    state.locals.push(new Map())
    try {
      return await this.run(body)
    } catch (error) {
      if (error instanceof Return) return error.status
      throw error
    } finally {
      state.leaveFunction()
      state.positional = before
      restore(this.process, undo)
    }
  }

  async #callBuiltin(
    command: Simple,
    words: readonly string[],
    builtin: (shell: Interpreter, words: readonly string[]) => Promise<number> | number,
  ): Promise<number> {
    const [name = ''] = words
    const covered = new Map<string, string | undefined>()
    for (const assignment of command.assignments) {
      covered.set(assignment.name, this.state.get(assignment.name))
      await this.#assign(assignment.name, await this.expander.text(assignment.value))
    }
    let undo: Undo
    try {
      undo = await applyRedirections(this, this.process, command.redirections)
    } catch (error) {
      const status = await this.#redirectionFailed(error)
      if (SPECIAL.has(name)) throw new Exit(status)
      return status
    }
    try {
      return await builtin(this, words)
    } finally {
      // What `exec` opened without a program stays open.
      if (name === 'exec') for (const { before } of undo) before?.release()
      else restore(this.process, undo)
      if (!SPECIAL.has(name))
        for (const [variable, value] of covered)
          if (value === undefined) this.state.variables.delete(variable)
          else this.state.set(variable, value)
    }
  }

  async #callProgram(command: Simple, words: readonly string[], replace: boolean): Promise<number> {
    const environment = this.state.exported()
    for (const { name, value } of command.assignments) environment.set(name, await this.expander.text(value))
    const { machine } = this.process
    const child = replace ? this.process : machine.spawn(this.process, { command: words, environment })
    child.environment = environment
    try {
      const undo = await applyRedirections(this, child, command.redirections)
      for (const { before } of undo) before?.release()
    } catch (error) {
      if (child !== this.process) child.end(2)
      return this.#redirectionFailed(error)
    }
    const said = `${this.state.name}: 1: `
    if (replace) throw new Exit(await machine.execute(child, words, said), true)
    machine.start(child, () => machine.execute(child, words, said))
    return this.process.wait(child.exited)
  }

  async #redirectionFailed(error: unknown): Promise<number> {
    if (!(error instanceof SystemError)) throw error
    const path = (error as SystemError & { path?: string }).path ?? ''
    const what = error.code === 'ENOENT' || error.code === 'ENOTDIR' ? 'cannot open' : 'cannot create'
    const reason = error.code === 'ENOENT' ? 'No such file' : error.message
    await this.complain(error.code === 'EBADF' ? `${path}: ${error.message}` : `${what} ${path}: ${reason}`)
    return 2
  }

  complain(text: string): Promise<void> {
    return this.complainRaw(`${this.state.name}: 1: ${text}\n`)
  }

  async complainRaw(text: string): Promise<void> {
    try {
      await this.process.descriptors.get(2)?.write(Buffer.from(text, 'latin1'), this.process.wait)
    } catch (error) {
      if (!(error instanceof SystemError)) throw error
    }
  }

  homeOf(user: string): string | undefined {
    const line = this.process.files
      .text('/etc/passwd')
      .split('\n')
      .find(entry => entry.startsWith(`${user}:`))
    return line?.split(':')[5]
  }

  /** `trap`: what happens from now on when a signal arrives. */
  setTrap(signal: Signal, action: string | undefined): void {
    if (action === undefined) this.state.traps.delete(signal)
    else this.state.traps.set(signal, action)
    if (signal === 'EXIT') return
    if (action === undefined) this.process.handlers.delete(signal)
    else if (action === '') this.process.handlers.set(signal, 'ignore')
    else
      this.process.handlers.set(signal, arrived => {
        this.#pending.push(arrived)
        this.#interrupt?.()
      })
  }

  /** Runs the actions of signals that have arrived. */
  async runTraps(): Promise<void> {
    for (let signal = this.#pending.shift(); signal; signal = this.#pending.shift()) {
      const action = this.state.traps.get(signal)
      if (!action) continue
      const status = this.state.lastStatus
      await this.evaluate(action)
      this.state.lastStatus = status
    }
  }

  /** Waits for children; a signal with a trap cuts it short. @returns that signal, or the status. */
  async waitFor(child: Process): Promise<number | Signal> {
    if (this.#pending[0]) return this.#pending[0]
    const { promise, resolve } = Promise.withResolvers<'interrupted'>()
    this.#interrupt = () => resolve('interrupted')
    try {
      const ended = await this.process.wait(Promise.race([child.exited, promise]))
      return ended === 'interrupted' ? (this.#pending[0] ?? 'TERM') : ended
    } finally {
      this.#interrupt = undefined
    }
  }
}
