/** Output captured from the lab's servers (Debian 12) and from a virtual machine; names of mirrors are replaced. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export function fixture(name: string): string {
  return readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8')
}
