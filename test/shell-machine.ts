/**
 * A machine for tests of what stands above the connection: scripts really run, in this machine's own sh, as
 * the user of the tests. Logins are answered as the test says.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommandResult, RunOptions } from '../src/model/command.ts'
import type { LoginOutcome, LoginRequest, Machine } from '../src/model/machine.ts'
import type { Script } from '../src/model/script.ts'

export interface ShellMachine extends Machine {
  /** Every script that ran, in order. */
  readonly ran: string[]
}

export function shellMachine(
  answers: { login?: (request: LoginRequest) => LoginOutcome } = {},
): ShellMachine {
  const ran: string[] = []
  // The target's lock, jobs and backups go into a folder of the test, not into this machine's own.
  const state = mkdtempSync(join(tmpdir(), 'kneeboard-machine-'))
  const local = (text: string) =>
    text.replaceAll('/var/lib/kneeboard', state).replaceAll('/var/backups/kneeboard', join(state, 'backups'))
  return {
    ran,
    connection: {
      kind: 'local',
      host: 'test',
      user: 'tester',
      port: 0,
      hostKey: '',
      authenticatedBy: 'local',
    },
    run(script, options = {}) {
      ran.push(script.text)
      return runInShell({ text: local(script.text) }, options)
    },
    async login(request) {
      return (
        answers.login?.(request) ?? { outcome: 'accepted', methods: ['publickey'], reason: 'a test login' }
      )
    },
    async reconnect() {},
    async close() {},
  }
}

function runInShell(script: Script, options: RunOptions): Promise<CommandResult> {
  const began = performance.now()
  const base = {
    script,
    as: options.as ?? 'login',
    where: 'tester@test',
    startedAt: new Date().toISOString(),
    omittedBytes: 0,
  } as const
  return new Promise(resolve => {
    const child = spawn('sh', ['-c', script.text], { stdio: 'pipe', env: { ...process.env, LC_ALL: 'C' } })
    let stdout = ''
    let stderr = ''
    let timedOut = false
    const timer = setTimeout(
      () => {
        timedOut = true
        child.kill('SIGKILL')
      },
      (options.timeoutSeconds ?? 20) * 1000,
    )
    child.stdout.on('data', data => {
      stdout += data
      options.onOutput?.(String(data), 'stdout')
    })
    child.stderr.on('data', data => {
      stderr += data
    })
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
    child.on('close', exitCode => {
      clearTimeout(timer)
      const durationMs = performance.now() - began
      if (timedOut)
        resolve({
          ...base,
          durationMs,
          stdout,
          stderr,
          ending: 'timed-out',
          exitCode: null,
          reason: 'it passed its time limit',
        })
      else resolve({ ...base, durationMs, stdout, stderr, ending: 'exited', exitCode })
    })
  })
}
