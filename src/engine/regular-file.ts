/** Files of ours, read without being led elsewhere: by a link, or by a pipe under their name. */

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'

/** Without O_NONBLOCK a pipe planted under the name would be waited for without end. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** @throws Error for a link, a pipe, a folder, and for what cannot be read. */
export function readRegularFile(path: string): string {
  const descriptor = openSync(path, READ)
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error('it is not a regular file')
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}
