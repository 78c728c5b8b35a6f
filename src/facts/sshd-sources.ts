/** The files that sshd reads, in its own order: which line of which file decides a setting. */

import { createHash } from 'node:crypto'
import type { ReadContext } from '../model/check.ts'
import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { quote, type Script, sh, verbatim } from '../model/script.ts'
import { matchesGlob } from './name-pattern.ts'
import { includesOf, type SshdSetting, settingsOf } from './sshd-syntax.ts'

export const SSHD_CONFIG = '/etc/ssh/sshd_config'

export interface SshdFile {
  readonly path: string
  readonly text: string
  readonly sha256: string
  /** Octal, four digits. */
  readonly mode: string
  /** `user:group`. */
  readonly owner: string
}

/** Everything that sshd reads. `included` holds, by glob pattern, the files that it stands for, in sshd's order. */
export interface SshdSources {
  readonly main: SshdFile
  readonly included: ReadonlyMap<string, readonly SshdFile[]>
}

/** sshd's own limit on files that include files (servconf.c). */
const DEEPEST = 16

/** @throws Unreadable when a file cannot be read whole. */
export const sshdSources = fact('sshd/sources', async (context): Promise<SshdSources> => {
  const [main] = await readFiles(context, SSHD_CONFIG)
  if (!main) throw new Unreadable(`${SSHD_CONFIG} could not be read: there is no such file`)
  const included = new Map<string, readonly SshdFile[]>()
  let fresh: readonly SshdFile[] = [main]
  for (let depth = 0; depth < DEEPEST && fresh.length > 0; depth++) {
    const patterns = new Set(fresh.flatMap(file => includesOf(file.text)))
    const found: SshdFile[] = []
    for (const pattern of patterns) {
      if (included.has(pattern)) continue
      const files = await readFiles(context, pattern)
      included.set(pattern, files)
      found.push(...files)
    }
    fresh = found
  }
  return { main, included }
})

/** All files, the main one first, each once. */
export function filesOf(sources: SshdSources): SshdFile[] {
  const byPath = new Map(
    [sources.main, ...[...sources.included.values()].flat()].map(file => [file.path, file]),
  )
  return [...byPath.values()]
}

/** All settings in the order in which sshd meets them: the first one wins. */
export function settingsIn(sources: SshdSources): SshdSetting[] {
  return settingsOf(sources.main, pattern => sources.included.get(pattern) ?? [])
}

/** The same sources as they would be with one file written: where a glob names it, in byte order. */
export function withFile(sources: SshdSources, path: string, text: string): SshdSources {
  const file: SshdFile = { path, text, sha256: '', mode: '0644', owner: 'root:root' }
  if (path === sources.main.path) return { ...sources, main: file }
  const included = new Map(
    [...sources.included].map(([pattern, files]) => {
      if (!matchesGlob(pattern, path)) return [pattern, files] as const
      const others = files.filter(other => other.path !== path)
      return [pattern, [...others, file].sort((a, b) => (a.path < b.path ? -1 : 1))] as const
    }),
  )
  return { ...sources, included }
}

/** A short name for exactly these files with exactly this content: 12 hexadecimal digits. */
export function digestOf(sources: SshdSources): string {
  const lines = filesOf(sources).map(file => `${file.sha256} ${file.path}\n`)
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 12)
}

async function readFiles(context: ReadContext, pattern: string): Promise<SshdFile[]> {
  // Each line gets a mark, so that no content can pass for a header; the blank line after a file shows whether
  // its last line was ended.
  const result = await context.run(
    sh`
      export LC_ALL=C
      for file in ${globWord(pattern)}; do
        [ -e "$file" ] || continue
        sum=$(sha256sum < "$file") || exit 1
        printf '@%s %s %s\\n' "$(stat -L -c '%a %U:%G' -- "$file")" "\${sum%% *}" "$file"
        sed 's/^/|/' < "$file" || exit 1
        echo
      done
    `,
    { as: 'root' },
  )
  const text = outputOf(result, pattern)
  if (result.omittedBytes > 0) throw new Unreadable(`${pattern} could not be read: it is too large`)
  return parseFiles(text)
}

/** Reads what {@link sshdSources}' script prints. @throws Unreadable on anything else. */
export function parseFiles(text: string): SshdFile[] {
  const files: SshdFile[] = []
  for (const block of text.split(/^@/m).slice(1)) {
    const [header = '', ...lines] = block.split('\n')
    const parts = /^([0-7]{3,4}) (\S+:\S+) ([0-9a-f]{64}) (\/.*)$/.exec(header)
    const [, mode, owner, sha256, path] = parts ?? []
    if (!mode || !owner || !sha256 || !path) {
      throw new Unreadable(`sshd’s files could not be read: “${header.slice(0, 80)}” is not their header`)
    }
    const content = lines.filter(line => line.startsWith('|')).map(line => line.slice(1))
    const ended = content.length > 0 && lines[content.length] === '' && lines.length > content.length + 1
    files.push({
      path,
      text: content.join('\n') + (ended ? '\n' : ''),
      sha256,
      mode: mode.padStart(4, '0'),
      owner,
    })
  }
  return files
}

/** A glob for the shell: everything but `*`, `?` and `[…]` quoted. */
function globWord(pattern: string): Script {
  const parts = pattern.split(/(\[[^\]]*\]|[*?])/)
  return verbatim(
    parts
      .map((part, index) =>
        index % 2 === 1 && /^\[[\w!.-]+\]$|^[*?]$/.test(part) ? part : part && quote(part),
      )
      .join(''),
  )
}
