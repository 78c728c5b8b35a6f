/** The first HTTPS: the site that answers on port 80 is also served on 443, with the certificate that now exists. */

import { posix } from 'node:path'
import { z } from 'zod'
import {
  blocksFor,
  nginxConfiguration,
  portOf,
  type ServerBlock,
} from '../../src/facts/nginx-configuration.ts'
import { certbotDirectory, type Mount, nginxState, onHost, siteKey } from '../../src/facts/site.ts'
import { textFile } from '../../src/facts/text-file.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { changeNginx } from '../web/change-nginx.ts'
import { domains, siteShape } from './parameters.ts'

export const serveHttps = remedy({
  id: 'tls/serve-https',
  title: 'Serve the site on port 443, too',
  why: 'A part for HTTPS can only be written once the certificate exists: nginx does not start without its files. Port 80 stays as it is.',
  risk: 'None known: the new configuration is tested in the running nginx before it is loaded, and taken away again when it does not pass.',
  grade: 'reversible',
  params: z.object({ domains, ...siteShape }),
  async plan({ params, read }) {
    const key = siteKey(params)
    const [name = ''] = params.domains
    const { files } = await read(nginxConfiguration, key)
    const { mounts } = await read(nginxState, key)
    const [block] = blocksFor(files, name, 80)
    if (block === undefined)
      throw new Unreadable(`no server of nginx’s configuration answers ${name} on port 80`)
    if (/return\s+30\d\s+https:/.test(withoutLocations(block.text)))
      throw new Unreadable(
        'the site on port 80 only sends visitors on to HTTPS: what HTTPS should serve is not to be seen there',
      )
    const inside = posix.join(posix.dirname(block.file), `${name}.https.conf`)
    const path = params.nginxRunsIn === 'host' ? inside : onHost(mounts, inside)
    if (path === null)
      throw new Unreadable(`${posix.dirname(inside)} lies in nginx’s image: mount it from the host`)
    const live = liveInNginx(params.nginxRunsIn, mounts, await read(certbotDirectory, key), name)
    const exists = (await read(textFile, path)) !== null
    return {
      actions: changeNginx(params, [{ path, after: httpsBlock(block, live), exists }]),
      touches: [path, 'nginx, which reads its configuration again'],
      undo: `rm ${path}, then reload nginx`,
      expectedSeconds: 3,
    }
  },
})

/** Where nginx finds certbot's live directory. @throws Unreadable when its container does not have it. */
function liveInNginx(
  runsIn: 'compose' | 'host',
  mounts: readonly Mount[],
  directory: string,
  name: string,
): string {
  if (runsIn === 'host') return `${directory}/live/${name}`
  const mount = mounts.find(({ source }) => directory === source || directory.startsWith(`${source}/`))
  if (mount === undefined)
    throw new Unreadable(
      `nginx’s container does not have ${directory} mounted: add “${directory}:/etc/letsencrypt:ro” to its volumes, the whole directory and never single files`,
    )
  return `${mount.destination}${directory.slice(mount.source.length)}/live/${name}`
}

const withoutLocations = (text: string): string => text.replace(/location[^{]*\{[^{}]*\}/g, '')

/** The server on port 80 taken over as it is, with its `listen` lines turned to 443 and the certificate put in. Pure. */
export function httpsBlock(block: ServerBlock, live: string): string {
  const indent = /\n([ \t]+)\S/.exec(block.text)?.[1] ?? '    '
  const listens = block.listens
    .filter(listen => portOf(listen) === 80)
    .map(listen => {
      const [where = '80', ...rest] = listen.split(/\s+/)
      const at = where.replace(/80$/, '443')
      return `${indent}listen ${[at === where ? `${where}:443` : at, 'ssl', ...rest].join(' ')};`
    })
  const body = block.text
    .replace(/^\s*listen\s+[^;]+;[^\n]*\n/gm, '')
    .replace(
      /\{[^\n]*\n/,
      `{\n${listens.join('\n')}\n${indent}ssl_certificate ${live}/fullchain.pem;\n${indent}ssl_certificate_key ${live}/privkey.pem;\n`,
    )
  return `# Written by Kneeboard: the site of ${block.file} over HTTPS.\n${body}\n`
}
