/** What makes a backup every day: the script, its configuration, a service and a timer. */

import { applicationDatabase } from '../../src/facts/application-database.ts'
import {
  BACKUP_SCRIPT,
  BACKUP_SERVICE,
  BACKUP_TIMER,
  backupConfiguration,
  backupTimerUnit,
} from '../../src/facts/backup-setup.ts'
import { stackEnvironment } from '../../src/facts/env-files.ts'
import { stackConfig } from '../../src/facts/stack.ts'
import { runAction, writeFile } from '../../src/model/action.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { Policy } from '../../src/model/policy.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { type BackupParams, backupParams } from './parameters.ts'
import { backupScript } from './script.ts'

const BY = '# Written by Kneeboard.'

const SERVICE = `${BY} One backup of a Compose project's database: kneeboard-backup@PROJECT.service
[Unit]
Description=Back up the database of %i
After=docker.service
Wants=docker.service

[Service]
Type=oneshot
ExecStart=${BACKUP_SCRIPT} %i timer
Nice=10
IOSchedulingClass=idle
TimeoutStartSec=4h
`

const TIMER = `${BY} Every night, not all servers at the same minute; one that was missed is made up for.
[Unit]
Description=Back up the database of %i every day

[Timer]
OnCalendar=*-*-* 02:30:00
RandomizedDelaySec=1800
Persistent=true

[Install]
WantedBy=timers.target
`

export interface BackupFile {
  readonly path: string
  readonly content: string
  readonly mode: string
}

/** The files as they should be on this server. @throws Unreadable when the stack cannot be read. */
export async function backupFiles({
  params,
  policy,
  read,
  target,
}: Pick<ProbeContext<BackupParams>, 'params' | 'policy' | 'read' | 'target'>): Promise<{
  readonly project: string
  readonly keepDays: number
  readonly files: readonly BackupFile[]
}> {
  const { composeFile, backendService, databaseService } = params
  const { project } = await read(stackConfig, composeFile)
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(project))
    throw new Unreadable(`the project’s name “${project}” cannot name a unit`)
  const { name } = await read(applicationDatabase, composeFile, backendService, databaseService)
  const said = (await read(stackEnvironment, composeFile)).resolved
    ?.get(backendService)
    ?.findLast(value => value.name === 'BACKUP_RETENTION_DAYS')?.plain
  const usual =
    target.environment === 'production'
      ? policy.backupRetentionDaysProduction
      : policy.backupRetentionDaysStaging
  const keepDays = params.backupKeepDays || (/^[1-9]\d{0,3}$/.test(said ?? '') ? Number(said) : usual)
  return {
    project,
    keepDays,
    files: [
      { path: BACKUP_SCRIPT, content: backupScript, mode: '0755' },
      {
        path: backupConfiguration(project),
        content: configurationText(project, name, { ...params, backupKeepDays: keepDays }, policy),
        mode: '0600',
      },
      { path: BACKUP_SERVICE, content: SERVICE, mode: '0644' },
      { path: BACKUP_TIMER, content: TIMER, mode: '0644' },
    ],
  }
}

/** Shell assignments, each value quoted. It holds no secret: the bucket's key stands in a file of its own. */
export function configurationText(
  project: string,
  database: string,
  params: BackupParams,
  policy: Policy,
): string {
  const lines = sh`
    SERVICE=${params.databaseService}
    DATABASE=${database}
    DIRECTORY=${params.backupDirectory}
    KEEP_DAYS=${params.backupKeepDays}
    KEEP_LEAST=${policy.backupKeepLeast}
    RESERVE_MB=${policy.backupDiskReserveMB}
    SMALLER_PERCENT=${policy.backupSizeDeviationPercent}
    BUCKET_URL=${params.bucketUrl}
    BUCKET_REGION=${params.bucketRegion}
    BUCKET_CREDENTIALS=${params.bucketCredentials}
  `
  return `${BY} Parameters of ${BACKUP_SCRIPT} for the project ${project}.\n${lines.text}\n`
}

export const setUpBackups = remedy({
  id: 'backup/set-up',
  title: 'Back the database up every night, and prove each backup before it counts',
  why: 'A backup that somebody has to think of is not made in the week that needs it. A systemd timer makes it, and its journal says how it went.',
  risk: 'None to the data: it reads one consistent snapshot. Each night the disk and a processor are busy for a while.',
  grade: 'reversible',
  params: backupParams,
  async plan(context) {
    const { project, files } = await backupFiles(context)
    const timer = backupTimerUnit(project)
    return {
      actions: [
        ...files.map(({ path, content, mode }) => writeFile(path, content, { mode })),
        runAction(
          'Start the timer, now and at every boot',
          sh`
            set -e
            systemctl daemon-reload
            systemctl enable ${timer}
            systemctl restart ${timer}
          `,
        ),
      ],
      touches: [...files.map(({ path }) => path), timer],
      undo: `systemctl disable --now ${timer}; rm ${files.map(({ path }) => path).join(' ')}; systemctl daemon-reload. Backups that were made stay`,
      expectedSeconds: 5,
    }
  },
})
