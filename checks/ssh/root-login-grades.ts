/** The values of PermitRootLogin from open to closed. */

export type RootLogin = 'key-only' | 'no'

const GRADES = ['yes', 'prohibit-password', 'forced-commands-only', 'no'] as const
export type PermitRootLogin = (typeof GRADES)[number]

/** The least strict value that keeps the agreement. */
export const LEAST: Record<RootLogin, PermitRootLogin> = { 'key-only': 'prohibit-password', no: 'no' }

/** True when the value is as agreed or stricter. A value that sshd does not know is never strict enough. */
export function isStrictEnough(value: string, agreed: RootLogin): boolean {
  return gradeOf(value) >= gradeOf(LEAST[agreed])
}

/** The stricter of what holds and what is agreed: hardening never opens a door. */
export function stricter(value: string, agreed: RootLogin): PermitRootLogin {
  return GRADES[Math.max(gradeOf(value), gradeOf(LEAST[agreed]))] ?? 'no'
}

function gradeOf(value: string): number {
  const word = value.toLowerCase()
  return (GRADES as readonly string[]).indexOf(word === 'without-password' ? 'prohibit-password' : word)
}
