/** The one way in which remedies install packages: without questions, keeping the operator's configuration files. */

import { FETCHED_STAMP } from '../../src/facts/apt.ts'
import { type Action, lastingAction } from '../../src/model/action.ts'
import type { Policy } from '../../src/model/policy.ts'
import { defaultPolicy } from '../../src/model/policy.ts'
import { type Script, sh } from '../../src/model/script.ts'

/** Lists older than this are fetched again before an install: mirrors delete what newer versions replaced. */
const FRESH_FOR_MINUTES = 60

/**
 * What every apt command of ours runs under. `noninteractive` and the two `--force-conf…` answer dpkg's question
 * about changed configuration files with "keep mine"; `NEEDRESTART_MODE=a` answers needrestart's; the time-out
 * waits for whoever holds dpkg's lock (domain §6.1).
 */
export function aptEnvironment(policy: Pick<Policy, 'aptLockWaitSeconds'> = defaultPolicy): Script {
  return sh`
    export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a APT_LISTCHANGES_FRONTEND=none
    apt_get() {
      apt-get -o DPkg::Lock::Timeout=${policy.aptLockWaitSeconds} "$@" \\
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold
    }
    # The lock of the package lists has no time-out of its own, and mirrors have bad minutes: try a few times.
    update_lists() {
      attempt=1
      until apt_get "$@" update; do
        [ "$attempt" -lt 5 ] || return 1
        attempt=$((attempt + 1))
        echo "apt-get update failed, attempt $attempt of 5 in 10 seconds"
        sleep 10
      done
    }
  `
}

/**
 * Actions that install packages with their recommendations; the lists are fetched first when they are older
 * than an hour. It lasts, so it survives the connection. Empty when there is nothing to install.
 */
export function aptInstall(
  title: string,
  packages: readonly string[],
  policy: Pick<Policy, 'aptLockWaitSeconds'> = defaultPolicy,
): Action[] {
  if (packages.length === 0) return []
  const script = sh`
    set -eu
    ${aptEnvironment(policy)}
    lists=$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' 2>/dev/null | head -n 1)
    fresh=$(find /var/lib/apt/lists ${FETCHED_STAMP} -prune -mmin -${FRESH_FOR_MINUTES} 2>/dev/null || true)
    if [ -z "$lists" ] || [ -z "$fresh" ]; then update_lists; fi
    apt_get -y install ${[...packages]}
  `
  return [lastingAction(title, script)]
}
