/** The machine below the containers: what it has left, and what waits. */

import { z } from 'zod'
import {
  type Filled,
  type HostCondition,
  hostCondition,
  type Pressure,
} from '../../src/facts/host-condition.ts'
import { containerKind } from '../../src/facts/operating-system.ts'
import { type Check, check, type ProbeContext } from '../../src/model/check.ts'
import type { Policy } from '../../src/model/policy.ts'
import { fail, notApplicable, pass, type Verdict, warn } from '../../src/model/verdict.ts'

const params = z.object({})
type Judge = (condition: HostCondition, policy: Policy) => Verdict

interface Question {
  readonly id: string
  readonly title: string
  readonly why: string
  /** In a container the kernel tells this of the machine around it, which is not the server's to mend. */
  readonly ofTheMachine?: true
  readonly explains?: readonly string[]
  readonly judge: Judge
}

function hostCheck({ judge, ofTheMachine, ...rest }: Question): Check<object> {
  return check({
    ...rest,
    params,
    async probe({ read, policy }: ProbeContext<object>) {
      const kind = ofTheMachine === undefined ? null : await read(containerKind)
      if (kind !== null)
        return notApplicable(`this is a container (${kind}): the kernel counts for the machine around it`)
      return judge(await read(hostCondition), policy)
    },
  })
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`

/** What slowness and want of memory show in. */
const SLOWNESS = ['backend/quick']

export const memoryLeft = hostCheck({
  id: 'machine/memory-left',
  title: 'Memory is left',
  why: 'When none is left the kernel chooses a process and kills it, and it likes databases best.',
  explains: SLOWNESS,
  judge({ memory }, policy) {
    const used = Math.round((1 - memory.availableBytes / memory.totalBytes) * 100)
    const details = {
      measured: `${gibibytes(memory.availableBytes)} of ${gibibytes(memory.totalBytes)} available`,
      expected: `below ${policy.memoryUsedWarnPercent} % used`,
      advice: 'See who has it: `docker stats --no-stream`, and `ps aux --sort=-rss | head`',
    }
    if (used >= policy.memoryUsedFailPercent) return fail(`${used} % of the memory is used`, details)
    if (used >= policy.memoryUsedWarnPercent) return warn(`${used} % of the memory is used`, details)
    return pass(`${used} % of the memory is used`, { measured: details.measured, expected: details.expected })
  },
})

function pressureCheck(
  name: 'memory' | 'processor' | 'disk',
  words: { readonly title: string; readonly why: string; readonly advice: string },
  threshold: (policy: Policy) => number,
  share: (pressure: Pressure) => number,
): Check<object> {
  return hostCheck({
    id: `machine/${name}-pressure`,
    title: words.title,
    why: words.why,
    ofTheMachine: true,
    explains: SLOWNESS,
    judge({ pressure }, policy) {
      const found = pressure[name]
      if (found === null) return notApplicable('this kernel does not measure pressure')
      const percent = share(found)
      const details = {
        measured: `${percent} % of the last minute`,
        expected: `below ${threshold(policy)} %`,
      }
      if (percent < threshold(policy)) return pass(`nobody waits for it to speak of`, details)
      return warn(`processes waited for it in ${percent} % of the last minute`, {
        ...details,
        advice: words.advice,
      })
    },
  })
}

export const memoryPressure = pressureCheck(
  'memory',
  {
    title: 'Nobody waits for memory',
    why: 'Long before memory runs out, everything is slow because pages are fetched again and again.',
    advice: 'Find who takes the memory: `docker stats --no-stream`',
  },
  policy => policy.pressureMemoryWarnPercent,
  ({ some }) => some[1],
)

export const processorPressure = pressureCheck(
  'processor',
  {
    title: 'Nobody waits long for a processor',
    why: 'Requests queue behind each other, and pages are slow without one error.',
    advice: 'Find who works so hard: `top`, and `docker stats --no-stream`',
  },
  policy => policy.pressureProcessorWarnPercent,
  ({ some }) => some[1],
)

export const diskPressure = pressureCheck(
  'disk',
  {
    title: 'Nobody waits long for the disk',
    why: 'A database is as fast as its disk: a backup or an import beside it makes every page slow.',
    advice: 'Find who reads and writes: `iotop -o`, or `pidstat -d 2`',
  },
  policy => policy.pressureDiskWarnPercent,
  ({ some }) => some[1],
)

export const loadBearable = hostCheck({
  id: 'machine/load',
  title: 'The processors keep up',
  why: 'Load is what runs and what waits. Far above the number of processors, every answer is late.',
  ofTheMachine: true,
  explains: SLOWNESS,
  judge({ load, processors }, policy) {
    const each = load[1] / processors
    const details = {
      measured: `${load.join(', ')} on ${processors} processors`,
      expected: `below ${policy.loadWarnPerProcessor} for each`,
      advice: 'See what runs: `top -b -n 1 | head -20`',
    }
    const words = `the load is ${each.toFixed(1)} for each processor`
    if (each >= policy.loadFailPerProcessor) return fail(words, details)
    if (each >= policy.loadWarnPerProcessor) return warn(words, details)
    return pass(words, { measured: details.measured, expected: details.expected })
  },
})

export const noMemoryKills = hostCheck({
  id: 'machine/no-memory-kills',
  title: 'The kernel has killed nothing for want of memory',
  why: 'Whatever it killed was in the middle of something, and the log of that program says nothing of it.',
  ofTheMachine: true,
  judge({ memoryKills, uptimeSeconds }) {
    if (memoryKills === null) return notApplicable('this kernel does not count what it kills')
    const days = (uptimeSeconds / 86_400).toFixed(1)
    const details = { measured: `${memoryKills} in ${days} days`, expected: '0' }
    if (memoryKills === 0) return pass(`nothing was killed in ${days} days`, details)
    return warn(`${memoryKills} processes were killed for want of memory in ${days} days`, {
      ...details,
      advice: 'See which: `journalctl -k | grep -i "out of memory"`',
    })
  },
})

export const swapCalm = hostCheck({
  id: 'machine/swap',
  title: 'Swap is not full of what is needed',
  why: 'What has been swapped out comes back one page at a time, while somebody waits for it.',
  ofTheMachine: true,
  explains: SLOWNESS,
  judge({ swap }, policy) {
    if (swap.totalBytes === 0)
      return notApplicable('the server has no swap: server-setup looks at whether it needs some')
    const used = Math.round((1 - swap.freeBytes / swap.totalBytes) * 100)
    const details = { measured: `${used} % used`, expected: `below ${policy.swapUsedWarnPercent} %` }
    if (used < policy.swapUsedWarnPercent) return pass(`${used} % of the swap is used`, details)
    return warn(`${used} % of the swap is used`, {
      ...details,
      advice: 'Find who needs more memory than there is',
    })
  },
})

function tableCheck(
  id: string,
  words: { readonly title: string; readonly why: string; readonly what: string },
  table: (condition: HostCondition) => Filled | null,
): Check<object> {
  return hostCheck({
    id,
    title: words.title,
    why: words.why,
    judge(condition, policy) {
      const filled = table(condition)
      if (filled === null) return notApplicable(`the kernel keeps no table of ${words.what}`)
      const percent = Math.round((filled.used / filled.most) * 100)
      const details = {
        measured: `${filled.used} of ${filled.most}`,
        expected: `below ${policy.tableUsedWarnPercent} %`,
      }
      if (percent < policy.tableUsedWarnPercent) return pass(`${filled.used} ${words.what}`, details)
      return fail(`${percent} % of the ${words.what} that the kernel allows are in use`, details)
    },
  })
}

export const openFiles = tableCheck(
  'machine/open-files',
  {
    title: 'Files can still be opened',
    why: '“Too many open files” comes from every program at once, also from the one that you log in with.',
    what: 'open files',
  },
  ({ openFiles: table }) => table,
)

export const connectionTable = tableCheck(
  'machine/connection-table',
  {
    title: 'The kernel has room for connections',
    why: 'When the table of tracked connections is full, new ones are dropped without a word: the site is slow for some.',
    what: 'tracked connections',
  },
  ({ connections }) => connections,
)

export const processTable = tableCheck(
  'machine/processes',
  {
    title: 'Processes can still be started',
    why: '“Resource temporarily unavailable” from every command: then not even the remedy can be run.',
    what: 'processes',
  },
  ({ processes }) => processes,
)

export const noStuckProcesses = hostCheck({
  id: 'machine/no-stuck-processes',
  title: 'No process hangs on a disk',
  why: 'A process that waits for a disk or a network file system cannot even be killed: whatever it holds is stuck with it.',
  judge({ uninterruptible }, policy) {
    const details = { measured: `${uninterruptible}`, expected: `below ${policy.uninterruptibleWarn}` }
    if (uninterruptible < policy.uninterruptibleWarn)
      return pass(`${uninterruptible} processes wait for a disk`, details)
    return warn(`${uninterruptible} processes wait for a disk and cannot be interrupted`, {
      ...details,
      advice: 'See which: `ps -eo state,pid,wchan:30,cmd | grep ^D`',
    })
  },
})

export const noZombies = hostCheck({
  id: 'machine/no-zombies',
  title: 'No heap of dead processes',
  why: 'A program that does not ask for its children’s end fills the table of processes slowly.',
  judge({ zombies }, policy) {
    const details = { measured: `${zombies}`, expected: `below ${policy.zombiesWarn}` }
    if (zombies < policy.zombiesWarn) return pass(`${zombies} dead processes wait to be asked for`, details)
    return warn(`${zombies} dead processes wait to be asked for`, {
      ...details,
      advice: 'Give the container that they are of an `init: true` in the Compose file',
    })
  },
})

export const fileSystemsWritable = hostCheck({
  id: 'machine/file-systems-writable',
  title: 'Every disk can be written to',
  why: 'After an error of the disk Linux mounts it read-only, and everything that writes fails in its own words.',
  explains: ['postgres/answers', 'services/database-steady', 'services/redis-steady'],
  judge({ readOnly }) {
    const details = { measured: readOnly.join(', ') || 'all writable', expected: 'all writable' }
    if (readOnly.length === 0) return pass('every local file system is writable', details)
    return fail(`${readOnly.join(', ')} is mounted read-only`, {
      ...details,
      advice:
        'Look at `dmesg | tail -50` for errors of the disk before anything else: back up first, then fsck',
    })
  },
})

export const noDeletedFiles = hostCheck({
  id: 'machine/deleted-files',
  title: 'No deleted file holds the disk',
  why: 'A file that is deleted while a program has it open takes its space until that program ends: df counts it and du does not find it.',
  explains: ['disk/space'],
  judge({ deleted }, policy) {
    const bytes = deleted.reduce((sum, file) => sum + file.bytes, 0)
    const measured = `${Math.round(bytes / 2 ** 20)} MiB in ${deleted.length} files`
    const details = { measured, expected: `below ${policy.deletedFilesWarnMiB} MiB` }
    if (bytes / 2 ** 20 < policy.deletedFilesWarnMiB) return pass(`deleted files hold ${measured}`, details)
    const [largest] = [...deleted].sort((a, b) => b.bytes - a.bytes)
    return warn(`deleted files hold ${measured}, most of it ${largest?.path}`, {
      ...details,
      telling: largest?.path ?? '',
      advice: `Restart the program that has it open: process ${largest?.processId}`,
    })
  },
})
