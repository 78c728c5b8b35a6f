/** Programs of the operator's own machine are found where the system keeps them, never in the folder at hand. */

import { isAbsolute } from 'node:path'

/** This process's environment, with a PATH without its relative entries: `.` would run whatever lies there. */
export function ownEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const folders = (environment.PATH ?? '').split(':').filter(isAbsolute)
  return { ...environment, PATH: folders.length > 0 ? folders.join(':') : '/usr/local/bin:/usr/bin:/bin' }
}
