/** What a POSIX shell script is made of, after reading and before anything is expanded. */

/** One word: parts that stand side by side. */
export type Word = readonly Part[]

export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: 'parameter'
      readonly name: string
      /** `:-`, `%%`, … or `length`; undefined for a plain `$name`. */
      readonly operator?: string
      readonly word?: Word
      readonly quoted: boolean
    }
  | { readonly kind: 'command'; readonly body: List; readonly quoted: boolean }
  | { readonly kind: 'arithmetic'; readonly expression: Word; readonly quoted: boolean }

export interface Redirection {
  readonly descriptor: number
  readonly operator: '<' | '>' | '>>' | '>|' | '<>' | '<&' | '>&' | '<<'
  /** The file, the other descriptor, or the here-document's text. Filled in later for a here-document. */
  word: Word
}

export interface Assignment {
  readonly name: string
  readonly value: Word
}

export type Command =
  | {
      readonly kind: 'simple'
      readonly assignments: readonly Assignment[]
      readonly words: readonly Word[]
      readonly redirections: readonly Redirection[]
    }
  | {
      readonly kind: 'group' | 'subshell'
      readonly body: List
      readonly redirections: readonly Redirection[]
    }
  | {
      readonly kind: 'if'
      readonly branches: readonly { readonly condition: List; readonly body: List }[]
      readonly otherwise: List | undefined
      readonly redirections: readonly Redirection[]
    }
  | {
      readonly kind: 'while' | 'until'
      readonly condition: List
      readonly body: List
      readonly redirections: readonly Redirection[]
    }
  | {
      readonly kind: 'for'
      readonly name: string
      /** Undefined: the positional parameters. */
      readonly words: readonly Word[] | undefined
      readonly body: List
      readonly redirections: readonly Redirection[]
    }
  | {
      readonly kind: 'case'
      readonly subject: Word
      readonly branches: readonly { readonly patterns: readonly Word[]; readonly body: List }[]
      readonly redirections: readonly Redirection[]
    }
  | { readonly kind: 'function'; readonly name: string; readonly body: Command }

export interface Pipeline {
  readonly negated: boolean
  readonly commands: readonly Command[]
}

export interface AndOr {
  readonly first: Pipeline
  readonly rest: readonly { readonly operator: '&&' | '||'; readonly pipeline: Pipeline }[]
  readonly background: boolean
}

export type List = readonly AndOr[]

/** The text so far is the beginning of a command: more is needed. */
export class Incomplete extends Error {
  override readonly name = 'Incomplete'
}

/** The text is no command. */
export class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError'
}
