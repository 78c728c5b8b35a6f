import { containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { nginxView } from '../../src/facts/nginx-view.ts'
import { onHost } from '../../src/facts/site.ts'
import { textFile } from '../../src/facts/text-file.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { serviceParams } from '../services/roles.ts'
import { changeNginx } from '../web/change-nginx.ts'

export const takeLineOut = remedy({
  id: 'nginx/take-line-out',
  title: 'Make a comment of the line that nginx refuses',
  why: 'The running nginx never took that line: without it, what is on disk is again what runs, and a restart is safe.',
  risk: 'Whoever wrote the line wanted something by it: that is still to be done, in a way that nginx takes. The new file is tested before it is loaded, and put back when it does not pass.',
  grade: 'reversible',
  params: serviceParams,
  async plan({ read, params }) {
    const { error } = await read(nginxView, params.composeFile, params.nginxService)
    const [, file, number] = / in (\/[^:]+):(\d+)$/.exec(error) ?? []
    if (file === undefined || number === undefined)
      throw new Unreadable(`nginx names no line that could be taken out: ${error}`)
    const container = containerOfService(await read(stackContainers, params.composeFile), params.nginxService)
    const mounts = (container?.mounts ?? []).map(({ target, source, writable }) => ({
      destination: target,
      source,
      writable,
    }))
    const path = onHost(mounts, file)
    const text = path === null ? null : await read(textFile, path)
    if (path === null || text === null)
      throw new Unreadable(`${file} lies in nginx’s image: it has to be mended where the image is made`)
    const after = withoutLine(text, Number(number))
    if (after === null)
      throw new Unreadable(`line ${number} of ${file} opens or closes a block: it has to be mended by hand`)
    const site = { ...params, certbotService: 'certbot', webroot: '/var/www/certbot' }
    return {
      actions: changeNginx(site, [{ path, after, exists: true }]),
      touches: [`${path}, line ${number}`, 'nginx, which reads its configuration again'],
      undo: `Take the # at the start of line ${number} of ${path} away`,
      expectedSeconds: 3,
    }
  },
})

/**
 * The text with one line as a comment; null where no single directive can be meant. nginx names the line at which it
 * gave up: when a semicolon is missing, that is the next one, or the end of the file. Pure.
 */
export function withoutLine(text: string, number: number): string | null {
  const lines = text.split('\n')
  const directive = /^\s*\w[^;{}]*;?\s*(#.*)?$/
  const unfinished = (line: string): boolean => line.trim() !== '' && !/[;{}]\s*(#.*)?$/.test(line)
  const named = lines[number - 1] ?? ''
  const before = lines.slice(0, number - 1).findLastIndex(line => line.trim() !== '' && !/^\s*#/.test(line))
  const at = unfinished(lines[before] ?? '') ? before : named.trim() === '' ? -1 : number - 1
  const line = lines[at]
  if (line === undefined || !directive.test(line)) return null
  return lines.with(at, `# taken out, nginx refuses it: ${line}`).join('\n')
}
