/** What an operator does at the screen, from an empty list of servers to a run's result. */

import type { PtyTerminal } from '../pty/terminal.ts'
import type { LabServer } from './index.ts'

export interface FirstDay {
  /** Titles of the remedies that were consented to, in order. */
  readonly applied: string[]
}

/** Called with the name of a moment, while the screen shows it. */
export type Moment = (name: string) => Promise<void> | void

/** Adds the server by its form, tries its connection, and trusts the key that the lab says it has. */
export async function addServer(
  terminal: PtyTerminal,
  server: LabServer,
  moment: Moment = () => {},
): Promise<void> {
  await terminal.waitFor('There is no server here yet.', 60)
  await moment('home-empty')
  terminal.press('n')
  await terminal.waitFor('Add a server')
  terminal.press('web-1', 'enter', server.ipv4, 'enter', server.sshUser, 'enter')
  terminal.press(String(server.sshPort), 'enter', server.identityFile, 'enter', 'right')
  await terminal.waitFor('(staging)')
  await moment('add-a-server')
  terminal.press('ctrl+t')
  await terminal.waitFor('Is this your server?', 60)
  if (!terminal.text().includes(server.hostKeyFingerprint))
    throw new Error(`another key:\n${terminal.text()}`)
  await terminal.waitFor('trust it')
  await moment('host-key')
  terminal.press('t')
  await terminal.waitFor('It works: checks and remedies can run.', 60)
  await moment('connection')
  terminal.press('enter')
  await terminal.waitFor('1 server')
  await moment('home')
}

/** From the list to the first question of a run. */
export async function startRun(
  terminal: PtyTerminal,
  moment: Moment = () => {},
  mode: 'run' | 'check' = 'run',
): Promise<void> {
  terminal.press('enter')
  await terminal.waitFor(/Parameters of|› runbooks/)
  if (terminal.text().includes('› runbooks')) {
    await moment('runbooks')
    terminal.press('enter')
    await terminal.waitFor('Parameters of')
  }
  await moment('parameters')
  terminal.press('enter')
  await terminal.waitFor('nothing has run yet')
  await moment('plan')
  terminal.press(mode === 'run' ? 'enter' : 'c')
  await terminal.waitFor('Checking', 60)
  await moment('run')
}

const QUESTIONS = {
  // First: once the name stands there, its footer looks like that of what can be undone.
  destructive: 'To go ahead, type ',
  reversible: '↵ do it',
  disruptive: 'y yes, do it',
  choose: '↵ look at it',
  elsewhere: 'd done',
  // Of the footer alone: a check may be called “… run again”.
  end: /(what is left|run again)[^\n]*$/,
} as const

const CONSENTS = { destructive: true, reversible: true, disruptive: true }
/** Stands at the right of a consent's head, and of no other. */
const GRADE = / (reversible|disruptive|destructive) /

/**
 * Says yes to everything until the result stands on the screen.
 *
 * @param name what is typed where something cannot be undone: the server's name
 */
export async function sayYes(
  terminal: PtyTerminal,
  moment: Moment = () => {},
  name?: string,
): Promise<FirstDay> {
  const applied: string[] = []
  for (;;) {
    const asked = await terminal.waitForOneOf(QUESTIONS, 900)
    const title = terminal.lines()[1] ?? ''
    // A frame arrives in pieces: the foot of the last question may still stand under the head of what came after it.
    if (asked in CONSENTS && !GRADE.test(title)) {
      await new Promise(resolve => setTimeout(resolve, 10))
      continue
    }
    await moment(asked)
    switch (asked) {
      case 'end':
        return { applied }
      case 'elsewhere':
        throw new Error(`a question for a person:\n${terminal.text()}`)
      case 'choose':
        terminal.press('enter')
        break
      case 'reversible':
      case 'disruptive':
        applied.push(titleOf(title))
        terminal.press(asked === 'reversible' ? 'enter' : 'y')
        break
      case 'destructive':
        if (name === undefined) throw new Error(`a name is to be typed:\n${terminal.text()}`)
        applied.push(titleOf(title))
        terminal.press(name)
        await terminal.waitFor('↵ do it')
        terminal.press('enter')
    }
    // The next question is another one, even where it looks alike.
    await waitUntil(() => (terminal.lines()[1] ?? '') !== title, terminal)
    await moment(`after ${asked}`)
  }
}

/** `Swap it in` of `╭ Swap it in? ─── disruptive ╮`. */
const titleOf = (line: string): string => line.replace(/^\W+/, '').replace(/(\?| ─).*$/, '')

async function waitUntil(isSo: () => boolean, terminal: PtyTerminal): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`nothing moves:\n${terminal.text()}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
