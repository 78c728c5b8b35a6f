/** Reads and extends the operator's known_hosts files. Whatever cannot be read refuses: it might hold the warning. */

import { readFileSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EXIT, Failure } from '../model/failure.ts'
import { type KnownHostsLine, knownHostsEntry, parseKnownHosts } from './known-hosts.ts'

/**
 * All lines of all files, in order; a file that does not exist holds none.
 *
 * @throws Failure (configuration) for a file that is there and cannot be read.
 */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHostsLine[]> {
  const parts = await Promise.all(
    files.map(async file => {
      const text = await readOptional(file)
      return text === undefined ? [] : parseKnownHosts(text, file)
    }),
  )
  return parts.flat()
}

function readOptional(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new Failure(
      EXIT.configuration,
      `The known hosts file ${file} cannot be read (${code}).`,
      'Without it a forged server could not be told from the real one. Give yourself read permission, or name another file with --known-hosts.',
    )
  }
}

/**
 * Adds a key in one write, so that two programs at once cannot mix their lines.
 *
 * @throws Failure (configuration) when the file cannot be written.
 */
export async function rememberHostKey(file: string, name: string, key: Buffer): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const before = (await readOptional(file)) ?? ''
    const hashed = /^\|1\|/m.test(before)
    const separator = before === '' || before.endsWith('\n') ? '' : '\n'
    const handle = await open(file, 'a', 0o600)
    try {
      await handle.writeFile(separator + knownHostsEntry(name, key, hashed))
      await handle.datasync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(
      EXIT.configuration,
      `The server’s key could not be written to ${file} (${(error as NodeJS.ErrnoException).code}).`,
      'Make the file writable, or name another one with --known-hosts.',
    )
  }
}
