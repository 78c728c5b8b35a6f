/** How this operator wants Kneeboard to behave, from `preferences.json`. */

import { z } from 'zod'
import { openJsonFile } from './json-file.ts'

/** An absolute path without `.` and `..`, as it is given to a server. */
const ServerFolder = z
  .string()
  .regex(
    /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0\n]+)+$/,
    'an absolute path without . and .., and without a slash at its end',
  )

const PreferencesFile = z.strictObject({
  /** Where a run that changed something leaves its summary on the server; false leaves none. */
  summaryOnServer: z.union([ServerFolder, z.literal(false)]).default('/var/log/kneeboard'),
})
export type Preferences = z.infer<typeof PreferencesFile>

/** @throws Failure (78) for a broken file or a name that is no preference. */
export function readPreferences(folder: string): Preferences {
  const file = openJsonFile<z.input<typeof PreferencesFile>>(
    folder,
    'preferences',
    PreferencesFile as never,
    {},
  )
  return PreferencesFile.parse(file.read())
}
