import { z } from 'zod'
import { FETCHED_STAMP, type PackageLists, packageLists } from '../../src/facts/apt.ts'
import { type Upgrade, upgrades } from '../../src/facts/packages.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import type { Policy } from '../../src/model/policy.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, unknown, warn } from '../../src/model/verdict.ts'
import { aptEnvironment } from './install.ts'

const params = z.object({})

export const updateLists = remedy({
  id: 'packages/update-lists',
  title: 'Fetch the package lists',
  why: 'Without fresh lists apt neither sees security updates nor finds the files that mirrors have replaced.',
  risk: 'None for what is installed: only the lists are replaced.',
  grade: 'reversible',
  params,
  async plan({ policy }) {
    return {
      actions: [
        lastingAction(
          'Fetch the package lists',
          sh`
            set -eu
            ${aptEnvironment(policy)}
            # By default a source that cannot be reached is only a warning; here it would be a wrong "fresh".
            update_lists -o APT::Update::Error-Mode=any
            touch ${FETCHED_STAMP}
          `,
          { timeoutSeconds: 600 },
        ),
      ],
      touches: ['/var/lib/apt/lists', FETCHED_STAMP],
      undo: 'Nothing to undo: the lists say what could be installed, and install nothing.',
      expectedSeconds: 10,
    }
  },
})

export const upgradePackages = remedy({
  id: 'packages/upgrade',
  title: 'Install all updates',
  why: 'Most break-ins use holes for which the update was there for weeks.',
  risk: 'Services that are updated restart. Configuration files that you have changed are kept, also sshd’s. It runs as a job of the server’s own, so a lost connection does not cut it off half way. Nothing is removed.',
  grade: 'disruptive',
  params,
  async plan({ read, policy }) {
    const { waiting } = await read(upgrades)
    return {
      actions: [
        lastingAction(
          'Install all updates',
          sh`
            set -eu
            ${aptEnvironment(policy)}
            update_lists
            apt_get -y --with-new-pkgs upgrade
          `,
          { timeoutSeconds: 3600 },
        ),
      ],
      touches: [`${counted(waiting.length, 'package')}: ${listed(waiting)}`],
      interrupts: 'Services that are updated, or use an updated library, restart for some seconds each.',
      undo: 'There is no general way back. A single package: `apt-get install NAME=VERSION` with the old version from /var/log/apt/history.log.',
      expectedSeconds: 20 + waiting.length * 3,
    }
  },
})

export const listsFresh = check({
  id: 'packages/lists-fresh',
  title: 'The package lists are fresh',
  why: 'apt knows only what its lists say. With old ones "no updates" means nothing, and installs fail on files that mirrors no longer have.',
  params,
  after: ['packages/apt-usable'],
  remedies: [updateLists],
  async probe({ read, policy }) {
    const lists = await read(packageLists)
    const details = {
      measured: measuredAge(lists),
      expected: `less than ${policy.packageListsMaxAgeDays} days old, from every source`,
      remedies: [updateLists],
    }
    if (lists.ageHours === null) return fail('there are no package lists yet', details)
    if (lists.missing.length > 0)
      return fail(`a package source has never been fetched: ${lists.missing[0]}`, details)
    if (!areFresh(lists, policy)) return fail(`the package lists are ${measuredAge(lists)}`, details)
    return pass(`the package lists are ${measuredAge(lists)}`, {
      measured: details.measured,
      expected: details.expected,
    })
  },
})

export const upToDate = check({
  id: 'packages/up-to-date',
  title: 'All updates are installed',
  why: 'Known holes are used within days of their publication, by programs that try every address.',
  params,
  after: ['packages/apt-usable', 'packages/lists-fresh'],
  timeoutSeconds: 120,
  remedies: [upgradePackages, updateLists],
  async probe({ read, policy }) {
    const lists = await read(packageLists)
    const { waiting, keptBack, held } = await read(upgrades)
    const security = waiting.filter(upgrade => upgrade.security)
    const details = {
      measured: `${waiting.length} waiting, ${security.length} of them for security`,
      expected: '0 waiting',
    }
    if (security.length > 0)
      return fail(`${counted(security.length, 'security update')}: ${listed(security)}`, {
        ...details,
        remedies: [upgradePackages],
      })
    if (waiting.length > 0)
      return warn(`${counted(waiting.length, 'update')}: ${listed(waiting)}`, {
        ...details,
        remedies: [upgradePackages],
      })
    // "Nothing waits" is worth what the lists are worth.
    if (!areFresh(lists, policy))
      return unknown(
        `the package lists are ${measuredAge(lists)}, so it cannot be told whether updates wait`,
        {
          ...details,
          remedies: [updateLists],
        },
      )
    const heldBack = keptBack.filter(name => held.includes(name))
    if (heldBack.length > 0)
      return warn(`updates wait for packages that are held on purpose: ${heldBack.join(', ')}`, {
        ...details,
        measured: `${keptBack.length} kept back`,
        advice: `Ask who held them and why; \`apt-mark unhold ${heldBack[0]}\` lets the update in.`,
      })
    if (keptBack.length > 0)
      return warn(`kept back: ${keptBack.join(', ')}`, {
        ...details,
        measured: `${keptBack.length} kept back`,
        advice:
          'These can be updated only by removing something. See what: `apt-get -s full-upgrade`, and decide.',
      })
    if (held.length > 0) return pass(`no update waits; held on purpose: ${held.join(', ')}`, details)
    return pass('no update waits', details)
  },
})

function areFresh({ ageHours }: PackageLists, policy: Policy): boolean {
  return ageHours !== null && ageHours <= policy.packageListsMaxAgeDays * 24
}

function measuredAge({ ageHours }: PackageLists): string {
  if (ageHours === null) return 'missing'
  if (ageHours < 1) return 'less than an hour old'
  return ageHours < 48 ? `${Math.round(ageHours)} hours old` : `${Math.round(ageHours / 24)} days old`
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** Up to six names. */
function listed(packages: readonly Upgrade[]): string {
  const names = packages.slice(0, 6).map(({ name }) => name)
  return packages.length > 6 ? `${names.join(', ')} and ${packages.length - 6} more` : names.join(', ')
}
