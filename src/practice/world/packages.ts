/** dpkg's and apt's view: what is installed in which version, what the sources offer, and what packages bring. */

import type { FileSystem } from '../system/file-system.ts'
import { programNode } from '../system/nodes.ts'

/** One package as the archive has it. */
export interface Package {
  readonly name: string
  readonly version: string
  /** True when this version came through the security archive. */
  readonly security?: boolean
  readonly depends?: readonly string[]
  /** Paths of programs with the name of the program that they are. */
  readonly programs?: Readonly<Record<string, string>>
  /** Other files, by path. */
  readonly files?: Readonly<Record<string, string>>
  /** Configuration files: kept where they are there already. */
  readonly configuration?: Readonly<Record<string, string>>
  /** Units that are enabled and started by the installation. */
  readonly starts?: readonly string[]
  /** Only in a repository that has to be added: its host. */
  readonly from?: string
  readonly conflicts?: readonly string[]
}

export interface Installed {
  readonly name: string
  version: string
  hold: boolean
  /** dpkg's word: `installed`, `half-configured`, `unpacked`, `config-files`. */
  status: string
}

export class Packages {
  readonly catalogue: ReadonlyMap<string, Package>
  readonly installed = new Map<string, Installed>()
  readonly #files: FileSystem

  constructor(catalogue: readonly Package[], files: FileSystem) {
    this.catalogue = new Map(catalogue.map(entry => [entry.name, entry]))
    this.#files = files
  }

  /** Installed completely. */
  has(name: string): boolean {
    return this.installed.get(name)?.status === 'installed'
  }

  /** The version that an install would take; undefined when no source offers the package. */
  candidate(name: string): Package | undefined {
    const entry = this.catalogue.get(name)
    if (!entry || !this.hasLists()) return undefined
    return entry.from === undefined || this.#sources().includes(entry.from) ? entry : undefined
  }

  hasLists(): boolean {
    const node = this.#files.maybe('/var/lib/apt/lists')
    return node?.kind === 'directory' && [...node.entries.keys()].some(name => name.includes('_Packages'))
  }

  #sources(): string {
    const folder = '/etc/apt/sources.list.d'
    const names = this.#files.maybe(folder)?.kind === 'directory' ? this.#files.names(folder) : []
    return [
      this.#files.text('/etc/apt/sources.list'),
      ...names.map(name => this.#files.text(`${folder}/${name}`)),
    ].join('\n')
  }

  /** Archives of the sources that are switched on. */
  archives(): { uri: string; suite: string; component: string }[] {
    return this.#sources()
      .split(/\n\s*\n/)
      .flatMap(stanza => {
        const value = (key: string): string[] =>
          (new RegExp(`^${key}:\\s*(.*)$`, 'mi').exec(stanza)?.[1] ?? '').split(/\s+/).filter(Boolean)
        if (/^Enabled:\s*no/im.test(stanza)) return []
        return value('URIs').flatMap(uri =>
          value('Suites').flatMap(suite =>
            value('Components').map(component => ({ uri: uri.replace(/\/$/, ''), suite, component })),
          ),
        )
      })
  }

  /** What is to be installed for these names, dependencies first; undefined for what no source has. */
  resolve(names: readonly string[]): Package[] | { readonly missing: string } {
    const found = new Map<string, Package>()
    const visit = (name: string): string | undefined => {
      if (found.has(name) || this.has(name)) return undefined
      const entry = this.candidate(name)
      if (!entry) return name
      found.set(name, entry)
      for (const other of entry.depends ?? []) {
        const missing = visit(other)
        if (missing !== undefined) return missing
      }
      // Dependencies are set up before what needs them.
      found.delete(name)
      found.set(name, entry)
      return undefined
    }
    for (const name of names) {
      const missing = visit(name)
      if (missing !== undefined) return { missing }
    }
    return [...found.values()]
  }

  /** Puts a package's files in place. */
  unpack(entry: Package, version = entry.version): void {
    for (const [path, program] of Object.entries(entry.programs ?? {})) {
      this.#files.folder(path.slice(0, path.lastIndexOf('/')))
      this.#files.drop(path)
      this.#files
        .find(path, { uid: 0, gid: 0, groups: [] })
        .parent.entries.set(path.slice(path.lastIndexOf('/') + 1), programNode(program))
    }
    for (const [path, text] of Object.entries(entry.files ?? {}))
      this.#files.write(path, text, text.startsWith('#!') ? 0o755 : 0o644)
    for (const [path, text] of Object.entries(entry.configuration ?? {}))
      if (!this.#files.exists(path)) this.#files.write(path, text)
    this.installed.set(entry.name, { name: entry.name, version, hold: false, status: 'installed' })
  }

  remove(name: string, purge = false): void {
    const entry = this.catalogue.get(name)
    for (const path of [...Object.keys(entry?.programs ?? {}), ...Object.keys(entry?.files ?? {})])
      this.#files.drop(path)
    const configured = Object.keys(entry?.configuration ?? {}).length > 0
    if (purge) for (const path of Object.keys(entry?.configuration ?? {})) this.#files.drop(path)
    const before = this.installed.get(name)
    if (before && configured && !purge) before.status = 'config-files'
    else this.installed.delete(name)
  }

  /** The package that a path belongs to. */
  ownerOf(path: string): string | undefined {
    for (const name of this.installed.keys()) {
      const entry = this.catalogue.get(name)
      if (!entry || !this.has(name)) continue
      if (
        path in (entry.programs ?? {}) ||
        path in (entry.files ?? {}) ||
        path in (entry.configuration ?? {})
      )
        return name
    }
    return undefined
  }

  /** Installed packages with a newer version in the archive. */
  upgrades(): { readonly entry: Package; readonly from: string; readonly hold: boolean }[] {
    return [...this.installed.values()].flatMap(({ name, version, hold, status }) => {
      const entry = this.candidate(name)
      return entry && status === 'installed' && entry.version !== version
        ? [{ entry, from: version, hold }]
        : []
    })
  }
}
