#!/usr/bin/env -S node --min-semi-space-size=8
/**
 * The launcher: kept to what every Node of the last years can read, so that one that is too old hears it in
 * one line. It switches the compile cache on and loads the rest.
 *
 * The flag gives the collector room for a few frames of the screen: with Node's one megabyte it runs a hundred times a
 * second while output streams in, and now and then a key waits for it.
 */

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 22) {
  process.stderr.write(
    `kneeboard: this is Node ${process.versions.node}; Kneeboard needs Node 22.12 or newer. In a clone, \`npm start\` brings its own.\n`,
  )
  process.exit(78)
}
if (process.env.NO_COLOR) process.env.FORCE_COLOR = '0'

const { enableCompileCache } = await import('node:module')
enableCompileCache?.()

const { main } = await import('./cli/main.ts')

process.exitCode = await main(process.argv.slice(2), process.env.KNEEBOARD_VERSION ?? '0.0.0')

export {}
