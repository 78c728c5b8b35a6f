/** What one shell remembers: variables, functions, options, traps, jobs. A subshell gets a copy. */

import type { Process } from '../system/process.ts'
import type { Signal } from '../system/signals.ts'
import type { Command } from './syntax.ts'

interface Variable {
  value: string | undefined
  exported: boolean
  readonly?: boolean
}

export class ShellState {
  readonly variables = new Map<string, Variable>()
  readonly functions = new Map<string, Command>()
  readonly options = new Set<string>()
  readonly traps = new Map<Signal, string>()
  /** The name of the shell or script, `$0`. */
  name: string
  positional: string[]
  lastStatus = 0
  lastBackground: number | undefined
  /** `$$`: a subshell's is that of the shell that it came from. */
  readonly shellPid: number
  /** Children started with `&`. */
  readonly jobs = new Map<number, Process>()
  /** Values that `local` has covered, innermost last. */
  readonly locals: Map<string, Variable | undefined>[] = []

  constructor(name: string, positional: readonly string[], shellPid: number) {
    this.name = name
    this.positional = [...positional]
    this.shellPid = shellPid
  }

  get(name: string): string | undefined {
    return this.variables.get(name)?.value
  }

  /** @returns false when it is read-only. */
  set(name: string, value: string): boolean {
    const variable = this.variables.get(name)
    if (variable?.readonly) return false
    if (variable) variable.value = value
    else this.variables.set(name, { value, exported: this.options.has('a') })
    return true
  }

  export(name: string): void {
    const variable = this.variables.get(name)
    if (variable) variable.exported = true
    else this.variables.set(name, { value: undefined, exported: true })
  }

  exported(): Map<string, string> {
    const found = new Map<string, string>()
    for (const [name, { value, exported }] of this.variables)
      if (exported && value !== undefined) found.set(name, value)
    return found
  }

  local(name: string): void {
    const scope = this.locals.at(-1)
    if (!scope || scope.has(name)) return
    const before = this.variables.get(name)
    scope.set(name, before)
    this.variables.set(name, { value: before?.value, exported: before?.exported ?? false })
  }

  leaveFunction(): void {
    for (const [name, before] of this.locals.pop() ?? []) {
      if (before) this.variables.set(name, before)
      else this.variables.delete(name)
    }
  }

  /** For a subshell: everything but traps, which it starts without, and jobs, which are not its children. */
  copy(): ShellState {
    const copy = new ShellState(this.name, this.positional, this.shellPid)
    for (const [name, variable] of this.variables) copy.variables.set(name, { ...variable })
    for (const [name, body] of this.functions) copy.functions.set(name, body)
    for (const option of this.options) copy.options.add(option)
    for (const scope of this.locals) copy.locals.push(new Map(scope))
    for (const [signal, action] of this.traps) if (action === '') copy.traps.set(signal, '')
    copy.lastStatus = this.lastStatus
    copy.lastBackground = this.lastBackground
    return copy
  }
}
