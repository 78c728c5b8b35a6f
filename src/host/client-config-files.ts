/** The OpenSSH client configuration without OpenSSH: the library parses, the rules of ssh_config(5) are applied here. */

import { readdirSync, readFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import SshConfig, { type Line, LineType } from 'ssh-config'
import { EXIT, Failure } from '../model/failure.ts'
import type { ConfigRequest, Settings } from './client-config.ts'
import { matchesPatternList, matchesWildcard } from './wildcard.ts'

/** As in OpenSSH (READCONF_MAX_DEPTH). */
const MAX_INCLUDES = 16

/** Keywords of which every value counts, not only the first. */
const MANY = new Set(['identityfile', 'certificatefile'])

/** What OpenSSH assumes where no file says anything. */
const DEFAULTS: Record<string, readonly string[]> = {
  identityfile: ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519'],
  userknownhostsfile: ['~/.ssh/known_hosts ~/.ssh/known_hosts2'],
  globalknownhostsfile: ['/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2'],
}

interface Reading {
  readonly request: ConfigRequest
  readonly settings: Map<string, string[]>
  /** Relative includes are looked for here. */
  readonly folder: string
  readonly depth: number
}

/** @throws Failure (configuration): an unreadable file, or a Match that only OpenSSH can decide. */
export function settingsFromFiles(request: ConfigRequest): Settings {
  const settings = new Map<string, string[]>()
  const own = request.configFile ?? join(homedir(), '.ssh', 'config')
  readInto(
    own,
    { request, settings, folder: join(homedir(), '.ssh'), depth: 0 },
    request.configFile !== undefined,
  )
  if (request.configFile === undefined) {
    readInto('/etc/ssh/ssh_config', { request, settings, folder: '/etc/ssh', depth: 0 }, false)
  }
  const hostname = settings.get('hostname')?.[0]
  if (hostname !== undefined) settings.set('hostname', [hostname.replaceAll('%h', request.host)])
  for (const [keyword, values] of Object.entries(DEFAULTS)) {
    if (!settings.has(keyword)) settings.set(keyword, [...values])
  }
  return settings
}

function readInto(path: string, reading: Reading, mustExist: boolean): void {
  const lines = parseFile(path, mustExist)
  if (lines) apply(lines, { ...reading, folder: reading.folder }, path)
}

function parseFile(path: string, mustExist: boolean): readonly Line[] | undefined {
  try {
    return SshConfig.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' && !mustExist) return undefined
    const why = code === undefined ? (error as Error).message : code
    throw new Failure(
      EXIT.configuration,
      `The client configuration ${path} cannot be read: ${why}.`,
      'Mend the file, or name another one with --ssh-config.',
    )
  }
}

function apply(lines: readonly Line[], reading: Reading, path: string): void {
  for (const line of lines) {
    if (line.type !== LineType.DIRECTIVE) continue
    const keyword = line.param.toLowerCase()
    const words = wordsOf(line.value)
    const section = 'config' in line ? (line.config as readonly Line[]) : undefined
    if (keyword === 'host') {
      if (matchesPatternList(words, reading.request.host)) apply(section ?? [], reading, path)
    } else if (keyword === 'match') {
      if (matches(words, reading, path)) apply(section ?? [], reading, path)
    } else if (keyword === 'include') {
      include(words, reading, path)
    } else {
      keep(keyword, words, reading.settings)
    }
  }
}

/** The first value wins, but for keywords of which every one counts. */
function keep(keyword: string, words: readonly string[], settings: Map<string, string[]>): void {
  const value = words.join(' ')
  const known = settings.get(keyword)
  if (known === undefined) settings.set(keyword, [value])
  else if (MANY.has(keyword)) known.push(value)
}

function include(patterns: readonly string[], reading: Reading, path: string): void {
  if (reading.depth >= MAX_INCLUDES) {
    throw new Failure(
      EXIT.configuration,
      `The client configuration ${path} includes itself again and again.`,
      'Remove the Include that leads back.',
    )
  }
  for (const pattern of patterns) {
    const from = resolve(reading.folder, pattern.replace(/^~(?=\/)/, homedir()))
    for (const file of expandGlob(from)) readInto(file, { ...reading, depth: reading.depth + 1 }, false)
  }
}

function matches(words: readonly string[], { request, settings }: Reading, path: string): boolean {
  const user = request.user ?? settings.get('user')?.[0] ?? userInfo().username
  const values: Record<string, string> = {
    host: settings.get('hostname')?.[0]?.replaceAll('%h', request.host) ?? request.host,
    originalhost: request.host,
    user,
    localuser: userInfo().username,
  }
  let all = true
  for (let index = 0; index < words.length; ) {
    const word = (words[index++] ?? '').toLowerCase()
    if (word === 'all') continue
    const negated = word.startsWith('!')
    const value = values[negated ? word.slice(1) : word]
    if (value === undefined) throw undecidable(word, path)
    const fits = matchesPatternList((words[index++] ?? '').split(','), value)
    all &&= fits !== negated
  }
  return all
}

function undecidable(criterion: string, path: string): Failure {
  return new Failure(
    EXIT.configuration,
    `${path} uses “Match ${criterion}”, which only OpenSSH itself can decide, and there is no ssh command on this machine.`,
    'Install the OpenSSH client, or name a simpler file with --ssh-config.',
  )
}

function wordsOf(value: string | readonly { readonly val: string }[]): string[] {
  if (typeof value !== 'string') return value.map(({ val }) => val)
  return [...value.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
}

/** Files that a pattern names, sorted as glob(3) does; wildcards may stand in every part but the first. */
export function expandGlob(pattern: string): string[] {
  if (!/[*?]/.test(pattern)) return [pattern]
  const folder = dirname(pattern)
  const name = pattern.slice(folder.length).replace(/^\//, '')
  return expandGlob(folder).flatMap(parent => {
    try {
      return readdirSync(parent)
        .filter(entry => matchesWildcard(name, entry) && !(entry.startsWith('.') && !name.startsWith('.')))
        .sort()
        .map(entry => join(parent, entry))
    } catch {
      return []
    }
  })
}

/** Names of `Host` lines without wildcards, in the order of the files, each once. */
export function hostsInFile(path: string, mustExist: boolean, depth = 0): string[] {
  const found: string[] = []
  const visit = (lines: readonly Line[]): void => {
    for (const line of lines) {
      if (line.type !== LineType.DIRECTIVE) continue
      const keyword = line.param.toLowerCase()
      const words = wordsOf(line.value)
      if (keyword === 'host') found.push(...words.filter(word => !/[*?!]/.test(word)))
      if (keyword === 'include' && depth < MAX_INCLUDES) {
        for (const pattern of words) {
          const from = resolve(join(homedir(), '.ssh'), pattern.replace(/^~(?=\/)/, homedir()))
          for (const file of expandGlob(from)) found.push(...hostsInFile(file, false, depth + 1))
        }
      }
      if ('config' in line) visit(line.config as readonly Line[])
    }
  }
  visit(parseFile(path, mustExist) ?? [])
  return [...new Set(found)]
}
