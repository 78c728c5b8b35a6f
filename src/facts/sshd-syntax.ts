/** The language of sshd_config: statements, Include, Match, and which one wins (sshd_config(5)). */

/** One statement where it stands. */
export interface SshdSetting {
  /** In lower case, under its present name. */
  readonly keyword: string
  /** Its arguments, as they stand. */
  readonly value: string
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** The Match lines it stands under, outermost first, without the word `Match`; empty outside all blocks. */
  readonly conditions: readonly string[]
  /** The whole line, verbatim. */
  readonly text: string
}

interface Source {
  readonly path: string
  readonly text: string
}

const ALIASES: Readonly<Record<string, string>> = {
  challengeresponseauthentication: 'kbdinteractiveauthentication',
  skeyauthentication: 'kbdinteractiveauthentication',
}

/** Splits a line into keyword and arguments; null for a comment or an empty line. */
export function parseLine(line: string): { keyword: string; args: string[] } | null {
  const parts = /^\s*"?([A-Za-z][A-Za-z0-9]*)"?(?:\s*=\s*|\s+|$)(.*)$/.exec(line)
  if (!parts) return null
  const args: string[] = []
  for (const [token, double, single] of (parts[2] ?? '').matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)) {
    if (token.startsWith('#')) break
    args.push(double ?? single ?? token)
  }
  return { keyword: (parts[1] ?? '').toLowerCase(), args }
}

/** The Include patterns of a file, made absolute the way sshd does. */
export function includesOf(text: string): string[] {
  return text.split('\n').flatMap(line => {
    const statement = parseLine(line)
    return statement?.keyword === 'include' ? statement.args.map(absolute) : []
  })
}

function absolute(pattern: string): string {
  return pattern.startsWith('/') ? pattern : `/etc/ssh/${pattern}`
}

/**
 * All settings in sshd's reading order. A Match block ends at the next Match or at the end of its own file: an
 * included file's block does not leak into the file that included it.
 */
export function settingsOf(main: Source, included: (pattern: string) => readonly Source[]): SshdSetting[] {
  const walk = (source: Source, outer: readonly string[], depth: number): SshdSetting[] => {
    const found: SshdSetting[] = []
    let conditions = outer
    source.text.split('\n').forEach((text, index) => {
      const statement = parseLine(text)
      if (!statement) return
      const { keyword, args } = statement
      if (keyword === 'match') {
        conditions = [...outer, args.join(' ')]
      } else if (keyword === 'include') {
        if (depth < 16) {
          for (const file of args.flatMap(arg => included(absolute(arg)))) {
            found.push(...walk(file, conditions, depth + 1))
          }
        }
      } else {
        found.push({
          keyword: ALIASES[keyword] ?? keyword,
          value: args.join(' '),
          file: source.path,
          line: index + 1,
          conditions,
          text,
        })
      }
    })
    return found
  }
  return walk(main, [], 0)
}

/** The setting that decides outside all Match blocks: the first one. Undefined where sshd's default holds. */
export function globalSetting(settings: readonly SshdSetting[], keyword: string): SshdSetting | undefined {
  return settings.find(setting => setting.keyword === keyword && setting.conditions.length === 0)
}

/**
 * Settings in Match blocks that no earlier block overrides for certain: an earlier `Match all`, or an earlier
 * block with the same conditions, wins for everybody whom the later one would catch.
 */
export function liveMatchSettings(settings: readonly SshdSetting[], keyword: string): SshdSetting[] {
  const inBlocks = settings.filter(setting => setting.keyword === keyword && setting.conditions.length > 0)
  return inBlocks.filter((setting, index) => {
    const earlier = inBlocks.slice(0, index)
    return !earlier.some(other => isForAll(other) || sameConditions(other, setting))
  })
}

const isForAll = (setting: SshdSetting): boolean =>
  setting.conditions.every(condition => condition.trim().toLowerCase() === 'all')

const sameConditions = (a: SshdSetting, b: SshdSetting): boolean =>
  a.conditions.join('\n').toLowerCase() === b.conditions.join('\n').toLowerCase()

/** `/etc/ssh/sshd_config:12`, with its Match block where it stands in one. */
export function placeOf(setting: SshdSetting): string {
  const block = setting.conditions.map(condition => `Match ${condition}`).join(', ')
  return `${setting.file}:${setting.line}${block ? ` (${block})` : ''}`
}
