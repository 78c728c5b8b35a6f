/** Installed packages and the upgrades that wait for them. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { WITHOUT_CACHE_FILES } from './apt-cache.ts'

/** One package that an upgrade would install. */
export interface Upgrade {
  readonly name: string
  /** Empty for a package that an upgrade would newly install, like the next kernel. */
  readonly from: string
  readonly to: string
  readonly security: boolean
}

export interface Upgrades {
  /** What `apt-get --with-new-pkgs upgrade` would install now. */
  readonly waiting: readonly Upgrade[]
  /** Newer versions exist, but they are held, depend on what is held, or would remove something. */
  readonly keptBack: readonly string[]
  /** Held on purpose with `apt-mark hold`, whether or not a newer version exists. */
  readonly held: readonly string[]
}

/** The installed version of one package, or null when it is not (or no longer completely) installed. */
export const packageVersion = fact(
  'package-version',
  async (context, name: string): Promise<string | null> => {
    const result = await context.run(sh`dpkg-query -W -f='\${db:Status-Status} \${Version}\\n' -- ${name}`)
    if (result.exitCode === 1 && /no packages found matching/.test(result.stderr)) return null
    const lines = outputOf(result, `whether ${name} is installed`).split('\n')
    const installed = lines.find(line => line.startsWith('installed '))
    return installed?.slice('installed '.length).trim() ?? null
  },
)

interface Simulation {
  /** What apt-get printed; empty when there are unmet dependencies. */
  readonly text: string
  /** What it said of unmet dependencies; empty when there are none. */
  readonly unmet: string
}

/**
 * An upgrade, simulated: changes nothing and takes no lock. `--with-new-pkgs` because a new kernel is a new
 * package, and `apt-get upgrade` alone would keep it back for ever.
 */
const simulation = fact('upgrade-simulation', async (context): Promise<Simulation> => {
  const result = await context.run(
    sh`
      apt-get -s -o Debug::NoLocking=true -o APT::Get::Show-User-Simulation-Note=false \\
        ${WITHOUT_CACHE_FILES} --with-new-pkgs upgrade
    `,
    { as: 'root', timeoutSeconds: 90 },
  )
  const all = `${result.stdout}\n${result.stderr}`
  if (result.ending === 'exited' && result.exitCode === 100 && /unmet dependencies/i.test(all))
    return { text: '', unmet: all.trim() }
  return { text: outputOf(result, 'the upgrades that wait'), unmet: '' }
})

/** What apt says of installed packages that miss what they depend on; empty when none does. */
export const unmetDependencies = fact('unmet-dependencies', async (context): Promise<string> => {
  return (await context.read(simulation)).unmet
})

/** The updates that wait, by the package lists that are there. @throws Unreadable while dependencies are unmet. */
export const upgrades = fact('upgrades', async (context): Promise<Upgrades> => {
  const { text, unmet } = await context.read(simulation)
  if (unmet !== '')
    throw new Unreadable('apt tells no updates while installed packages miss what they depend on')
  const hold = await context.run(sh`dpkg-query -W -f='\${db:Status-Want} \${Package}\\n'`)
  const held = [...outputOf(hold, 'held packages').matchAll(/^hold (\S+)$/gm)].map(([, name = '']) => name)
  const { waiting, keptBack } = parseSimulation(text)
  if (keptBack.length === 0) return { waiting, keptBack, held }
  const policy = await context.run(sh`apt-cache ${WITHOUT_CACHE_FILES} policy ${keptBack}`, {
    timeoutSeconds: 60,
  })
  const phased = parsePhased(outputOf(policy, 'why packages are kept back'))
  return { waiting, keptBack: keptBack.filter(name => !phased.includes(name)), held }
})

/**
 * Packages whose candidate Ubuntu gives to a part of all machines first: `2.4.7 500 (phased 20%)`. apt of 22.04
 * counts them as kept back, although they come by themselves within days.
 */
export function parsePhased(policy: string): string[] {
  return policy.split(/^(?=\S+:$)/m).flatMap(block => {
    const name = /^(\S+):$/m.exec(block)?.[1]
    const candidate = /^ {2}Candidate: (\S+)$/m.exec(block)?.[1]
    const phased = [...block.matchAll(/^ (?:\*\*\*| {3}) (\S+) \d+ \(phased \d+%\)$/gm)]
    return name !== undefined && phased.some(([, version]) => version === candidate) ? [name] : []
  })
}

/** @throws Unreadable when the text is not that of a simulated upgrade in the C locale. */
export function parseSimulation(text: string): Pick<Upgrades, 'waiting' | 'keptBack'> {
  if (!/^\d+ upgraded, \d+ newly installed, /m.test(text))
    throw new Unreadable('apt-get gave no summary of the upgrade')
  const waiting = [...text.matchAll(/^Inst (\S+) (?:\[([^\]]*)\] )?\((\S+) ([^)]*)\)/gm)].map(
    ([, name = '', from = '', to = '', origins = '']) => ({ name, from, to, security: isSecurity(origins) }),
  )
  return { waiting, keptBack: parseKeptBack(text) }
}

/** `Debian-Security:12/stable-security`, `Ubuntu:24.04/noble-security`, `UbuntuESMApps:…-security`. */
function isSecurity(origins: string): boolean {
  return /-security\b|Debian-Security:/i.test(origins)
}

/** The list under its heading. Newer versions of apt put phased packages under another one. */
function parseKeptBack(text: string): string[] {
  const list = /^The following packages have been kept back:\n((?: {2}.*\n?)+)/m.exec(text)?.[1] ?? ''
  return list.split(/\s+/).filter(Boolean)
}
