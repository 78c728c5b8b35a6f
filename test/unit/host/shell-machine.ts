/** A machine that is this one: each script goes to a shell of its own, as a lane would send it. For tests only. */

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { CommandResult, RunOptions } from '../../../src/model/command.ts'
import type { Machine } from '../../../src/model/machine.ts'
import type { Script } from '../../../src/model/script.ts'

export type Shell = 'dash' | 'bash' | 'busybox' | 'mksh'

/** The shells that must understand what we send. dash and bash are always asked for; the others where they are. */
export const SHELLS: readonly Shell[] = (['dash', 'bash', 'busybox', 'mksh'] as const).filter(
  shell => shell === 'dash' || shell === 'bash' || existsSync(`/usr/bin/${shell}`),
)

const homes = mkdtempSync(join(tmpdir(), 'kneeboard-host-'))
afterAll(() => rmSync(homes, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }))

/** A machine with directories of its own. */
export class ShellMachine implements Machine {
  readonly home = mkdtempSync(join(homes, 'machine-'))
  readonly connection = {
    kind: 'local',
    host: 'localhost',
    user: 'tester',
    port: 0,
    hostKey: '',
    authenticatedBy: 'local',
  } as const
  /** Runs, counted from 1, whose answers get lost although the script ran; then it is to be connected to anew. */
  readonly lostAnswers = new Set<number>()
  /** Commands that this machine is to look without. */
  readonly missing = new Set<string>()
  /** Shell text put before each script, to play a server that answers otherwise. */
  before = ''
  runs = 0
  reconnects = 0
  readonly #shell: string
  #cut = false

  constructor(shell: Shell) {
    const bin = join(this.home, 'shell')
    mkdirSync(bin)
    this.#shell = join(bin, 'sh')
    symlinkSync(shell === 'bash' ? '/bin/bash' : `/usr/bin/${shell}`, this.#shell)
  }

  /** The place of root's state on this machine. */
  get state(): string {
    return join(this.home, 'state')
  }

  async run(script: Script, options: RunOptions = {}): Promise<CommandResult> {
    const as = options.as ?? 'login'
    const startedAt = new Date().toISOString()
    const basics = { script, as, where: 'tester@localhost', startedAt, durationMs: 0, omittedBytes: 0 }
    const nothing = { exitCode: null, stdout: '', stderr: '' }
    if (this.#cut) return { ...basics, ...nothing, ending: 'not-run', reason: 'there is no connection' }
    this.runs += 1
    this.#cut = this.lostAnswers.has(this.runs)
    const { code, stdout, stderr } = await this.#execute(this.before + this.#asOnThisMachine(script.text))
    if (this.#cut) return { ...basics, ...nothing, ending: 'lost', reason: 'the connection was cut' }
    return { ...basics, ending: 'exited', exitCode: code, stdout, stderr }
  }

  /** Runs a few lines on this machine, connected or not, and returns what they print. */
  async shell(text: string): Promise<string> {
    return (await this.#execute(text)).stdout
  }

  async login(): Promise<never> {
    throw new Error('a local machine has no login')
  }

  async reconnect(): Promise<void> {
    this.reconnects += 1
    this.#cut = false
  }

  async close(): Promise<void> {}

  #asOnThisMachine(text: string): string {
    const moved = text.replaceAll('/bin/sh ', `${this.#shell} `).replaceAll('/var/lib/kneeboard', this.state)
    return [...this.missing].reduce(
      (all, command) => all.replaceAll(`command -v ${command}`, `command -v no-${command}`),
      moved,
    )
  }

  #execute(text: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = spawn(this.#shell, ['-s'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: this.home, LC_ALL: 'C' },
      cwd: this.home,
    })
    // As a lane does it: the script on a descriptor of its own, so that the command's standard input is empty.
    child.stdin.end(
      `${this.#shell} /dev/fd/3 3<<'END OF SCRIPT' </dev/null\nexec 3<&-; ${text}\nEND OF SCRIPT\n`,
    )
    const out: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] }
    child.stdout.on('data', (bytes: Buffer) => out.stdout.push(bytes))
    child.stderr.on('data', (bytes: Buffer) => out.stderr.push(bytes))
    return new Promise(resolve => {
      child.on('close', code =>
        resolve({
          code,
          stdout: Buffer.concat(out.stdout).toString(),
          stderr: Buffer.concat(out.stderr).toString(),
        }),
      )
    })
  }
}
