/** nginx's configuration as nginx itself reads it, in the surroundings that it runs in. */

import { Unreadable, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { inNginx, type SiteKey, siteOf } from './site.ts'

export interface ConfigurationFile {
  /** As nginx sees it: inside its container. */
  readonly path: string
  readonly text: string
}

export interface NginxConfiguration {
  /** What `nginx -t` says of the files as they are now. */
  readonly valid: boolean
  /** The line that names the error; empty without one. */
  readonly error: string
  readonly files: readonly ConfigurationFile[]
}

/** @throws Unreadable when nginx cannot be asked: it does not run, or is not there. */
export const nginxConfiguration = fact(
  'nginx/configuration',
  async (context, key: SiteKey): Promise<NginxConfiguration> => {
    const result = await context.run(inNginx(siteOf(key), sh`PATH=$PATH:/usr/sbin; nginx -T`), { as: 'root' })
    const error = /^nginx: \[emerg\] (.+)$/m.exec(result.stderr)?.[1] ?? ''
    if (result.ending !== 'exited' || (result.exitCode !== 0 && error === ''))
      throw new Unreadable(`nginx’s configuration could not be read: ${whyNot(result)}`)
    return { valid: result.exitCode === 0, error, files: parseDump(result.stdout) }
  },
)

/** Reads what `nginx -T` prints: each file under a line that names it. */
export function parseDump(text: string): ConfigurationFile[] {
  return text.split(/^# configuration file (?=\/)/m).flatMap(part => {
    const [, path, content] = /^(\/.*):\n([\s\S]*)$/.exec(part) ?? []
    return path === undefined || content === undefined ? [] : [{ path, text: content }]
  })
}

export interface ServerBlock {
  readonly file: string
  /** From `server {` to its closing brace. */
  readonly text: string
  readonly names: readonly string[]
  /** Arguments of its `listen` directives: `80 default_server`, `[::]:443 ssl`. */
  readonly listens: readonly string[]
}

/** Every `server { … }` of a file. Braces in comments and quotes are passed over. */
export function serverBlocks(file: ConfigurationFile): ServerBlock[] {
  const blocks: ServerBlock[] = []
  const plain = blanked(file.text)
  for (const match of plain.matchAll(/(^|[\s;{}])server\s*\{/g)) {
    const start = match.index + (match[1]?.length ?? 0)
    const end = closing(plain, plain.indexOf('{', start))
    const inner = plain.slice(start, end)
    const text = file.text.slice(start, end)
    blocks.push({
      file: file.path,
      text,
      names: argumentsOf(inner, 'server_name').flatMap(found => found.split(/\s+/)),
      listens: argumentsOf(inner, 'listen'),
    })
  }
  return blocks
}

/** Arguments of a directive, each time that it stands there. */
export function argumentsOf(text: string, directive: string): string[] {
  const pattern = new RegExp(`(?:^|[\\s;{}])${directive}\\s+([^;{}]+);`, 'g')
  return [...text.matchAll(pattern)].map(match => (match[1] ?? '').trim())
}

/** The text with comments and quoted braces replaced by spaces, every other character at its place. */
function blanked(text: string): string {
  return text.replace(/#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, found =>
    found.startsWith('#') ? ' '.repeat(found.length) : found.replace(/[{};]/g, ' '),
  )
}

function closing(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1
    if (text[at] === '}') depth -= 1
    if (depth === 0) return at + 1
  }
  return text.length
}

/** The blocks that answer a name on a port, by its name; those that answer any name when none has it. */
export function blocksFor(files: readonly ConfigurationFile[], name: string, port: number): ServerBlock[] {
  const onPort = files
    .flatMap(serverBlocks)
    .filter(block => block.listens.some(listen => portOf(listen) === port))
  const named = onPort.filter(block => block.names.includes(name))
  return named.length > 0
    ? named
    : onPort.filter(({ listens }) => listens.some(l => l.includes('default_server')))
}

/** The port of a `listen` directive's arguments. */
export function portOf(listen: string): number {
  const [where = ''] = listen.split(/\s+/)
  const port = /^(?:.*:)?(\d+)$/.exec(where)?.[1]
  return port === undefined ? 80 : Number(port)
}
