/** A small text file as it is, for remedies that change one line of it and keep all others. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

/**
 * The file's text, read as root, or null where it does not exist.
 *
 * @throws Unreadable when it is no regular file, too large, or not UTF-8: written back, it would not be the same.
 */
export const textFile = fact('text-file', async (context, path: string): Promise<string | null> => {
  const result = await context.run(
    sh`
      path=${path}
      if [ -f "$path" ]; then
        cat -- "$path"
      elif [ -e "$path" ]; then
        echo 'it is not a regular file' >&2
        exit 66
      else
        exit 44
      fi
    `,
    { as: 'root' },
  )
  if (result.ending === 'exited' && result.exitCode === 44) return null
  const text = outputOf(result, path)
  if (result.omittedBytes > 0) throw new Unreadable(`${path} is too large to be changed safely`)
  if (text.includes('�')) throw new Unreadable(`${path} is not UTF-8: change it by hand`)
  return text
})
