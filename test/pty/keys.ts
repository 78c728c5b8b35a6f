/** What a terminal sends for the keys that type nothing. */

export const NAMED_KEYS = {
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  pageup: '\x1b[5~',
  pagedown: '\x1b[6~',
  delete: '\x1b[3~',
  enter: '\r',
  escape: '\x1b',
  tab: '\t',
  'shift+tab': '\x1b[Z',
  backspace: '\x7f',
  'ctrl+a': '\x01',
  'ctrl+c': '\x03',
  'ctrl+p': '\x10',
  'ctrl+s': '\x13',
  'ctrl+t': '\x14',
  'ctrl+u': '\x15',
  'ctrl+w': '\x17',
  'ctrl+x': '\x18',
  'ctrl+z': '\x1a',
} as const
export type NamedKey = keyof typeof NAMED_KEYS
