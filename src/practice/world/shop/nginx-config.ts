/** Reads nginx's configuration files into directives, includes followed. */

import { patternSource } from '../../shell/pattern.ts'
import type { FileSystem } from '../../system/file-system.ts'

export interface Directive {
  readonly name: string
  readonly words: readonly string[]
  readonly body?: readonly Directive[]
  readonly file: string
  readonly line: number
}

/** What may stand outside a block in a file of conf.d, where `http` is around it. */
const KNOWN =
  /^(server|upstream|location|map|server_tokens|proxy_\w+|add_header|listen|server_name|root|alias|return|include|ssl_\w+|auth_basic\w*|default_type|events|http|user|worker_\w+|pid|error_log|access_log|sendfile|tcp_\w+|keepalive\w*|types\w*|gzip\w*|client_\w+|limit_\w+|log_format|resolver\w*|if|set|rewrite|expires|try_files|index|error_page|http2|charset|real_ip_\w+|set_real_ip_from|large_\w+|autoindex|deny|allow|etag|internal|daemon|load_module|multi_accept)$/

/** @param files collects each file that was read. @returns the error of the first thing that is wrong. */
export function parseNginx(
  tree: FileSystem,
  path: string,
  files: { path: string; text: string }[],
): Directive[] | string {
  if (!tree.exists(path)) return `open() "${path}" failed (2: No such file or directory)`
  const text = tree.text(path)
  files.push({ path, text })
  const tokens = [
    ...text.matchAll(
      /#[^\n]*|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|[{};]|\n|[^\s{};"'#]+(?:\$\{[^}]*\}[^\s{};"']*)*/g,
    ),
  ]
  let line = 1
  let at = 0
  function block(depth: number): Directive[] | string {
    const found: Directive[] = []
    let words: string[] = []
    let begins = line
    for (; at < tokens.length; at++) {
      const [token = '', double, single] = tokens[at] ?? []
      if (token === '\n') line++
      else if (token.startsWith('#')) continue
      else if (token === '}') {
        if (words.length > 0) return `unexpected "}" in ${path}:${line}`
        if (depth === 0) return `unexpected "}" in ${path}:${line}`
        at++
        return found
      } else if (token === ';' || token === '{') {
        const [name = '', ...rest] = words
        if (name === '') return `unexpected "${token}" in ${path}:${line}`
        if (!KNOWN.test(name)) return `unknown directive "${name}" in ${path}:${begins}`
        if (token === '{') {
          at++
          const body = block(depth + 1)
          if (typeof body === 'string') return body
          at--
          found.push({ name, words: rest, body, file: path, line: begins })
        } else if (name === 'include') {
          for (const each of named(tree, rest[0] ?? '')) {
            const inner = parseNginx(tree, each, files)
            if (typeof inner === 'string') return inner
            found.push(...inner)
          }
        } else {
          if (name === 'proxy_pass' && rest.length !== 1)
            return `invalid number of arguments in "${name}" directive in ${path}:${begins}`
          found.push({ name, words: rest, file: path, line: begins })
        }
        words = []
      } else {
        if (words.length === 0) begins = line
        words.push(double ?? single ?? token)
        line += token.split('\n').length - 1
      }
    }
    if (words.length > 0) return `unexpected end of file, expecting ";" or "}" in ${path}:${line}`
    return depth > 0 ? `unexpected end of file, expecting "}" in ${path}:${line}` : found
  }
  return block(0)
}

function named(tree: FileSystem, pattern: string): string[] {
  const path = pattern.startsWith('/') ? pattern : `/etc/nginx/${pattern}`
  const folder = path.slice(0, path.lastIndexOf('/'))
  const name = path.slice(folder.length + 1)
  if (!/[*?]/.test(name)) return [path]
  if (tree.maybe(folder)?.kind !== 'directory') return []
  const test = new RegExp(`^${patternSource([{ text: name, literal: false }])}$`)
  return tree
    .names(folder)
    .filter(each => test.test(each))
    .map(each => `${folder}/${each}`)
}
