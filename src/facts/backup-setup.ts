/** What makes the daily backup on the server, as it is installed there: files, timer, and how the last one went. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

/** One POSIX sh file: what the timer runs, and what a remedy runs. Takes the Compose project's name. */
export const BACKUP_SCRIPT = '/usr/local/sbin/kneeboard-backup'
/** Template units: one instance a project. */
export const BACKUP_SERVICE = '/etc/systemd/system/kneeboard-backup@.service'
export const BACKUP_TIMER = '/etc/systemd/system/kneeboard-backup@.timer'

/** The parameters of one project's backup: root alone may read them. */
export const backupConfiguration = (project: string): string => `/etc/kneeboard/backup-${project}.conf`
export const backupServiceUnit = (project: string): string => `kneeboard-backup@${project}.service`
export const backupTimerUnit = (project: string): string => `kneeboard-backup@${project}.timer`

export interface BackupSetup {
  /** SHA-256 of each file that is there, by its path. */
  readonly files: Readonly<Record<string, string>>
  readonly timerActive: boolean
  readonly timerStartsAtBoot: boolean
  /** When the service last began, ISO 8601; empty when it never did since the server started. */
  readonly lastRun: string
  /** `success`, `exit-code`, `timeout` …; empty when it never ran. */
  readonly lastResult: string
  /** When the timer starts it next, ISO 8601; empty when it never will. */
  readonly nextRun: string
}

/** @param project the Compose project's name. @throws Unreadable where there is no systemd. */
export const backupSetup = fact('backups/setup', async (context, project: string): Promise<BackupSetup> => {
  const result = await context.run(
    sh`
      for file in ${[BACKUP_SCRIPT, BACKUP_SERVICE, BACKUP_TIMER, backupConfiguration(project)]}; do
        if [ -f "$file" ]; then echo "file=$(sha256sum <"$file" | cut -c 1-64) $file"; fi
      done
      systemctl show -p ActiveState -p UnitFileState -p NextElapseUSecRealtime -- ${backupTimerUnit(project)} || exit 1
      systemctl show -p Result -p ExecMainStartTimestamp -p ExecMainStatus -- ${backupServiceUnit(project)}
    `,
    { as: 'root' },
  )
  return parseBackupSetup(outputOf(result, 'how backups are set up'))
})

/** Reads `key=value` lines. Pure. */
export function parseBackupSetup(text: string): BackupSetup {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? ''
  const files = [...text.matchAll(/^file=([0-9a-f]{64}) (.+)$/gm)].map(([, hash = '', path = '']) => [
    path,
    hash,
  ])
  const lastRun = isoOf(value('ExecMainStartTimestamp'))
  return {
    files: Object.fromEntries(files) as Record<string, string>,
    timerActive: value('ActiveState') === 'active',
    timerStartsAtBoot: ['enabled', 'enabled-runtime', 'static'].includes(value('UnitFileState')),
    lastRun,
    lastResult: lastRun === '' ? '' : value('Result'),
    nextRun: isoOf(value('NextElapseUSecRealtime')),
  }
}

/** `Sat 2026-11-21 02:31:00 UTC`, as systemd writes it with TZ=UTC. */
function isoOf(text: string): string {
  const found = /(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) UTC/.exec(text)
  return found === null ? '' : `${found[1]}T${found[2]}Z`
}
