/** One script that answers many questions: its output is cut at the lines `== name`. */

import { sh } from '../model/script.ts'

/** Put before a script: `say name` begins a section. */
export const sayFunction = sh`say() { printf '== %s\\n' "$1"; }`

/** The lines of each section, by its name. What comes before the first one belongs to none. */
export function sectionsOf(text: string): Map<string, string[]> {
  const sections = new Map<string, string[]>()
  let current: string[] | undefined
  for (const line of text.split('\n')) {
    const name = /^== (\S.*)$/.exec(line)?.[1]
    if (name !== undefined) {
      current = []
      sections.set(name, current)
    } else if (line !== '') current?.push(line)
  }
  return sections
}
