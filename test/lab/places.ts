import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Where the lab keeps things.
 *
 * Two folders with two lifetimes: what is dear to make again (images, packages, keys) outlives everything and
 * can be put elsewhere with KNEEBOARD_LAB_CACHE; what describes running things (sockets, pids, DNS zones) lies
 * under /run, so that a reboot of the machine forgets it together with the processes that it describes.
 */
export const cacheFolder =
  process.env.KNEEBOARD_LAB_CACHE ||
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kneeboard-lab')

/** A short name for this cache, so that two caches on one machine have daemons and sockets of their own. */
const cacheName = createHash('sha256').update(cacheFolder).digest('hex').slice(0, 6)

export const runtimeFolder = `/run/kneeboard-lab-${cacheName}`

export const places = {
  /** Debian packages and indices that the lab's mirror has fetched. */
  packages: join(cacheFolder, 'packages'),
  /** Root file systems as mmdebstrap made them: an image is imported again from here in seconds. */
  rootfs: join(cacheFolder, 'rootfs'),
  /** The key that opens every lab server; it opens nothing else. */
  keys: join(cacheFolder, 'keys'),
  /** Data of the Docker daemon that the lab starts where none runs. */
  dockerData: join(cacheFolder, 'docker'),
  dockerLog: join(cacheFolder, 'dockerd.log'),
  locks: join(cacheFolder, 'locks'),
  runs: join(runtimeFolder, 'runs'),
  dockerSocket: join(runtimeFolder, 'docker.sock'),
  dockerPid: join(runtimeFolder, 'dockerd.pid'),
} as const
