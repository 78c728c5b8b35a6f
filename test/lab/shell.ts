import { $ } from 'zx'

/**
 * How the lab runs a command of this machine: quiet, in the C locale (its output is parsed), and an error when
 * it fails. `attempt` is the same for commands whose failure is an answer.
 */
export function commandEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LC_ALL: 'C.UTF-8',
    DEBIAN_FRONTEND: 'noninteractive',
    // zx runs bash with a socket for standard input, which an outermost bash takes for a login over the network:
    // it would read ~/.bashrc first, with whatever slow things that holds. This says that it is not outermost.
    SHLVL: '2',
  }
}

export const run = $({ quiet: true, env: commandEnvironment() })
export const attempt = $({ quiet: true, nothrow: true, env: commandEnvironment() })

/** The words of a command's output, one a line, without empty ones. */
export function lines(text: string): string[] {
  return text.split('\n').filter(line => line.trim() !== '')
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}

/** Asks again until the answer is something else than undefined or false; says what it waited for when it gives up. */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  { timeout = 30_000, every = 100 } = {},
): Promise<T> {
  const giveUp = Date.now() + timeout
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > giveUp) throw new Error(`The lab waited ${timeout / 1000} s in vain for ${what}.`)
    await sleep(every)
  }
}
