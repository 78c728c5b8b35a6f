/** What psql makes of a script: statements, its own commands after a backslash, variables, and rows of COPY. */

import { PLAIN_MARK } from '../../world/shop/archive.ts'
import { type DatabaseContents, fill } from '../../world/shop/database.ts'
import type { Session } from './connection.ts'
import { PostgresError, runStatement } from './sql.ts'

interface Style {
  readonly separator: string
  readonly unaligned: boolean
  /** Whether the first error ends it, whatever ON_ERROR_STOP says. */
  readonly stops: boolean
}

type Piece =
  | { readonly kind: 'statement'; readonly text: string }
  | { readonly kind: 'command'; readonly text: string; readonly before: string }
  | { readonly kind: 'contents'; readonly text: string }

const TOKEN =
  /--[^\n]*|E?'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|;|\\[a-z!.]+[^\n]*|[^;'"$\\-]+|[\s\S]/g

export class Script {
  readonly variables = new Map<string, string>()
  readonly #session: Session
  readonly #style: Style
  /** The descriptor that answers go to. */
  #output: 1 | 2 = 1
  #failed = false

  constructor(session: Session, style: Style) {
    this.#session = session
    this.#style = style
  }

  /** @returns psql's exit status: 3 when an error stopped it. */
  async run(text: string): Promise<number> {
    for (const piece of pieces(text)) {
      try {
        if (piece.kind === 'contents') this.#restore(piece.text)
        else if (piece.kind === 'statement') this.#show(this.#ask(piece.text).rows)
        else await this.#command(piece.text, piece.before)
      } catch (error) {
        if (!(error instanceof PostgresError)) throw error
        this.#session.call.err(`${this.#session.call.name}:<stdin>:1: ERROR:  ${error.message}\n`)
        this.#failed = true
        if (this.#style.stops || this.#isSet('ON_ERROR_STOP')) return 3
      }
      await this.#session.call.flush()
    }
    return this.#failed && this.#session.call.words.includes('-c') ? 1 : 0
  }

  #isSet(name: string): boolean {
    return /^(1|on|true)$/i.test(this.variables.get(name) ?? '')
  }

  #ask(statement: string): ReturnType<typeof runStatement> {
    return runStatement(this.#session, this.#filled(statement))
  }

  /** `:'name'` as a text, `:"name"` as an identifier, `:name` as it is. */
  #filled(text: string): string {
    return text
      .replace(/(?<!:):'(\w+)'/g, (found, name: string) => {
        const value = this.variables.get(name)
        return value === undefined ? found : `'${value.replaceAll("'", "''")}'`
      })
      .replace(/(?<!:):"(\w+)"/g, (found, name: string) => {
        const value = this.variables.get(name)
        return value === undefined ? found : `"${value.replaceAll('"', '""')}"`
      })
  }

  #show(rows: readonly (readonly string[])[]): void {
    for (const row of rows) {
      const line = `${row.join(this.#style.unaligned ? this.#style.separator : ' | ')}\n`
      if (this.#output === 1) this.#session.call.outText(line)
      else this.#session.call.err(line)
    }
  }

  async #command(line: string, before: string): Promise<void> {
    const [, name = '', rest = ''] = /^\\([a-z]+|!|\.)\s*(.*)$/s.exec(line.trimEnd()) ?? []
    const words = rest.split(/\s+/)
    switch (name) {
      case 'gexec':
        for (const row of this.#ask(before).rows)
          for (const statement of row) this.#show(runStatement(this.#session, statement).rows)
        return
      case 'gset': {
        const { columns, rows } = this.#ask(before)
        columns.forEach((column, index) => {
          this.variables.set(column, rows[0]?.[index] ?? '')
        })
        return
      }
      case 'set':
        this.variables.set(words[0] ?? '', await this.#value(rest.slice((words[0] ?? '').length).trim()))
        return
      case 'setenv': {
        const value = words[1] ?? ''
        const filled = value.startsWith(':') ? (this.variables.get(value.slice(1)) ?? '') : value
        this.#session.call.process.environment.set(words[0] ?? '', filled)
        return
      }
      case 'o':
        this.#output = /^\|\s*cat\s*>&2$/.test(rest) ? 2 : 1
        return
      case '!':
        await this.#session.call.child(['/bin/sh', '-c', rest])
        return
      case 'connect':
      case 'c': {
        const found = this.#session.role.cluster.databases.get(words[0] ?? '')
        if (!found) throw new PostgresError(`database "${words[0]}" does not exist`)
        this.#session.database = found
        return
      }
    }
  }

  /** A text in quotes, or what a command in backquotes prints. */
  async #value(text: string): Promise<string> {
    const [, command] = /^`(.*)`$/s.exec(text) ?? []
    if (command === undefined) return text.replace(/^'(.*)'$/s, '$1')
    const { call, role } = this.#session
    const environment = [...call.process.environment].map(([name, value]) => `${name}=${value}`)
    const { output } = await call.world.docker.run(role.container, [
      '/usr/bin/env',
      ...environment,
      '/bin/sh',
      '-c',
      command,
    ])
    return output.replace(/\n$/, '')
  }

  /** The rows of a dump in this world's plain format. */
  #restore(encoded: string): void {
    const contents = JSON.parse(Buffer.from(encoded, 'base64').toString()) as DatabaseContents
    fill(this.#session.database, contents)
  }
}

/** Semicolons in quotes and dollar quotes are passed over, and the rows after `COPY … FROM stdin`. */
function pieces(text: string): Piece[] {
  const found: Piece[] = []
  let current = ''
  const withoutRows = text.replace(/^(COPY [^\n]* FROM stdin;)\n[\s\S]*?^\\\.$/gm, '$1')
  for (const [part] of withoutRows.matchAll(TOKEN)) {
    if (part === ';') {
      if (current.trim() !== '') found.push({ kind: 'statement', text: current.trim() })
      current = ''
    } else if (/^\\[a-z!]/.test(part)) {
      found.push({ kind: 'command', text: part, before: current.trim() })
      current = ''
    } else if (part.startsWith(PLAIN_MARK))
      found.push({ kind: 'contents', text: part.slice(PLAIN_MARK.length).trim() })
    else if (!part.startsWith('--')) current += part
  }
  if (current.trim() !== '') found.push({ kind: 'statement', text: current.trim() })
  return found
}
