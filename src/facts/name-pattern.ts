/** Patterns with `*` and `?`, as sshd_config uses them for users and as the shell uses them for files. */

/** True when the whole text matches. `*` any run of characters, `?` exactly one (ssh_config(5), PATTERNS). */
export function matchesPattern(pattern: string, text: string): boolean {
  const source = [...pattern]
    .map(character =>
      character === '*' ? '.*' : character === '?' ? '.' : character.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'),
    )
    .join('')
  return new RegExp(`^${source}$`, 's').test(text)
}

/** True when a file's path matches a glob(7) of `*`, `?` and `[…]`, none of which crosses a slash or a leading dot. */
export function matchesGlob(glob: string, path: string): boolean {
  const wanted = glob.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return false
  return wanted.every((part, index) => matchesName(part, given[index] ?? ''))
}

function matchesName(glob: string, name: string): boolean {
  if (name.startsWith('.') && !glob.startsWith('.')) return false
  const source = glob.replace(/\[(!?)([^\]]+)\]|\*|\?|[\\^$.+()[\]{}|]/g, (token, negated, set) => {
    if (token === '*') return '.*'
    if (token === '?') return '.'
    if (set === undefined) return `\\${token}`
    return `[${negated ? '^' : ''}${String(set).replace(/[\\\]^]/g, '\\$&')}]`
  })
  return new RegExp(`^${source}$`, 's').test(name)
}
