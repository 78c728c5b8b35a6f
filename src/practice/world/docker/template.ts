/** Go templates, as far as `--format` of Docker's commands goes (text/template). */

type Token = { readonly text: string } | { readonly action: string }
type Branch =
  | { readonly node: 'text'; readonly text: string }
  | { readonly node: 'value'; readonly pipeline: string }
  | Block
interface Block {
  readonly node: 'if' | 'range' | 'with'
  readonly pipeline: string
  readonly body: readonly Branch[]
  readonly otherwise: readonly Branch[]
}

/** @throws SyntaxError for what is no template. */
export function render(template: string, value: unknown): string {
  const tokens = tokenise(template)
  const tree = parse(tokens)
  return new Renderer(value).all(tree, value)
}

function tokenise(template: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (const match of template.matchAll(/\{\{(-\s)?([\s\S]*?)(\s-)?\}\}/g)) {
    let text = template.slice(at, match.index)
    if (match[1]) text = text.trimEnd()
    if (text !== '') tokens.push({ text })
    tokens.push({ action: (match[2] ?? '').trim() })
    at = match.index + match[0].length
    if (match[3]) while (/\s/.test(template.charAt(at))) at++
  }
  if (at < template.length) tokens.push({ text: template.slice(at) })
  return tokens
}

function parse(tokens: Token[]): Branch[] {
  const [body] = branches(tokens, [])
  return body
}

/** Reads up to one of the ending words. @returns the branches and the word. */
function branches(tokens: Token[], endings: readonly string[]): [Branch[], string] {
  const found: Branch[] = []
  for (let token = tokens.shift(); token; token = tokens.shift()) {
    if ('text' in token) {
      found.push({ node: 'text', text: token.text })
      continue
    }
    const [, word = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(token.action) ?? []
    if (endings.includes(word)) return [found, token.action]
    if (word === 'if' || word === 'range' || word === 'with') {
      const [body, ending] = branches(tokens, ['end', 'else'])
      let otherwise: Branch[] = []
      if (ending.startsWith('else if')) {
        tokens.unshift({ action: ending.slice('else '.length) })
        const [first] = branchesOfOne(tokens)
        otherwise = first ? [first] : []
      } else if (ending === 'else') otherwise = branches(tokens, ['end'])[0]
      found.push({ node: word, pipeline: rest, body, otherwise })
    } else if (!token.action.startsWith('/*')) found.push({ node: 'value', pipeline: token.action })
  }
  if (endings.length > 0) throw new SyntaxError('unexpected EOF')
  return [found, '']
}

function branchesOfOne(tokens: Token[]): Branch[] {
  const token = tokens.shift()
  if (!token || 'text' in token) return []
  const [body, ending] = branches(tokens, ['end', 'else'])
  const otherwise = ending === 'else' ? branches(tokens, ['end'])[0] : []
  return [{ node: 'if', pipeline: token.action.replace(/^if\s+/, ''), body, otherwise }]
}

class Renderer {
  readonly #root: unknown
  readonly #variables = new Map<string, unknown>()

  constructor(root: unknown) {
    this.#root = root
    this.#variables.set('$', root)
  }

  all(nodes: readonly Branch[], dot: unknown): string {
    return nodes.map(node => this.#one(node, dot)).join('')
  }

  #one(node: Branch, dot: unknown): string {
    if (node.node === 'text') return node.text
    if (node.node === 'value') {
      const assigned = /^(\$\w*)\s*:?=\s*([\s\S]+)$/.exec(node.pipeline)
      if (assigned) {
        this.#variables.set(assigned[1] ?? '', this.#pipeline(assigned[2] ?? '', dot))
        return ''
      }
      return shown(this.#pipeline(node.pipeline, dot))
    }
    const declared = /^(\$\w+)(?:\s*,\s*(\$\w+))?\s*:=\s*([\s\S]+)$/.exec(node.pipeline)
    const value = this.#pipeline(declared?.[3] ?? node.pipeline, dot)
    if (node.node !== 'range') {
      if (declared) this.#variables.set(declared[1] ?? '', value)
      return truthy(value)
        ? this.all(node.body, node.node === 'with' ? value : dot)
        : this.all(node.otherwise, dot)
    }
    const entries: [unknown, unknown][] = Array.isArray(value)
      ? [...value.entries()]
      : value !== null && typeof value === 'object'
        ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
        : []
    if (entries.length === 0) return this.all(node.otherwise, dot)
    return entries
      .map(([key, item]) => {
        if (declared?.[2]) {
          this.#variables.set(declared[1] ?? '', key)
          this.#variables.set(declared[2], item)
        } else if (declared) this.#variables.set(declared[1] ?? '', item)
        return this.all(node.body, item)
      })
      .join('')
  }

  #pipeline(text: string, dot: unknown): unknown {
    let value: unknown
    for (const [index, part] of splitOutside(text, '|').entries()) {
      const words = wordsOf(part.trim())
      value = this.#call(words, dot, index === 0 ? [] : [value])
    }
    return value
  }

  #call(words: readonly string[], dot: unknown, more: readonly unknown[]): unknown {
    const [first = '', ...rest] = words
    const values = (): unknown[] => [...rest.map(word => this.#value(word, dot)), ...more]
    switch (first) {
      case 'json':
        return goJson(values()[0])
      case 'index': {
        const [from, ...keys] = values()
        return keys.reduce((at, key) => member(at, String(key)), from)
      }
      case 'len': {
        const [value] = values()
        return Array.isArray(value) || typeof value === 'string'
          ? value.length
          : Object.keys((value as object | null) ?? {}).length
      }
      case 'print':
      case 'println':
        return values().map(shown).join(' ') + (first === 'println' ? '\n' : '')
      case 'printf': {
        const [format = '', ...given] = values()
        return printed(String(format), given)
      }
      case 'eq': {
        const [one, ...others] = values()
        return others.some(other => other === one || String(other) === String(one))
      }
      case 'ne':
        return String(values()[0]) !== String(values()[1])
      case 'gt':
        return Number(values()[0]) > Number(values()[1])
      case 'lt':
        return Number(values()[0]) < Number(values()[1])
      case 'not':
        return !truthy(values()[0])
      case 'and':
        return values().find(value => !truthy(value)) ?? values().at(-1)
      case 'or':
        return values().find(truthy) ?? values().at(-1)
      case 'join':
        return (values()[0] as unknown[] | null)?.map(shown).join(String(values()[1] ?? ' ')) ?? ''
      case 'split':
        return String(values()[0]).split(String(values()[1]))
      case 'lower':
        return String(values()[0]).toLowerCase()
      case 'upper':
        return String(values()[0]).toUpperCase()
      case 'title':
        return String(values()[0])
      case 'slice': {
        const [text, from, to] = values()
        return String(text).slice(Number(from), to === undefined ? undefined : Number(to))
      }
    }
    const value = this.#value(first, dot)
    return typeof value === 'function' ? (value as (...given: unknown[]) => unknown)(...values()) : value
  }

  #value(word: string, dot: unknown): unknown {
    if (word.startsWith('"') || word.startsWith('`'))
      return word.startsWith('`') ? word.slice(1, -1) : JSON.parse(word)
    if (/^-?\d+(\.\d+)?$/.test(word)) return Number(word)
    if (word === 'true' || word === 'false') return word === 'true'
    if (word === 'nil') return null
    if (word.startsWith('(')) {
      const end = closing(word)
      return path(this.#pipeline(word.slice(1, end), dot), word.slice(end + 1))
    }
    if (word.startsWith('$')) {
      const [, name = '$', rest = ''] = /^(\$\w*)(.*)$/.exec(word) ?? []
      return path(name === '$' ? this.#root : this.#variables.get(name), rest)
    }
    if (word.startsWith('.')) return path(dot, word)
    throw new SyntaxError(`function "${word}" not defined`)
  }
}

const path = (value: unknown, text: string): unknown => text.split('.').filter(Boolean).reduce(member, value)

function member(value: unknown, key: string): unknown {
  if (value === null || value === undefined) return undefined
  if (Array.isArray(value)) return value[Number(key)]
  return (value as Record<string, unknown>)[key]
}

const truthy = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length > 0
    : value !== null && typeof value === 'object'
      ? Object.keys(value).length > 0
      : value !== undefined && value !== null && value !== false && value !== 0 && value !== ''

function shown(value: unknown): string {
  if (value === undefined || value === null) return '<no value>'
  if (Array.isArray(value)) return `[${value.map(shown).join(' ')}]`
  if (typeof value === 'object')
    return `map[${Object.entries(value)
      .map(([key, item]) => `${key}:${shown(item)}`)
      .join(' ')}]`
  return String(value)
}

/** encoding/json writes `<`, `>` and `&` as escapes. */
export const goJson = (value: unknown): string =>
  (JSON.stringify(value ?? null) ?? 'null').replace(
    /[<>&]/g,
    found => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

function printed(format: string, values: readonly unknown[]): string {
  let index = 0
  return format.replace(/%(?:\.(\d+))?([sdqv%])/g, (_, digits: string | undefined, letter: string) => {
    if (letter === '%') return '%'
    const text = shown(values[index++])
    return letter === 'q' ? JSON.stringify(text) : digits === undefined ? text : text.slice(0, Number(digits))
  })
}

function closing(word: string): number {
  let depth = 0
  let quoted = false
  for (let at = 0; at < word.length; at++) {
    if (word[at] === '"') quoted = !quoted
    if (quoted) continue
    if (word[at] === '(') depth++
    if (word[at] === ')' && --depth === 0) return at
  }
  return word.length
}

function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = ['']
  let depth = 0
  let quoted = false
  for (const character of text) {
    if (character === '"') quoted = !quoted
    if (!quoted && character === '(') depth++
    if (!quoted && character === ')') depth--
    if (!quoted && depth === 0 && character === separator) parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts
}

function wordsOf(text: string): string[] {
  return splitOutside(
    text.replace(/\s+/g, found => (found.includes('\n') ? ' ' : found)),
    ' ',
  ).filter(word => word !== '')
}
