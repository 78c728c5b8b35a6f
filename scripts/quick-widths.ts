/** Gives Ink our own measuring of texts, and one copy of string-width behind it instead of the six that npm nests. */

import { fileURLToPath } from 'node:url'
import type { Plugin } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const ours = `${root}src/tui/width.ts`

export const quickWidths: Plugin = {
  name: 'quick-widths',
  resolveId(id, importer) {
    if (id !== 'string-width') return null
    const isFull = importer === ours || importer?.startsWith(`${root}src/cli/`) === true
    return isFull ? `${root}node_modules/string-width/index.js` : ours
  },
}
