/** There is room where Docker keeps images, containers and volumes. */

import { z } from 'zod'
import { spaceAt } from '../../src/facts/directories.ts'
import { answering, dockerDaemon } from '../../src/facts/docker.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'

export const storage = check({
  id: 'docker/storage',
  title: 'There is room where Docker keeps its data',
  why: 'The database’s volume lies there. When it is full, PostgreSQL stops, and a deployment cannot even pull the image that would help. On small plans it is often the root disk.',
  params: z.object({}),
  after: ['docker/engine-running'],
  async probe({ read, policy }) {
    const daemon = answering(await read(dockerDaemon))
    const space = await read(spaceAt, daemon.root)
    const used = Math.max(space.usedPercent, space.inodesUsedPercent ?? 0)
    const inodes = space.inodesUsedPercent === null ? '' : `, ${space.inodesUsedPercent} % of inodes`
    const free = `${(space.availableBytes / 1024 ** 3).toFixed(1)} GiB free`
    const where = `${daemon.root} (on ${space.mountedOn})`
    const details = {
      measured: `${space.usedPercent} % used${inodes}`,
      expected: `below ${policy.diskUsedWarnPercent} %`,
    }
    const advice =
      'See what takes it with docker system df. Do not prune all images: the one that a rollback needs has no container'
    if (!daemon.supportsFileTypes) {
      return fail(`${daemon.root} is on a file system that loses files under ${daemon.storageDriver}`, {
        measured: `${daemon.backingFileSystem} without file types (ftype=0)`,
        expected: 'a file system with file types',
        advice: 'Make the file system anew (mkfs.xfs -n ftype=1), or put Docker’s data on another one',
      })
    }
    if (used >= policy.diskUsedFailPercent) {
      return fail(`${where} is nearly full: ${free}`, { ...details, advice })
    }
    if (
      space.usedPercent >= policy.diskUsedWarnPercent ||
      (space.inodesUsedPercent ?? 0) >= policy.inodesUsedWarnPercent
    ) {
      return warn(`${where} is filling up: ${free}`, { ...details, advice })
    }
    return pass(`${free} at ${where}`, details)
  },
})
