/** Kneeboard as a user runs it: the built program, in a process of its own, with a home of its own. */

import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LabServer, targetArguments } from './index.ts'

/** Another build of it can be named, so that a run need not wait for the one in dist/. */
export const PROGRAM =
  process.env.KNEEBOARD_PROGRAM ?? fileURLToPath(new URL('../../dist/kneeboard.js', import.meta.url))

export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Kneeboard {
  readonly home: string
  /** Runs a command to its end. */
  run(...words: string[]): Promise<Ended>
  /** `check` or `run` against a server, its JSON read. */
  json(
    server: LabServer,
    command: 'check' | 'run',
    name: string,
    ...words: string[]
  ): Promise<Ended & { report: Report }>
}

/** The part of the JSON report that tests look at (DESIGN §6). */
export interface Report {
  readonly status: string
  readonly interrupted?: string
  readonly checks: readonly {
    readonly id: string
    readonly status: string
    readonly summary: string
    readonly blockedBy: string | null
    readonly remedies: readonly { readonly id: string }[]
  }[]
  readonly diagnosis: readonly {
    readonly cause: string
    readonly explains: readonly string[]
    readonly remedy: string | null
  }[]
  readonly actions: readonly {
    readonly remedy: string
    readonly check: string
    readonly consent: string | null
    readonly outcome: string | null
    readonly summary: string | null
  }[]
}

export function kneeboard(): Kneeboard {
  const home = mkdtempSync(join(tmpdir(), 'kneeboard-home-'))
  const run = (...words: string[]): Promise<Ended> =>
    new Promise(resolve => {
      const child = spawn(process.execPath, [PROGRAM, ...words], {
        env: { ...process.env, KNEEBOARD_HOME: home },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let stdout = ''
      let stderr = ''
      child.stdout.on('data', data => {
        stdout += data
      })
      child.stderr.on('data', data => {
        stderr += data
      })
      child.on('close', exitCode => resolve({ exitCode, stdout, stderr }))
    })
  return {
    home,
    run,
    async json(server, command, name, ...words) {
      const ended = await run(command, name, ...targetArguments(server), '--format', 'json', ...words)
      try {
        return { ...ended, report: JSON.parse(ended.stdout) as Report }
      } catch {
        throw new Error(`no JSON came out (exit ${ended.exitCode}): ${ended.stderr || ended.stdout}`)
      }
    },
  }
}

/** The checks that are not as they should be, one line each: what a failing test prints. */
export function notGood(report: Report): string[] {
  return report.checks
    .filter(check => !['pass', 'not-applicable'].includes(check.status))
    .map(check => `${check.status} ${check.id}: ${check.summary}`)
}
