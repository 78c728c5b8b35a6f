/** A backup that is proven, of now and of every night. */

import { backupCopied, bucketCredentialsReady } from '../checks/backup/copied.ts'
import { backupInstalled, backupScheduled } from '../checks/backup/installed.ts'
import { backupsPrivate } from '../checks/backup/private.ts'
import { backupMadeByItself, backupRecent } from '../checks/backup/recent.ts'
import { backupRoom } from '../checks/backup/room.ts'
import { backupSizeUsual } from '../checks/backup/size-usual.ts'
import { backupTools } from '../checks/backup/tools.ts'
import { newestBackupWhole, olderBackupsWhole } from '../checks/backup/whole.ts'
import { databaseReady } from '../checks/database/ready.ts'
import type { AnyCheck } from '../src/model/check.ts'
import { runbook } from '../src/model/runbook.ts'

/** By name and size a damaged one may still look like a backup: it has to be told apart first. */
const onceLookedThrough = (check: AnyCheck): AnyCheck => ({
  ...check,
  after: ['backup/newest-whole', ...(check.after ?? [])],
})

export const backup = runbook({
  id: 'backup',
  title: 'Back up the database',
  purpose:
    'Before anything risky, and to have it done every night by itself. It makes a backup of now, proves it byte for byte, looks through those that are there, and installs the timer; the data never pass through your machine.',
  group: 'Every month',
  minutes: 5,
  steps: [
    {
      id: 'before',
      title: 'Before a byte is written',
      why: 'The database answers, the disk has room, and the tools are there.',
      checks: [databaseReady, backupTools, bucketCredentialsReady, backupRoom],
    },
    {
      id: 'there',
      title: 'What is there',
      why: 'A file of the right name is no backup: the newest is read to its last byte.',
      checks: [newestBackupWhole, olderBackupsWhole, backupsPrivate],
    },
    {
      id: 'every-night',
      title: 'Every night, by itself',
      why: 'It is installed, it runs, and what it made is proven.',
      checks: [backupInstalled, backupScheduled, onceLookedThrough(backupMadeByItself)],
    },
    {
      id: 'now',
      title: 'One of now',
      why: 'Minutes old, as large as usual, and also somewhere else where a bucket was named.',
      checks: [onceLookedThrough(backupRecent), backupSizeUsual, backupCopied],
    },
  ],
})
