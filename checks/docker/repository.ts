/** Docker's own package repository: the actions that add it, with its key checked by fingerprint. */

import { dockerPackages } from '../../src/facts/docker-packages.ts'
import { operatingSystem } from '../../src/facts/operating-system.ts'
import { type Action, lastingAction, runAction, writeFile } from '../../src/model/action.ts'
import type { ReadContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { Policy } from '../../src/model/policy.ts'
import { sh } from '../../src/model/script.ts'
import { aptEnvironment, aptInstall } from '../packages/install.ts'

const KEY_FILE = '/etc/apt/keyrings/docker.asc'
export const SOURCE_FILE = '/etc/apt/sources.list.d/docker.sources'

/** The key that Docker signs its Debian and Ubuntu repositories with (Docker's installation guide for both). */
const FINGERPRINT = '9DC858229FC7DD38854AE2D88D81803C0EBFCD88'

/** The distributions that Docker builds packages for under this layout. */
const DISTRIBUTIONS = ['debian', 'ubuntu']

export interface RepositoryPlan {
  /** Empty when apt has packages from Docker's repository already. */
  readonly actions: readonly Action[]
  readonly touches: readonly string[]
  readonly undo: string
}

/** @throws Unreadable on a system that Docker has no packages for. */
export async function planDockerRepository(context: ReadContext, policy: Policy): Promise<RepositoryPlan> {
  const packages = await context.read(dockerPackages)
  if (packages.get('docker-ce')?.candidate) return { actions: [], touches: [], undo: '' }

  const system = await context.read(operatingSystem)
  if (!DISTRIBUTIONS.includes(system.id) || system.codename === '') {
    throw new Unreadable(`Docker has no package repository for ${system.name}: install it by hand`)
  }
  const url = `https://download.docker.com/linux/${system.id}`
  return {
    actions: [
      ...aptInstall(
        'Install what fetching and checking a key needs',
        ['ca-certificates', 'curl', 'gnupg'],
        policy,
      ),
      runAction('Fetch Docker’s key and check its fingerprint', fetchKey(`${url}/gpg`), {
        timeoutSeconds: 120,
      }),
      writeFile(SOURCE_FILE, sourceFile(url, system.codename, system.architecture)),
      lastingAction(
        'Fetch the package lists',
        sh`
          set -eu
          ${aptEnvironment(policy)}
          update_lists
        `,
      ),
    ],
    touches: [KEY_FILE, SOURCE_FILE],
    undo: `rm ${SOURCE_FILE} ${KEY_FILE}`,
  }
}

/** A deb822 source. Pure. */
export function sourceFile(url: string, codename: string, architecture: string): string {
  return `Types: deb
URIs: ${url}
Suites: ${codename}
Components: stable
Architectures: ${architecture}
Signed-By: ${KEY_FILE}
`
}

function fetchKey(url: string) {
  return sh`
    set -eu
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    curl -fsSL --proto =https --retry 3 --max-time 60 -o "$work/key" ${url}
    # Every primary key in the file counts: one more than expected is refused as well.
    found=$(GNUPGHOME="$work" gpg --batch --quiet --with-colons --show-keys "$work/key" |
      awk -F: '$1 == "pub" { primary = 1 } $1 == "fpr" && primary { print $10; primary = 0 }')
    if [ "$found" != ${FINGERPRINT} ]; then
      echo "the key that was fetched is not Docker's: $found" >&2
      exit 1
    fi
    install -d -m 0755 /etc/apt/keyrings
    install -m 0644 "$work/key" ${KEY_FILE}
  `
}
