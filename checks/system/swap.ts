import { z } from 'zod'
import { diskSpace } from '../../src/facts/disks.ts'
import { memory, swapAreas } from '../../src/facts/memory.ts'
import { containerKind } from '../../src/facts/operating-system.ts'
import { textFile } from '../../src/facts/text-file.ts'
import { lastingAction, runAction, writeFile } from '../../src/model/action.ts'
import { check, type ReadContext } from '../../src/model/check.ts'
import { outputOf, Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { notApplicable, pass, warn } from '../../src/model/verdict.ts'
import { gibibytes, inGibibytes } from './amounts.ts'

const params = z.object({})
const SWAP_FILE = '/swapfile'
/** mkswap and swapon work on plain files of these; on btrfs and zfs a swap file needs more care than a recipe. */
const FILE_SYSTEMS = ['ext2', 'ext3', 'ext4', 'xfs']

export const addSwapFile = remedy({
  id: 'system/add-swap-file',
  title: 'Add a swap file',
  why: 'With swap, a spike in memory makes the server slow for a moment. Without it, the kernel ends a process, usually the database.',
  risk: 'It takes disk space, which is checked first. The file is readable by root only, since memory is written to it.',
  grade: 'reversible',
  params,
  async plan(context) {
    const megabytes = Math.round(context.policy.swapSizeGiB * 1024)
    await refuseUnlessSafe(context, megabytes)
    const fstab = (await context.read(textFile, '/etc/fstab')) ?? ''
    const entry = `${SWAP_FILE} none swap sw 0 0`
    return {
      actions: [
        lastingAction(
          `Make ${SWAP_FILE}`,
          sh`
            set -eu
            [ ! -e ${SWAP_FILE} ] || { echo ${`${SWAP_FILE} exists by now`} >&2; exit 75; }
            umask 077
            trap 'rm -f ${SWAP_FILE}' EXIT
            # Written out in full: swapon refuses a file with holes, which fallocate makes on some file systems.
            dd if=/dev/zero of=${SWAP_FILE} bs=1M count=${megabytes}
            chmod 600 ${SWAP_FILE}
            mkswap ${SWAP_FILE}
            trap - EXIT
          `,
          { timeoutSeconds: 600 },
        ),
        runAction('Use it now', sh`swapon ${SWAP_FILE}`),
        writeFile('/etc/fstab', `${withNewline(fstab)}${entry}\n`, {
          title: 'Use it after every boot',
        }),
      ],
      touches: [`${SWAP_FILE} (${context.policy.swapSizeGiB} GiB, new)`, '/etc/fstab (one line more)'],
      undo: `swapoff ${SWAP_FILE} && rm ${SWAP_FILE}, and take the line "${entry}" out of /etc/fstab`,
      expectedSeconds: 15,
    }
  },
})

async function refuseUnlessSafe({ read, run }: ReadContext, megabytes: number): Promise<void> {
  const container = await read(containerKind)
  if (container !== null)
    throw new Unreadable(`this is a container (${container}): swap belongs to the machine it runs on`)
  const root = (await read(diskSpace)).find(({ mountPoint }) => mountPoint === '/')
  if (root === undefined || !FILE_SYSTEMS.includes(root.type))
    throw new Unreadable(
      `the root file system is ${root?.type ?? 'unknown'}, where a swap file needs steps of its own: make a swap partition, or follow its documentation`,
    )
  // Twice the size: a disk that swap fills up is worse than no swap.
  if (root.available < megabytes * 1024 * 2)
    throw new Unreadable(
      `only ${gibibytes(root.available * 1024)} of disk are free, too little for a swap file of ${megabytes} MiB`,
    )
  const there = await run(sh`if [ -e ${SWAP_FILE} ]; then echo yes; fi`, { as: 'root' })
  if (outputOf(there, SWAP_FILE).trim() === 'yes')
    throw new Unreadable(`${SWAP_FILE} exists, but is not in use: look at it before it is replaced`)
  if (/^\s*[^#\s]\S*\s+\S+\s+swap\s/m.test((await read(textFile, '/etc/fstab')) ?? ''))
    throw new Unreadable('/etc/fstab names a swap area already: try `swapon --all`, or take that line out')
}

const withNewline = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

export const swap = check({
  id: 'system/swap',
  title: 'A server with little memory has swap',
  why: 'On a small plan the services together need more than there is for moments. Swap turns that into slowness instead of a killed database.',
  params,
  remedies: [addSwapFile],
  async probe({ read, policy }) {
    const container = await read(containerKind)
    if (container !== null)
      return notApplicable(`this is a container (${container}): swap belongs to the machine it runs on`)
    const { totalBytes } = await read(memory)
    const areas = await read(swapAreas)
    const total = areas.reduce((sum, { bytes }) => sum + bytes, 0)
    const details = {
      measured: `${gibibytes(total)} of swap with ${gibibytes(totalBytes)} of memory`,
      expected: `some swap below ${policy.swapBelowMemoryGiB} GiB of memory`,
    }
    if (total === 0 && inGibibytes(totalBytes) >= policy.swapBelowMemoryGiB)
      return pass(`${gibibytes(totalBytes)} of memory need no swap`, details)
    if (total === 0)
      return warn(`there is no swap, with ${gibibytes(totalBytes)} of memory`, {
        ...details,
        remedies: [addSwapFile],
      })
    const fstab = (await read(textFile, '/etc/fstab')) ?? ''
    const forgotten = areas.find(({ kind, path }) => kind === 'file' && !fstab.includes(path))
    if (forgotten !== undefined)
      return warn(`${forgotten.path} is in use, but not in /etc/fstab: it is gone after the next boot`, {
        ...details,
        advice: `Add the line "${forgotten.path} none swap sw 0 0" to /etc/fstab.`,
      })
    return pass(details.measured, details)
  },
})
