/** Keeps the program small while it runs for hours beside other work. */

import { setFlagsFromString } from 'node:v8'

/**
 * V8 lets its heap grow by how much memory the machine has: 260 MB after 200,000 lines of output on a large one,
 * 125 MB with these, for about a seventh more processor time (`npm run bench`). They hold for the whole process.
 */
export function keepMemorySmall(): void {
  for (const flag of ['--optimize-for-size', '--max-semi-space-size=2', '--semi-space-growth-factor=1'])
    setFlagsFromString(flag)
}
