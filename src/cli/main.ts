/** Parses, calls, and turns every ending into a sentence and an exit code. */

import { harmless } from '../host/evidence.ts'
import { createRedactor } from '../host/redact.ts'
import { EXIT, Failure } from '../model/failure.ts'
import type { Io } from './io.ts'
import { CommanderError, createProgram } from './program.ts'

/** Our own mistake (EX_SOFTWARE of sysexits): said in one line, never as a stack trace. */
const SOFTWARE = 70

export async function main(argv: readonly string[], version: string): Promise<number> {
  const io: Io = {
    out: text => void process.stdout.write(text),
    err: text => void process.stderr.write(text),
    environment: process.env,
    stdinIsTty: process.stdin.isTTY === true,
    stdoutIsTty: process.stdout.isTTY === true,
  }
  let code: number = EXIT.passed
  try {
    const program = createProgram(version, io, ended => {
      code = ended
    })
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    return explain(error, io)
  }
}

/** A message may quote a server (“it said: …”): neither its control sequences nor a secret in it get out. */
const clean = (text: string): string => harmless(text, createRedactor())

function explain(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.passed : EXIT.usage
  if (error instanceof Failure) {
    io.err(
      `kneeboard: ${clean(error.message).replace(/\.$/, '')}.${error.next === '' ? '' : ` ${error.next}`}\n`,
    )
    return error.exitCode
  }
  io.err(
    `kneeboard: this is a mistake in Kneeboard itself: ${clean(error instanceof Error ? error.message : String(error))}. Please report it with the command that you ran.\n`,
  )
  if (process.env.KNEEBOARD_DEBUG && error instanceof Error) io.err(`${error.stack}\n`)
  return SOFTWARE
}
