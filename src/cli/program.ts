/** The command line, as DESIGN §6 lays it down: parse and call. What a command does is in `commands/`, loaded when called. */

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { ExitCode } from '../model/failure.ts'
import type { Io } from './io.ts'
import {
  type ConnectionOptions,
  FORMATS,
  type Format,
  type ResumeOptions,
  type RunOptions,
} from './options.ts'

/** @returns a program that calls `done` with the exit code of the command that ran. */
export function createProgram(version: string, io: Io, done: (code: ExitCode) => void): Command {
  const program = new Command('kneeboard')
    .description(
      'Guided runbooks for servers: real checks over SSH, and remedies that run only after you have seen them.',
    )
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--ascii', 'draw with ASCII characters only')
    .option('--no-motion', 'let nothing on the screen move by itself')
    .option('--no-bell', 'never ring when you are needed and have looked away')
    .option('--screen-reader', 'plain text that only grows, instead of a drawn screen')
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError(false)
    .action(async () =>
      done(await (await import('./commands/tui.ts')).openTui(io, version, {}, program.opts())),
    )

  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .exitOverride()
      .configureOutput({ writeOut: io.out, writeErr: io.err })

  withRunOptions(
    withConnection(
      command('run', 'walk a runbook; without a terminal, print it').argument(
        '<runbook>',
        'its name: see `kneeboard list`',
      ),
    ),
  )
    .addOption(consentOption())
    .option('--confirm <name>', CONFIRM)
    .option('--only <step>', 'walk only this step (repeatable)', collect)
    .option('--skip <step>', 'leave this step out (repeatable)', collect)
    .option('--dry-run', 'show what would be done, and change nothing')
    .action(async (runbook: string, options: RunOptions) =>
      done(
        await (await import('./commands/run.ts')).run(io, version, runbook, {
          ...program.opts(),
          ...options,
        }),
      ),
    )

  withRunOptions(
    withConnection(
      command('check', 'run the checks of a runbook, or single checks; changes nothing, never asks').argument(
        '<name...>',
        'a runbook or checks',
      ),
    ),
  ).action(async (names: string[], options: RunOptions) =>
    done(
      await (await import('./commands/run.ts')).check(io, version, names, { ...program.opts(), ...options }),
    ),
  )

  command('list', 'the runbooks; `list checks`: the checks')
    .addArgument(
      program
        .createArgument('[what]', 'runbooks or checks')
        .choices(['runbooks', 'checks'])
        .default('runbooks'),
    )
    .option('--json', 'as JSON')
    .action(async (what: 'runbooks' | 'checks', options: { json?: boolean }) =>
      done((await import('./commands/list.ts')).list(io, what, options.json === true)),
    )

  command('show', 'a runbook’s steps, checks and remedies, as a document')
    .argument('<runbook>')
    .action(async (runbook: string) => done((await import('./commands/list.ts')).show(io, runbook)))

  command('practice', 'the built-in server to practise on: nothing there is real')
    .argument('[scenario]', 'which; left out, the screens offer all of them')
    .option('--list', 'the scenarios')
    .action(async (scenario: string | undefined, options: { list?: boolean }) =>
      done(
        await (await import('./commands/practice.ts')).practice(io, version, scenario, {
          ...program.opts(),
          ...options,
        }),
      ),
    )

  addTargets(command('targets', 'the servers that you have stored'), io, done)
  addRuns(command('runs', 'the journals of earlier runs'), io, version, done)
  return program
}

function addTargets(targets: Command, io: Io, done: (code: ExitCode) => void): void {
  const load = () => import('./commands/targets.ts')
  targets
    .command('list', { isDefault: true })
    .description('all of them')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) =>
      done((await load()).listTargets(io, options.json === true)),
    )
  targets
    .command('add')
    .description('store one')
    .argument('<name>')
    .argument('<address>', 'a host of the OpenSSH client configuration, or user@host[:port]')
    .addOption(environmentOption().makeOptionMandatory())
    .option('--identity <file>', 'private key to offer first')
    .option('--host-key <fingerprint>', 'accept this one host key only (SHA256:…)')
    .option('--set <key=value>', 'a stack value, for every run on it (repeatable)', collectPair, {})
    .action(
      async (
        name: string,
        address: string,
        options: { environment: string; identity?: string; hostKey?: string; set: Record<string, string> },
      ) => done((await load()).addTarget(io, name, address, options)),
    )
  targets
    .command('remove')
    .description('forget one; its journals stay')
    .argument('<name>')
    .action(async (name: string) => done((await load()).removeTarget(io, name)))
  withConnection(
    targets.command('test').description('connect, and say what was found').argument('<target>'),
  ).action(async (name: string, options: ConnectionOptions) =>
    done(await (await load()).testTarget(io, name, options)),
  )
  targets
    .command('import')
    .description('store hosts of the OpenSSH client configuration')
    .argument('[host...]', 'their names; all when left out')
    .addOption(environmentOption().makeOptionMandatory())
    .option('--ssh-config <file>', 'instead of ~/.ssh/config')
    .action(async (hosts: string[], options: { environment: string; sshConfig?: string }) =>
      done(await (await load()).importTargets(io, hosts, options)),
    )
}

function addRuns(runs: Command, io: Io, version: string, done: (code: ExitCode) => void): void {
  const load = () => import('./commands/runs.ts')
  runs
    .command('list', { isDefault: true })
    .description('newest first')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) => done((await load()).listRuns(io, options.json === true)))
  runs
    .command('show')
    .description('one run; `last` is the newest')
    .argument('<run>')
    .addOption(formatOption())
    .action(async (run: string, options: { format: Format }) =>
      done((await load()).showRun(io, run, options.format)),
    )
  runs
    .command('export')
    .description('one run, into a file or standard output')
    .argument('<run>')
    .addOption(formatOption())
    .option('--output <file>')
    .action(async (run: string, options: { format: Format; output?: string }) =>
      done((await load()).exportRun(io, run, options.format, options.output)),
    )
  withConnection(
    runs
      .command('resume')
      .description('go on with a run that was cut off; without an id, the newest of them')
      .argument('[run]', 'its id, or `last`', 'last'),
  )
    .addOption(consentOption())
    .option('--confirm <name>', CONFIRM)
    .addOption(formatOption())
    .option('--output <file>', 'write the result there instead of standard output')
    .action(async (run: string, options: ResumeOptions) =>
      done(await (await import('./commands/run.ts')).resume(io, version, run, options)),
    )
  runs
    .command('verify')
    .description('whether a journal is whole, by its hash chain')
    .argument('<run>')
    .option(
      '--head <hash>',
      'a hash that must stand in it: the journalHead of the summary left on the server',
    )
    .action(async (run: string, options: { head?: string }) =>
      done((await load()).verifyRun(io, run, options.head)),
    )
}

function withConnection(command: Command): Command {
  return command
    .option('--identity <file>', 'private key to offer first')
    .option('--known-hosts <file>', 'use this known_hosts file instead of the configured ones')
    .option('--accept-host-key <fingerprint>', 'trust this host key at first contact (SHA256:…)')
    .option('--ssh-config <file>', 'use this OpenSSH client configuration')
}

function withRunOptions(command: Command): Command {
  return command
    .option(
      '-t, --target <target>',
      'a stored name, a host of the OpenSSH client configuration, user@host[:port], localhost, or practice[:SCENARIO]',
    )
    .addOption(environmentOption())
    .option('--set <key=value>', 'a parameter or stack value (repeatable)', collectPair, {})
    .addOption(formatOption())
    .option('--output <file>', 'write the result there instead of standard output')
}

const CONFIRM = 'with --consent disruptive: the exact name that a destructive remedy asks for'

const consentOption = () =>
  new Option('--consent <grade>', 'apply remedies up to this grade without a terminal').choices([
    'reversible',
    'disruptive',
  ])

const environmentOption = () =>
  new Option('--environment <name>', 'what the server is for, when it is not stored').choices([
    'production',
    'staging',
  ])
const formatOption = () => new Option('--format <format>', 'of the result').choices(FORMATS).default('plain')

const collect = (value: string, all: string[] = []): string[] => [...all, value]

function collectPair(pair: string, all: Record<string, string>): Record<string, string> {
  const at = pair.indexOf('=')
  if (at < 1) throw new InvalidArgumentError(`“${pair}” is not of the form key=value`)
  return { ...all, [pair.slice(0, at)]: pair.slice(at + 1) }
}

export { CommanderError }
