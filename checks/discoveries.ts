/** What servers are asked about parameters, so that the form need not be filled in from memory. One entry a parameter. */

import { composeFiles } from '../src/facts/compose-files.ts'
import { nginxConfiguration, serverBlocks } from '../src/facts/nginx-configuration.ts'
import { siteKey } from '../src/facts/site.ts'
import type { Choice, Discovery, Found } from '../src/model/discovery.ts'
import { siteParams, wrongWith } from './tls/parameters.ts'

/** What was found as an answer; null when it is nothing. */
export function foundOf(
  choices: readonly Choice[],
  from: string,
  { isSuggested = true }: { readonly isSuggested?: boolean } = {},
): Found | null {
  const [first, ...rest] = choices
  return first === undefined ? null : { choices: [first, ...rest], from, isSuggested }
}

const composeFile: Discovery = {
  parameter: 'composeFile',
  async find({ read }) {
    const files = await read(composeFiles)
    return foundOf(
      files.map(({ path, running }) => ({
        value: path,
        note: running === 0 ? 'nothing of it runs' : `${running} containers run from it`,
      })),
      'the Compose files on the server',
      // A file that nothing runs from may be a leftover: it is shown, and not put in.
      { isSuggested: (files[0]?.running ?? 0) > 0 },
    )
  },
}

const domains: Discovery = {
  parameter: 'domains',
  async find({ read }, params) {
    const site = siteParams.safeParse(params)
    if (!site.success) return null
    const { files } = await read(nginxConfiguration, siteKey(site.data))
    const blocks = files.flatMap(serverBlocks)
    const sets = blocks
      .map(({ names }) => names.filter(name => wrongWith(name) === '' && name !== 'localhost').join(', '))
      .filter(names => names !== '')
    return foundOf(
      [...new Set(sets)].map(value => ({ value, note: '' })),
      'the names that nginx answers to',
    )
  },
}

export const discoveries: readonly Discovery[] = [composeFile, domains]
