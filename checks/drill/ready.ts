/** Before a drill: there is something to hold it with, and room for it. */

import { drillRoom, drills } from '../../src/facts/drill-record.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { lasting, sized } from '../restore/parameters.ts'
import { automatedBackup, drillParams } from './parameters.ts'

export const backupByAutomation = check({
  id: 'drill/backup-by-automation',
  title: 'The automation has made a backup lately',
  why: 'A drill with a backup that somebody made for it proves nothing about the night. It takes what the timer left.',
  params: drillParams,
  async probe(context) {
    const { params, policy } = context
    const backup = await automatedBackup(context)
    if (backup === undefined)
      return fail(`the automation has made no backup in ${params.backupDirectory}`, {
        expected: `one in the last ${policy.backupDailyMaxAgeHours} hours`,
        advice: 'Set the timer up with kneeboard run backup, and come back when it has run.',
      })
    const details = {
      measured: lasting(backup.ageSeconds),
      expected: `at most ${policy.backupDailyMaxAgeHours} hours`,
    }
    if (backup.kind !== 'custom')
      return fail(`${backup.name} is SQL: the automation makes archives`, {
        ...details,
        advice: 'Look at who writes it.',
      })
    if (backup.ageSeconds > policy.backupDailyMaxAgeHours * 3600)
      return fail(`the newest automated backup, ${backup.name}, is ${lasting(backup.ageSeconds)} old`, {
        ...details,
        advice: 'The timer has stopped working: kneeboard run backup finds why.',
      })
    return pass(`${backup.name}, ${lasting(backup.ageSeconds)} old, ${sized(backup.bytes)}`, details)
  },
})

/** Memory that the drill leaves to the shop beside its own limits. */
const SPARE_BYTES = 256 * 1024 ** 2

export const roomForDrill = check({
  id: 'drill/room',
  title: 'There is room for a drill beside the shop',
  why: 'The drill runs on the same server. Without memory to spare, the kernel would end something of the shop instead.',
  params: drillParams,
  after: ['drill/backup-by-automation'],
  async probe(context) {
    const { policy, read } = context
    const backup = await automatedBackup(context)
    if (backup === undefined) throw new Unreadable('the automation has made no backup yet')
    const { last } = await read(drills)
    if (last?.endedAt != null && last.sha256 === backup.manifest?.sha256)
      return pass('the drill with this backup was held, and has given everything back')
    const { memory, disk } = await read(drillRoom)
    if (!Number.isFinite(memory) || !Number.isFinite(disk))
      throw new Unreadable('memory and disk could not be read')
    const memoryNeeded =
      (policy.drillDatabaseMemoryMB + policy.drillApplicationMemoryMB) * 1024 ** 2 + SPARE_BYTES
    const copy = backup.manifest?.databaseBytes ?? backup.bytes * policy.restoreUnpackedFactor
    const diskNeeded = Math.ceil(
      (copy + Math.min(copy, policy.restoreLogGiB * 1024 ** 3) + backup.bytes / 2) *
        policy.restoreSpaceMargin,
    )
    const details = {
      measured: `${sized(memory)} of memory, ${sized(disk)} of disk`,
      expected: `${sized(memoryNeeded)} of memory, ${sized(diskNeeded)} of disk`,
    }
    if (memory >= memoryNeeded && disk >= diskNeeded)
      return pass(`${sized(memory)} of memory and ${sized(disk)} of disk are free`, details)
    return fail(
      memory < memoryNeeded
        ? `${sized(memory)} of memory are free, and the drill may take ${sized(memoryNeeded)}`
        : `${sized(disk)} of disk are free, and the drill needs ${sized(diskNeeded)}`,
      {
        ...details,
        advice:
          'Hold it at a quieter hour, or on another server with a copy of the backup. The limits are drillDatabaseMemoryMB and drillApplicationMemoryMB of the policy.',
      },
    )
  },
})
