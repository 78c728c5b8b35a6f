/** nginx answers the challenge's path itself: a location of its own, before passwords, redirects and the application. */

import { z } from 'zod'
import { blocksFor, type ConfigurationFile, nginxConfiguration } from '../../src/facts/nginx-configuration.ts'
import { nginxState, onHost, siteKey } from '../../src/facts/site.ts'
import { textFile } from '../../src/facts/text-file.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { domains, siteShape } from '../tls/parameters.ts'
import { type Change, changeNginx } from '../web/change-nginx.ts'

const LOCATION =
  /^[ \t]*location\s+(?:\^~\s+|=\s+|~\*?\s+)?\/?\^?\/?\\?\.well-known\/acme-challenge\S*\s*\{[^{}]*\}/gm

export const addLocation = remedy({
  id: 'challenge/add-location',
  title: 'Give the challenge’s path a location of its own in nginx',
  why: 'With “^~” nginx looks at no other rule for this path: no password, no redirect, no application.',
  risk: 'None known: the new configuration is tested in the running nginx before it is loaded, and put back when it does not pass.',
  grade: 'reversible',
  params: z.object({ domains, ...siteShape }),
  async plan({ params, read }) {
    const key = siteKey(params)
    const [{ files }, { mounts }] = [await read(nginxConfiguration, key), await read(nginxState, key)]
    const hostPath = (path: string) => (params.nginxRunsIn === 'host' ? path : onHost(mounts, path))
    const changed: Change[] = []
    for (const file of filesToChange(files, params.domains)) {
      const path = hostPath(file.path)
      const before = path === null ? null : await read(textFile, path)
      if (path === null || before === null)
        throw new Unreadable(
          `${file.path} lies in nginx’s image, not on the server: mount it from the host to change it`,
        )
      const after = withLocation(before, params.domains, params.webroot)
      if (after !== before) changed.push({ path, after, exists: true })
    }
    if (changed.length === 0)
      throw new Unreadable(
        'the location is there already, as it should be: a “return” or “rewrite” of the whole server stands before it',
      )
    return {
      actions: changeNginx(params, changed),
      touches: changed.map(({ path }) => path),
      undo: 'put the file back from /var/backups/kneeboard and reload nginx',
      expectedSeconds: 3,
    }
  },
})

/** Files that have such a location already; else the one with the server that answers the first name on port 80. */
function filesToChange(files: readonly ConfigurationFile[], names: readonly string[]): ConfigurationFile[] {
  const having = files.filter(({ text }) => text.search(LOCATION) !== -1)
  if (having.length > 0) return having
  const [name = ''] = names
  const [block] = blocksFor(files, name, 80)
  if (block === undefined)
    throw new Unreadable(`no server of nginx’s configuration answers ${name} on port 80`)
  return files.filter(({ path }) => path === block.file)
}

/** Existing locations for the path are replaced; where there is none, one is put into each server on port 80 of a name. */
export function withLocation(text: string, names: readonly string[], webroot: string): string {
  if (text.search(LOCATION) !== -1)
    return text.replace(LOCATION, found => location(webroot, /^[ \t]*/.exec(found)?.[0] ?? ''))
  return text.replace(/^([ \t]*)server_name\s+([^;]+);/gm, (line, indent: string, found: string) =>
    found.split(/\s+/).some(name => names.includes(name)) ? `${line}\n${location(webroot, indent)}` : line,
  )
}

function location(webroot: string, indent: string): string {
  return [
    'location ^~ /.well-known/acme-challenge/ {',
    '    auth_basic off;',
    '    allow all;',
    `    root ${webroot};`,
    '    default_type text/plain;',
    '}',
  ]
    .map(line => indent + line)
    .join('\n')
}
