/** find(1), as far as scripts go. */

import { patternSource } from '../../shell/pattern.ts'
import type { Call } from '../../system/call.ts'
import { type Node, sizeOf, typeBits } from '../../system/nodes.ts'
import { SystemError, wordsOf } from '../../system/system-error.ts'
import { groupName, userName } from '../../world/accounts.ts'

interface Entry {
  readonly path: string
  readonly node: Node
  readonly depth: number
  readonly top: string
}

type Test = (entry: Entry) => boolean | Promise<boolean>

export async function find(call: Call): Promise<number> {
  const at = call.words.findIndex(
    word => /^[-(!]/.test(word) && word !== '-L' && word !== '-H' && word !== '-P',
  )
  const paths = call.words.slice(0, at === -1 ? undefined : at).filter(word => !/^-[LHP]$/.test(word))
  const finder = new Finder(call, at === -1 ? [] : call.words.slice(at))
  const test = finder.parse()
  let status = 0
  for (const path of paths.length > 0 ? paths : ['.']) {
    try {
      await finder.walk({ path, node: call.process.node(path, false), depth: 0, top: path }, test)
    } catch (error) {
      call.err(`find: '${path}': ${wordsOf(error)}\n`)
      status = 1
    }
  }
  return status
}

class Finder {
  readonly #call: Call
  readonly #words: readonly string[]
  #at = 0
  #deepest = Number.POSITIVE_INFINITY
  #shallowest = 0
  #acts = false
  #depthFirst = false
  #pruned = false
  #quit = false

  constructor(call: Call, words: readonly string[]) {
    this.#call = call
    this.#words = words
  }

  parse(): Test {
    const test = this.#words.length > 0 ? this.#or() : () => true
    if (this.#acts) return test
    return async entry => {
      if (!(await test(entry))) return false
      this.#call.out(`${entry.path}\n`)
      return true
    }
  }

  async walk(entry: Entry, test: Test): Promise<void> {
    if (this.#quit) return
    this.#pruned = false
    if (!this.#depthFirst && entry.depth >= this.#shallowest) await test(entry)
    const { node } = entry
    const pruned = this.#pruned
    if (node.kind === 'directory' && entry.depth < this.#deepest && !pruned) {
      let names: string[] = []
      try {
        names = this.#call.process.files.names(
          entry.path,
          this.#call.process.credentials,
          this.#call.process.cwd,
        )
      } catch (error) {
        this.#call.err(`find: '${entry.path}': ${wordsOf(error)}\n`)
      }
      for (const name of names) {
        const inner = node.entries.get(name) ?? node.generate?.find(name)
        if (inner)
          await this.walk(
            {
              ...entry,
              path: `${entry.path.replace(/\/$/, '')}/${name}`,
              node: inner,
              depth: entry.depth + 1,
            },
            test,
          )
      }
    }
    if (this.#depthFirst && entry.depth >= this.#shallowest) await test(entry)
  }

  #or(): Test {
    let left = this.#and()
    while (this.#words[this.#at] === '-o' || this.#words[this.#at] === '-or') {
      this.#at++
      const [one, other] = [left, this.#and()]
      left = async entry => (await one(entry)) || (await other(entry))
    }
    return left
  }

  #and(): Test {
    let left = this.#not()
    while (this.#at < this.#words.length && !['-o', '-or', ')'].includes(this.#words[this.#at] ?? '')) {
      if (this.#words[this.#at] === '-a' || this.#words[this.#at] === '-and') this.#at++
      const [one, other] = [left, this.#not()]
      left = async entry => (await one(entry)) && (await other(entry))
    }
    return left
  }

  #not(): Test {
    const word = this.#words[this.#at]
    if (word === '!' || word === '-not') {
      this.#at++
      const inner = this.#not()
      return async entry => !(await inner(entry))
    }
    if (word === '(') {
      this.#at++
      const inner = this.#or()
      this.#at++
      return inner
    }
    this.#at++
    return this.#primary(word ?? '')
  }

  #take(): string {
    return this.#words[this.#at++] ?? ''
  }

  #primary(word: string): Test {
    const now = (): number => Date.now()
    switch (word) {
      case '-name':
      case '-iname': {
        const test = new RegExp(
          `^(?:${patternSource([{ text: this.#take(), literal: false }])})$`,
          word === '-iname' ? 'i' : '',
        )
        return ({ path }) => test.test(path.replace(/\/+$/, '').split('/').at(-1) ?? '')
      }
      case '-path':
      case '-wholename': {
        const test = new RegExp(`^(?:${patternSource([{ text: this.#take(), literal: false }])})$`)
        return ({ path }) => test.test(path)
      }
      case '-lname': {
        const test = new RegExp(`^(?:${patternSource([{ text: this.#take(), literal: false }])})$`)
        return ({ node }) => node.kind === 'link' && test.test(node.target)
      }
      case '-type': {
        const letters = this.#take().split(',')
        const kinds = { f: 'file', d: 'directory', l: 'link', p: 'fifo', c: 'device' } as Record<
          string,
          string
        >
        return ({ node }) => letters.some(letter => kinds[letter] === node.kind)
      }
      case '-maxdepth':
        this.#deepest = Number(this.#take())
        return () => true
      case '-mindepth':
        this.#shallowest = Number(this.#take())
        return () => true
      case '-xdev':
      case '-mount':
        return () => true
      case '-depth':
        this.#depthFirst = true
        return () => true
      case '-prune':
        return () => {
          this.#pruned = true
          return true
        }
      case '-mtime':
        return compare(this.#take(), ({ node }) => Math.floor((now() - node.modified) / 86_400_000))
      case '-mmin':
        return compare(this.#take(), ({ node }) => Math.ceil((now() - node.modified) / 60_000))
      case '-size': {
        const [, sign = '', number = '0', unit = 'b'] = /^([+-]?)(\d+)([ckMGb]?)$/.exec(this.#take()) ?? []
        const bytes = { c: 1, b: 512, k: 1024, M: 1024 ** 2, G: 1024 ** 3 }[unit || 'b'] ?? 512
        return compare(`${sign}${number}`, ({ node }) => Math.ceil(sizeOf(node) / bytes))
      }
      case '-empty':
        return ({ node }) => (node.kind === 'directory' ? node.entries.size === 0 : sizeOf(node) === 0)
      case '-newer': {
        const other = this.#call.process.maybe(this.#take())
        return ({ node }) => other !== undefined && node.modified > other.modified
      }
      case '-user': {
        const name = this.#take()
        return ({ node }) =>
          userName(this.#call.process.files, node.uid) === name || String(node.uid) === name
      }
      case '-perm': {
        const text = this.#take()
        const bits = Number.parseInt(text.replace(/^[-/]/, ''), 8)
        return ({ node }) =>
          text.startsWith('-')
            ? (node.mode & bits) === bits
            : text.startsWith('/')
              ? (node.mode & bits) !== 0
              : node.mode === bits
      }
      case '-print':
        return this.#action(({ path }) => this.#call.out(`${path}\n`))
      case '-print0':
        return this.#action(({ path }) => this.#call.out(`${path}\0`))
      case '-printf': {
        const format = this.#take()
        return this.#action(entry => this.#call.out(this.#formatted(entry, format)))
      }
      case '-quit':
        return this.#action(() => {
          this.#quit = true
        })
      case '-delete':
        this.#depthFirst = true
        return this.#action(({ path }) =>
          this.#call.process.files.remove(
            this.#call.process.find(path, false),
            this.#call.process.credentials,
          ),
        )
      case '-exec':
        return this.#execute()
      default:
        throw new SystemError('EINVAL')
    }
  }

  #action(act: (entry: Entry) => void): Test {
    this.#acts = true
    return entry => {
      act(entry)
      return true
    }
  }

  #execute(): Test {
    this.#acts = true
    const words: string[] = []
    while (this.#at < this.#words.length && this.#words[this.#at] !== ';' && this.#words[this.#at] !== '+')
      words.push(this.#take())
    this.#take()
    return async ({ path }) => (await this.#call.child(words.map(word => word.replaceAll('{}', path)))) === 0
  }

  #formatted({ path, node, top }: Entry, format: string): string {
    const { files } = this.#call.process
    const seconds = node.modified / 1000
    return format
      .replace(/%(T@|A@|C@|.)/g, (_, letter: string) => {
        switch (letter) {
          case 'l':
            return node.kind === 'link' ? node.target : ''
          case 'p':
            return path
          case 'f':
            return path.split('/').at(-1) ?? ''
          case 'P':
            return path.slice(top.length).replace(/^\//, '')
          case 'h':
            return path.slice(0, path.lastIndexOf('/')) || '.'
          case 's':
            return String(sizeOf(node))
          case 'm':
            return node.mode.toString(8)
          case 'u':
            return userName(files, node.uid)
          case 'g':
            return groupName(files, node.gid)
          case 'y':
            return { 16807: 'f', 9604: 'd', 21609: 'l' }[typeBits(node)] ?? 'p'
          case 'T@':
          case 'A@':
          case 'C@':
            return `${seconds.toFixed(9)}0`
          default:
            return letter === '%' ? '%' : ''
        }
      })
      .replace(/\\n/g, '\n')
      .replace(/\\t/g, '\t')
      .replace(/\\0/g, '\0')
  }
}

function compare(text: string, measure: (entry: Entry) => number): Test {
  const number = Number(text.replace(/^[+-]/, ''))
  if (text.startsWith('+')) return entry => measure(entry) > number
  if (text.startsWith('-')) return entry => measure(entry) < number
  return entry => measure(entry) === number
}
