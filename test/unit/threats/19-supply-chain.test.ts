import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface Locked {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly hasInstallScript?: boolean
  readonly dev?: boolean
  readonly link?: boolean
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  allowScripts: Record<string, boolean>
}
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> }
const packages = Object.entries(lock.packages).filter(([path]) => path !== '')
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 13)

/** Threat 19: code that comes with a dependency. */
describe('threat 19, supply chain', () => {
  it('every dependency is pinned to one version, and what is fetched is held against its hash', () => {
    for (const range of Object.values({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(range).toMatch(/^\d+\.\d+\.\d+$/)
    }
    const without = packages.filter(([, { integrity, link }]) => !link && !integrity?.startsWith('sha512-'))
    expect(without.map(([path]) => path)).toEqual([])
  })

  it('nothing that users get needs a script of its own to be installed', () => {
    const scripted = packages.filter(([, locked]) => locked.hasInstallScript && !locked.dev)
    // Both build faster versions of what they can do without: they are refused by name.
    for (const [path] of scripted) expect(manifest.allowScripts[nameOf(path)]).toBe(false)
  })

  it('no address of a package mirror is part of the lock file', () => {
    const elsewhere = packages.filter(
      ([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'),
    )
    expect(elsewhere).toEqual([])
  })
})
