/** The backups that lie on the server, newest first, each with what is known of it. Nothing is opened but the manifests. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { type BackupManifest, parseManifest } from './backup-manifest.ts'

export { type BackupManifest, BackupTable, backupManifest, parseManifest } from './backup-manifest.ts'

/** `custom`: `pg_dump -Fc`. The other two are SQL as text. */
export type BackupKind = 'custom' | 'sql' | 'sql.gz'

export interface Backup {
  readonly path: string
  /** The file's name alone. */
  readonly name: string
  readonly kind: BackupKind
  readonly bytes: number
  /** Octal, as `600`. */
  readonly mode: string
  readonly owner: string
  /** When it was begun, ISO 8601 in UTC: by its manifest, else by its name, else by the file's own time. */
  readonly takenAt: string
  /** Seconds since then, by the server's own clock; negative when the file claims to be from the future. */
  readonly ageSeconds: number
  /** What `….sha256` says; null without one. Not compared with the file here. */
  readonly checksum: string | null
  /** Without its tables and sequences: {@link backupManifest} reads those. Null without one, or when it is unreadable. */
  readonly manifest: BackupSummary | null
  /** Why the manifest cannot be read; null when it can, or when there is none. */
  readonly manifestProblem: string | null
}

/** A manifest without its long lists. */
export type BackupSummary = Omit<BackupManifest, 'tables' | 'sequences'>

export interface BackupFolder {
  readonly directory: string
  /** False when the directory does not exist: then there is no backup. */
  readonly exists: boolean
  /** Newest first. */
  readonly backups: readonly Backup[]
  /** What a backup that did not end has left; or one that is being written right now. */
  readonly parts: readonly { readonly name: string; readonly bytes: number; readonly ageSeconds: number }[]
  /** The directory's own mode (`755`) and owner; empty where it does not exist. */
  readonly mode: string
  readonly owner: string
  /** Free bytes of its file system for root, or of the nearest directory above that exists. */
  readonly freeBytes: number
}

/** @throws Unreadable when the directory is none, or cannot be listed. */
export const backupFolder = fact(
  'backups/folder',
  async (context, directory: string): Promise<BackupFolder> => {
    const result = await context.run(
      sh`
        directory=${directory}
        nearest=$directory
        until [ -d "$nearest" ] || [ "$nearest" = / ]; do nearest=$(dirname -- "$nearest"); done
        free=$(df -Pk -- "$nearest" | awk 'END { print $4 }')
        printf 'now %s\\nfree %s\\n' "$(date +%s)" "$free"
        [ -e "$directory" ] || { echo absent; exit 0; }
        [ -d "$directory" ] || { echo "$directory is no directory" >&2; exit 66; }
        printf 'directory %s\\n' "$(stat -c '%a %U' -- "$directory")"
        cd -- "$directory" || exit 1
        for file in *; do
          [ -f "$file" ] || continue
          case $file in
            *.part) printf 'part %s\\t%s\\n' "$(stat -c '%s %Y' -- "./$file")" "$file"; continue ;;
            *.dump | *.sql | *.sql.gz) ;;
            *) continue ;;
          esac
          printf 'file %s\\t%s\\n' "$(stat -c '%s %Y %a %U' -- "./$file")" "$file"
          [ ! -f "./$file.sha256" ] || printf 'sum %s\\n' "$(head -c 64 "./$file.sha256")"
          # One table a line: the figures of all tables of all backups would be too much to send.
          [ ! -f "./$file.manifest.json" ] || grep -v '^    {"name":' "./$file.manifest.json" | sed 's/^/| /'
        done
      `,
      { as: 'root' },
    )
    return parseBackupFolder(outputOf(result, `the backups in ${directory}`), directory)
  },
)

/** The backups of a directory alone, newest first; empty when it does not exist. */
export const backups = fact('backups', async (context, directory: string): Promise<readonly Backup[]> => {
  return (await context.read(backupFolder, directory)).backups
})

/** Reads what {@link backupFolder} prints. Pure. @throws Unreadable when it is something else. */
export function parseBackupFolder(text: string, directory: string): BackupFolder {
  const lines = text.split('\n').filter(line => line !== '')
  const value = (word: string) =>
    lines.find(line => line.startsWith(`${word} `))?.slice(word.length + 1) ?? ''
  const now = Number(value('now'))
  if (!(now > 0)) throw new Unreadable(`the backups in ${directory} could not be listed`)
  const [mode = '', owner = ''] = value('directory').split(' ')
  return {
    directory,
    exists: !lines.includes('absent'),
    backups: blocksOf(lines)
      .map(block => backupOf(block, directory, now))
      .sort((a, b) => b.takenAt.localeCompare(a.takenAt) || b.name.localeCompare(a.name)),
    parts: lines
      .filter(line => line.startsWith('part '))
      .map(line => {
        const [figures = '', name = ''] = split(line.slice(5))
        const [bytes = '', modified = ''] = figures.split(' ')
        return { name, bytes: Number(bytes), ageSeconds: now - Number(modified) }
      }),
    mode,
    owner,
    freeBytes: Number(value('free')) * 1024,
  }
}

/** The lines of each file: its `file` line, then what stands beside it. */
function blocksOf(lines: readonly string[]): string[][] {
  const blocks: string[][] = []
  for (const line of lines) {
    if (line.startsWith('file ')) blocks.push([line])
    else if (/^(sum |\| )/.test(line)) blocks.at(-1)?.push(line)
  }
  return blocks
}

function backupOf([first = '', ...beside]: readonly string[], directory: string, now: number): Backup {
  const [figures = '', name = ''] = split(first.slice(5))
  const [bytes = '', modified = '', mode = '', owner = ''] = figures.split(' ')
  const manifestLines = beside.filter(line => line.startsWith('| ')).map(line => line.slice(2))
  const { manifest, manifestProblem } = readManifest(manifestLines, name)
  const checksum = beside.find(line => line.startsWith('sum '))?.slice(4) ?? ''
  const takenAt = manifest?.startedAt ?? timeInName(name) ?? isoSeconds(Number(modified))
  return {
    path: `${directory === '/' ? '' : directory}/${name}`,
    name,
    kind: backupKind(name),
    bytes: Number(bytes),
    mode,
    owner,
    takenAt,
    ageSeconds: Math.round(now - Date.parse(takenAt) / 1000),
    checksum: /^[0-9a-f]{64}$/.test(checksum) ? checksum : null,
    manifest,
    manifestProblem,
  }
}

function readManifest(
  lines: readonly string[],
  name: string,
): { manifest: BackupSummary | null; manifestProblem: string | null } {
  if (lines.length === 0) return { manifest: null, manifestProblem: null }
  try {
    const { tables: _, sequences: __, ...summary } = parseManifest(lines.join('\n'), `${name}.manifest.json`)
    return { manifest: summary, manifestProblem: null }
  } catch (error) {
    return { manifest: null, manifestProblem: (error as Error).message }
  }
}

/** By the ending of a backup's name. */
export const backupKind = (name: string): BackupKind =>
  name.endsWith('.dump') ? 'custom' : name.endsWith('.gz') ? 'sql.gz' : 'sql'

/** The time in `webshop-20261120T023000Z.dump`. */
export function timeInName(name: string): string | undefined {
  const found = /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\./.exec(name)
  if (found === null) return undefined
  const [, year, month, day, hour, minute, second] = found
  const time = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`
  return Number.isNaN(Date.parse(time)) ? undefined : time
}

const isoSeconds = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z')

/** At the first tab: a file's name may hold more. */
function split(line: string): [string, string] {
  const at = line.indexOf('\t')
  return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
}
