/** What a drill is held with, and the backup that it is about. */

import { z } from 'zod'
import { type Backup, backups } from '../../src/facts/backups.ts'
import { type DrillRecord, drills } from '../../src/facts/drill-record.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { databaseName } from '../restore/parameters.ts'
import {
  backendPort,
  backendService,
  backupDirectory,
  composeFile,
  databaseService,
  healthPath,
  redisService,
} from '../stack-parameters.ts'

export const drillParams = z.object({
  backupDirectory,
  databaseName,
  composeFile,
  databaseService,
  backendService,
  redisService,
  backendPort,
  healthPath,
})
export type DrillParams = z.infer<typeof drillParams>

type Reader = Pick<ProbeContext<DrillParams>, 'params' | 'read'>

/** What the automation made last; undefined when it made none. */
export async function automatedBackup({ params, read }: Reader): Promise<Backup | undefined> {
  return (await read(backups, params.backupDirectory)).find(({ manifest }) => manifest?.madeBy === 'timer')
}

/** The drill of the newest automated backup. @throws Unreadable when it was not held. */
export async function drillOf(context: Reader): Promise<DrillRecord> {
  const backup = await automatedBackup(context)
  const { last } = await context.read(drills)
  if (last?.endedAt == null || last.sha256 !== backup?.manifest?.sha256)
    throw new Unreadable('no drill of the newest automated backup was held to its end')
  return last
}
