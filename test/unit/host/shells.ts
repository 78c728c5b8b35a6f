/** The shells that a script must survive: those of this machine among dash, bash, busybox and mksh. */

import { spawnSync } from 'node:child_process'

const CANDIDATES: readonly (readonly [name: string, command: readonly [string, ...string[]]])[] = [
  ['sh', ['/bin/sh']],
  ['dash', ['dash']],
  ['bash', ['bash', '--posix']],
  ['busybox', ['busybox', 'sh']],
  ['mksh', ['mksh']],
]

export const SHELLS = CANDIDATES.filter(
  ([, [program, ...words]]) => spawnSync(program, [...words, '-c', 'exit 0']).status === 0,
)
