/** Which Docker packages are on the server, and which its package sources could give. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { WITHOUT_CACHE_FILES } from './apt-cache.ts'

/** One package as `apt-cache policy` describes it; a version is null when there is none. */
export interface PackagePolicy {
  readonly installed: string | null
  /** The version that an install would take. */
  readonly candidate: string | null
}

/** Package names with what apt says of them. A name that apt does not know is not in it. */
export type PackagePolicies = ReadonlyMap<string, PackagePolicy>

/** Everything that can bring an engine, its client, or Compose, from any source. */
const DOCKER_PACKAGES = [
  'docker.io',
  'docker-cli',
  'docker-ce',
  'docker-ce-cli',
  'docker-compose-v2',
  'docker-compose-plugin',
  'docker-compose',
  'podman-docker',
] as const

/** @throws Unreadable where there is no apt. */
export const dockerPackages = fact('docker/packages', async context => {
  const result = await context.run(sh`apt-cache ${WITHOUT_CACHE_FILES} policy ${DOCKER_PACKAGES}`)
  return parseAptPolicy(outputOf(result, 'what apt knows of Docker'))
})

/** Reads the output of `apt-cache policy NAME…`. */
export function parseAptPolicy(text: string): PackagePolicies {
  const policies = new Map<string, PackagePolicy>()
  for (const block of text.split(/^(?=\S)/m)) {
    const name = /^(\S+):\s*$/m.exec(block)?.[1]
    if (name === undefined) continue
    policies.set(name, { installed: version(block, 'Installed'), candidate: version(block, 'Candidate') })
  }
  return policies
}

function version(block: string, field: 'Installed' | 'Candidate'): string | null {
  const value = new RegExp(`^  ${field}: (\\S+)`, 'm').exec(block)?.[1]
  return value === undefined || value === '(none)' ? null : value
}

/** The first two numbers of a version, without a package's epoch; null when it does not start with numbers. */
export function majorMinor(version: string): readonly [number, number] | null {
  const match = /^(?:\d+:)?v?(\d+)\.(\d+)/.exec(version.trim())
  return match ? [Number(match[1]), Number(match[2])] : null
}

/** A package that holds Compose v2, and the version that apt would install. */
export interface ComposePackage {
  readonly name: string
  readonly version: string
}

/**
 * Names under which Compose v2 is packaged: Ubuntu's, Docker's own, Debian's. Debian's name held Compose v1
 * until release 12, so that the version decides, never the name.
 */
const COMPOSE_PACKAGES = ['docker-compose-v2', 'docker-compose-plugin', 'docker-compose'] as const

/** The package that would bring Compose v2 from the sources that the server has; null when none does. */
export function composePackage(policies: PackagePolicies): ComposePackage | null {
  for (const name of COMPOSE_PACKAGES) {
    const candidate = policies.get(name)?.candidate
    if (candidate && (majorMinor(candidate)?.[0] ?? 0) >= 2) return { name, version: candidate }
  }
  return null
}
