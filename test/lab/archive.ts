import { isIP } from 'node:net'
import { attempt, lines } from './shell.ts'

/**
 * Where this machine gets Debian packages from, read from its own apt configuration at run time and written
 * into no file of the project. Guests ask for the same host names; the lab's DNS leads them to the lab's mirror.
 */
export type Release = 'bookworm' | 'trixie'

export type Archives = {
  /** Base address of the main archive, as a guest writes it in its sources. */
  main: string
  /** Base address of the security archive, where the machine has one. */
  security?: string
  /** Host as guests know it → origin that this machine really asks. */
  origins: Map<string, string>
}

type Target = { uri: string; release: string; origin: string }

let remembered: Promise<Archives> | undefined

export function readArchives(): Promise<Archives> {
  remembered ??= askApt()
  return remembered
}

async function askApt(): Promise<Archives> {
  const targets = await readTargets()
  const main = choose(targets.filter(target => !target.release.includes('-')))
  const security = choose(targets.filter(target => target.release.endsWith('-security')))
  const mainUri = process.env.KNEEBOARD_LAB_MIRROR ?? main?.uri
  if (!mainUri) {
    throw new Error('This machine’s apt has no Debian archive over HTTP. Name one in KNEEBOARD_LAB_MIRROR.')
  }
  const origins = new Map<string, string>()
  const asGuestsSeeIt = (uri: string): string => {
    const url = new URL(uri)
    const host = isIP(url.hostname.replace(/[[\]]/g, '')) ? 'debian-mirror.lab' : url.hostname
    origins.set(host, url.origin)
    return `http://${host}${url.pathname.replace(/\/$/, '')}`
  }
  return {
    main: asGuestsSeeIt(mainUri),
    ...(security ? { security: asGuestsSeeIt(security.uri) } : {}),
    origins,
  }
}

/** apt itself resolves its configuration, in whichever of its formats that is written. */
async function readTargets(): Promise<Target[]> {
  const format = '$(REPO_URI)|$(RELEASE)|$(ORIGIN)'
  const filters = ['Created-By: Packages', 'Component: main']
  const known = await attempt`apt-get indextargets --format ${format} ${filters}`
  // Before the machine's first `apt-get update` apt knows the addresses, but not whose they are.
  const answer =
    known.stdout.trim() === ''
      ? await attempt`apt-get indextargets --no-release-info --format ${format} ${filters}`
      : known
  return lines(answer.stdout)
    .map(line => line.split('|'))
    .map(([uri = '', release = '', origin = '']) => ({ uri, release, origin }))
    .filter(target => /^https?:/.test(target.uri))
}

/** Third parties reuse Debian's release names, so what says that it is Debian comes first, then what looks like it. */
function choose(targets: Target[]): Target | undefined {
  return (
    targets.find(target => target.origin === 'Debian') ??
    targets.find(target => new URL(target.uri).pathname.includes('debian'))
  )
}

/** The lines of a guest's apt sources for a release. */
export function sourcesFor(release: Release, archives: Archives): string[] {
  const sources = [`deb ${archives.main} ${release} main`, `deb ${archives.main} ${release}-updates main`]
  if (archives.security) sources.push(`deb ${archives.security} ${release}-security main`)
  return sources
}
