/** YAML as Compose files use it: block and flow collections, folded texts, anchors, aliases and merge keys. */

export type Yaml = string | number | boolean | null | Yaml[] | { [key: string]: Yaml }

interface Line {
  readonly indent: number
  readonly text: string
  readonly number: number
}

/** @throws SyntaxError with the line, for what is no such file. */
export function parseYaml(text: string): Yaml {
  // JSON is YAML, too: so scripts write what they put over a file.
  if (text.trimStart().startsWith('{')) return JSON.parse(text) as Yaml
  return new Reader(text).document()
}

class Reader {
  readonly #lines: Line[]
  readonly #raw: string[]
  readonly #anchors = new Map<string, Yaml>()
  #at = 0

  constructor(text: string) {
    this.#raw = text.split('\n')
    this.#lines = this.#raw.flatMap((raw, index) => {
      if (/^\s*\t/.test(raw))
        throw new SyntaxError(`yaml: line ${index + 1}: found character that cannot start any token`)
      const bare = withoutComment(raw)
      return bare.trim() === '' || bare.trim() === '---'
        ? []
        : [{ indent: bare.length - bare.trimStart().length, text: bare.trim(), number: index + 1 }]
    })
  }

  document(): Yaml {
    if (this.#lines.length === 0) return null
    const value = this.#block(this.#lines[0]?.indent ?? 0)
    const left = this.#lines[this.#at]
    if (left) throw this.#wrong(left, 'did not find expected key')
    return value
  }

  #wrong(line: Line, what: string): SyntaxError {
    return new SyntaxError(`yaml: line ${line.number}: ${what}`)
  }

  #block(indent: number): Yaml {
    const first = this.#lines[this.#at]
    if (!first || first.indent < indent) return null
    return first.text === '-' || first.text.startsWith('- ')
      ? this.#sequence(first.indent)
      : this.#mapping(first.indent)
  }

  #sequence(indent: number): Yaml[] {
    const items: Yaml[] = []
    for (
      let line = this.#lines[this.#at];
      line && line.indent === indent && /^-( |$)/.test(line.text);
      line = this.#lines[this.#at]
    ) {
      const rest = line.text.slice(1).trimStart()
      if (rest === '') {
        this.#at++
        items.push(this.#block(indent + 1))
      } else if (keyOf(rest) !== undefined && !/^["'[{]/.test(rest)) {
        const inner = indent + (line.text.length - rest.length)
        this.#lines[this.#at] = { ...line, indent: inner, text: rest }
        items.push(this.#mapping(inner))
      } else {
        this.#at++
        items.push(this.#value(rest, line))
      }
    }
    return items
  }

  #mapping(indent: number): { [key: string]: Yaml } {
    const found: { [key: string]: Yaml } = {}
    const merged: { [key: string]: Yaml } = {}
    for (let line = this.#lines[this.#at]; line && line.indent === indent; line = this.#lines[this.#at]) {
      const key = keyOf(line.text)
      if (key === undefined) throw this.#wrong(line, "could not find expected ':'")
      const rest = line.text.slice(key.length).replace(/^\s*:\s*/, '')
      this.#at++
      const value = this.#after(rest, line)
      if (key !== '<<') found[unquoted(key)] = value
      else
        for (const each of Array.isArray(value) ? value : [value])
          if (each !== null && typeof each === 'object') Object.assign(merged, each)
    }
    const next = this.#lines[this.#at]
    if (next && next.indent > indent)
      throw this.#wrong(next, 'mapping values are not allowed in this context')
    return { ...merged, ...found }
  }

  #after(rest: string, line: Line): Yaml {
    const [, anchor, text = rest] = /^&(\S+)\s*(.*)$/.exec(rest) ?? []
    let value: Yaml
    if (text === '') {
      const next = this.#lines[this.#at]
      const nested =
        next && (next.indent > line.indent || (next.indent === line.indent && /^-( |$)/.test(next.text)))
      value = nested ? this.#block(next.indent) : null
    } else value = this.#value(text, line)
    if (anchor !== undefined) this.#anchors.set(anchor, value)
    return value
  }

  #value(text: string, line: Line): Yaml {
    if (/^[>|][-+]?\d*$/.test(text)) return this.#folded(text, line)
    if (text.startsWith('*')) {
      const name = text.slice(1)
      if (!this.#anchors.has(name)) throw this.#wrong(line, `unknown anchor '${name}' referenced`)
      return this.#anchors.get(name) ?? null
    }
    if (/^[[{]/.test(text)) {
      let whole = text
      while (!balanced(whole) && this.#lines[this.#at]) whole += ` ${this.#lines[this.#at++]?.text}`
      return new Flow(whole, this.#anchors).read()
    }
    let whole = text
    if (!/^["']/.test(text))
      for (
        let next = this.#lines[this.#at];
        next && next.indent > line.indent;
        next = this.#lines[this.#at]
      ) {
        // A plain text goes on in the lines that stand deeper.
        if (keyOf(next.text) !== undefined)
          throw this.#wrong(next, 'mapping values are not allowed in this context')
        whole += ` ${next.text}`
        this.#at++
      }
    return scalar(whole)
  }

  #folded(style: string, line: Line): string {
    const lines: string[] = []
    const last = this.#lines[this.#at - 1]?.number ?? line.number
    let index = last
    let indent: number | undefined
    for (; index < this.#raw.length; index++) {
      const raw = this.#raw[index] ?? ''
      const own = raw.length - raw.trimStart().length
      if (raw.trim() === '') {
        lines.push('')
        continue
      }
      if (own <= line.indent) break
      indent ??= own
      lines.push(raw.slice(indent))
    }
    while ((this.#lines[this.#at]?.number ?? Number.POSITIVE_INFINITY) <= index) this.#at++
    while (lines.at(-1) === '') lines.pop()
    const text = style.startsWith('>') ? lines.join(' ') : lines.join('\n')
    return style.includes('-') ? text : `${text}\n`
  }
}

/** The key before the colon, as it stands; undefined when the line is no `key: …`. */
function keyOf(text: string): string | undefined {
  return /^("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'[\]{},:#&*!|>%@`-][^:#]*?|[^:\s][^:]*?|<<)\s*:(?=\s|$)/.exec(
    text,
  )?.[1]
}

const unquoted = (text: string): string => (/^".*"$|^'.*'$/.test(text) ? text.slice(1, -1) : text)

function withoutComment(line: string): string {
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at)
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '"' || character === "'") {
      if (at === 0 || /[\s[{,:-]/.test(line.charAt(at - 1))) quote = character
    } else if (character === '#' && (at === 0 || /\s/.test(line.charAt(at - 1))))
      return line.slice(0, at).trimEnd()
  }
  return line.trimEnd()
}

function balanced(text: string): boolean {
  let depth = 0
  let quote = ''
  for (const character of text) {
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if ('[{'.includes(character)) depth++
    else if (']}'.includes(character)) depth--
  }
  return depth === 0
}

export function scalar(text: string): Yaml {
  if (/^".*"$/s.test(text))
    return text
      .slice(1, -1)
      .replace(/\\(["\\/nt])/g, (_, code: string) => ({ n: '\n', t: '\t' })[code] ?? code)
  if (/^'.*'$/s.test(text)) return text.slice(1, -1).replaceAll("''", "'")
  if (/^(null|~|)$/.test(text)) return null
  if (/^(true|True|TRUE)$/.test(text)) return true
  if (/^(false|False|FALSE)$/.test(text)) return false
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : text
}

class Flow {
  readonly #text: string
  readonly #anchors: ReadonlyMap<string, Yaml>
  #at = 0

  constructor(text: string, anchors: ReadonlyMap<string, Yaml>) {
    this.#text = text
    this.#anchors = anchors
  }

  read(): Yaml {
    this.#blank()
    const character = this.#text.charAt(this.#at)
    if (character === '[') return this.#list()
    if (character === '{') return this.#map()
    if (character === '"' || character === "'") {
      const end = this.#text.indexOf(character, this.#at + 1)
      const text = this.#text.slice(this.#at, end + 1)
      this.#at = end + 1
      return scalar(text)
    }
    const start = this.#at
    while (
      this.#at < this.#text.length &&
      !/[,\]}]/.test(this.#text.charAt(this.#at)) &&
      !/^:\s/.test(this.#text.slice(this.#at))
    )
      this.#at++
    const text = this.#text.slice(start, this.#at).trim()
    return text.startsWith('*') ? (this.#anchors.get(text.slice(1)) ?? null) : scalar(text)
  }

  #blank(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at++
  }

  #list(): Yaml[] {
    const items: Yaml[] = []
    this.#at++
    for (this.#blank(); this.#text.charAt(this.#at) !== ']'; this.#blank()) {
      if (this.#at >= this.#text.length) throw new SyntaxError("yaml: did not find expected ',' or ']'")
      items.push(this.read())
      this.#blank()
      if (this.#text.charAt(this.#at) === ',') this.#at++
    }
    this.#at++
    return items
  }

  #map(): { [key: string]: Yaml } {
    const found: { [key: string]: Yaml } = {}
    this.#at++
    for (this.#blank(); this.#text.charAt(this.#at) !== '}'; this.#blank()) {
      if (this.#at >= this.#text.length) throw new SyntaxError("yaml: did not find expected ',' or '}'")
      const key = String(this.read())
      this.#blank()
      if (this.#text.charAt(this.#at) === ':') {
        this.#at++
        found[key] = this.read()
      } else found[key] = null
      this.#blank()
      if (this.#text.charAt(this.#at) === ',') this.#at++
    }
    this.#at++
    return found
  }
}
