import { existsSync } from 'node:fs'
import { attempt } from './shell.ts'

/**
 * Whether this machine can hold a lab, and if not, why: the sentence that a test run prints when it leaves the lab
 * out. Missing packages are no reason: the lab installs them.
 */
export async function labIsPossible(): Promise<{ possible: boolean; reason?: string }> {
  if (process.platform !== 'linux') return impossible('it needs Linux.')
  if (process.getuid?.() !== 0) return impossible('it needs root, for containers that boot systemd.')
  if (!existsSync('/usr/bin/apt-get'))
    return impossible('it needs Debian: its servers are made with this machine’s own package sources.')
  const mayMount = await attempt`unshare --mount true`
  if (mayMount.exitCode !== 0)
    return impossible('it may not mount file systems here (a container without CAP_SYS_ADMIN).')
  if (!existsSync('/proc/net/if_inet6')) return impossible('its network has IPv6, which this kernel has not.')
  return { possible: true }
}

function impossible(reason: string): { possible: false; reason: string } {
  return { possible: false, reason }
}
