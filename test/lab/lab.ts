#!/usr/bin/env node
import { Command } from 'commander'
import { build, down, fault, runDocker, shell, snapshot, stack, up } from './commands.ts'

/**
 * `npm run lab -- …`: a real server on this machine, to try Kneeboard on, to break and to throw away.
 */
const lab = new Command('npm run lab --')
  .description('A disposable server on this machine: try Kneeboard on it, break it, throw it away.')
  .enablePositionalOptions()
  .addHelpText(
    'after',
    `
Examples:
  npm run lab -- up bare                 a fresh Debian 12 server; prints how to run Kneeboard on it
  npm run lab -- up shop                 one with the whole webshop running
  npm run lab -- shell                   look around in it
  npm run lab -- fault                   the ways in which it can be broken
  npm run lab -- fault NAME              break it so; --undo puts it right again
  npm run lab -- snapshot before         keep its state; snapshot before --restore goes back to it
  npm run lab -- down                    everything goes, except the cache

Needs Debian, root and about 8 GB of disk; installs docker.io and mmdebstrap where they are missing.
The cache is ~/.cache/kneeboard-lab, or where KNEEBOARD_LAB_CACHE says.`,
  )

lab
  .command('build')
  .description('make the images now, so that later commands start in seconds')
  .argument('[kind...]', 'bare, bare13, awkward, shop', ['bare', 'bare13', 'awkward', 'shop'])
  .action(build)

lab
  .command('up')
  .description('start a server, or show the one that runs')
  .argument(
    '[kind]',
    'bare (Debian 12), bare13 (Debian 13), awkward (as cloud images are), shop (the webshop runs)',
    'bare',
  )
  .action(up)

lab
  .command('stack')
  .description('start the webshop on a server that runs')
  .option('--staging', 'as the staging environment')
  .option('--tag <tag>', 'its release: v1.0.0, v1.1.0, v1.2.0 (a bad migration), v1.3.0 (never healthy)')
  .option('--server <name>', 'where several run')
  .action(stack)

lab
  .command('fault')
  .description('break something; without a name: list what can be broken')
  .argument('[name]')
  .option('--undo', 'put it right again')
  .option('--server <name>', 'where several run')
  .action(fault)

lab
  .command('snapshot')
  .description('keep the state of a server under a label; without a label: list them')
  .argument('[label]')
  .option('--restore', 'go back to that state')
  .option('--server <name>', 'where several run')
  .action(snapshot)

lab
  .command('shell')
  .description('a shell on the server over SSH, or one command')
  .argument('[command...]')
  .option('--server <name>', 'where several run')
  .passThroughOptions()
  .action(shell)

lab
  .command('docker')
  .description('docker, asking the daemon that the lab uses')
  .argument('[words...]')
  .passThroughOptions()
  .allowUnknownOption()
  .action(runDocker)

lab
  .command('down')
  .description('remove servers, networks and processes, and what interrupted runs left')
  .option('--cache', 'and everything that was kept to start faster')
  .action(down)

await lab.parseAsync().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})
