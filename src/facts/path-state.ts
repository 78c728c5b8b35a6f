/** Kind, mode and owner of files and folders, links not followed. */

export interface PathState {
  readonly path: string
  readonly kind: 'file' | 'folder' | 'link' | 'other' | 'missing'
  /** The lower twelve bits; 0 when missing. */
  readonly mode: number
  /** Empty when missing. */
  readonly owner: string
}

/** Lines `HEXMODE OWNER PATH` of `stat -c '%f %U %n'`, or `missing - PATH`. */
export function parseStates(text: string): PathState[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => {
      const [, mode = '', owner = '', path = ''] = /^(\S+) (\S+) (.*)$/.exec(line) ?? []
      if (mode === 'missing') return { path, kind: 'missing', mode: 0, owner: '' }
      const bits = Number.parseInt(mode, 16)
      return { path, kind: kindOf(bits), mode: bits & 0o7777, owner }
    })
}

/** The file type of st_mode (inode(7)). */
function kindOf(bits: number): PathState['kind'] {
  switch (bits & 0o170000) {
    case 0o040000:
      return 'folder'
    case 0o100000:
      return 'file'
    case 0o120000:
      return 'link'
    default:
      return 'other'
  }
}
