/** Making a backup: now because somebody asked, or once as the timer does it. */

import { BACKUP_SCRIPT, backupServiceUnit } from '../../src/facts/backup-setup.ts'
import { backupFolder } from '../../src/facts/backups.ts'
import { stackConfig } from '../../src/facts/stack.ts'
import { lastingAction } from '../../src/model/action.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { type BackupParams, backupParams } from './parameters.ts'
import { backupFiles, setUpBackups } from './set-up.ts'

/** A dump of some hundred gigabytes, with its proof. Seconds. */
const LONGEST = 7200

export const backUpNow = remedy({
  id: 'backup/back-up-now',
  title: 'Make a backup now, and prove it',
  why: 'It is dumped from one consistent snapshot, read back to its end, summed, and only then given its name. The stream stays on the server.',
  risk: 'The database reads all of its tables once; a schema change has to wait until the dump has ended. Nothing older is removed unless this one is proven.',
  grade: 'reversible',
  params: backupParams,
  async plan(context) {
    const { params, read } = context
    const { project, files, keepDays } = await backupFiles(context)
    const { freeBytes } = await read(backupFolder, params.backupDirectory)
    return {
      actions: [
        ...(await missingFiles(context, files)),
        lastingAction('Dump, prove, name', sh`exec ${BACKUP_SCRIPT} ${project} run`, {
          timeoutSeconds: LONGEST,
        }),
      ],
      touches: [
        `${params.backupDirectory}: one more backup (${Math.floor(freeBytes / 1048576)} MB are free)`,
        `what there is older than ${keepDays} days, once this one is proven; never the newest three`,
      ],
      undo: `Remove the newest file in ${params.backupDirectory} and the two beside it`,
      expectedSeconds: 30,
    }
  },
})

/** The script is what makes a backup: it comes along where it is not there, or not the current one. */
async function missingFiles(
  context: ProbeContext<BackupParams>,
  files: Awaited<ReturnType<typeof backupFiles>>['files'],
) {
  const plan = await setUpBackups.plan(context)
  const needed = new Set(files.slice(0, 2).map(({ path }) => path))
  return plan.actions.filter(action => action.type === 'write-file' && needed.has(action.path))
}

export const runAsTimer = remedy({
  id: 'backup/run-as-timer',
  title: 'Make the first backup as the timer makes it',
  why: 'A timer’s surroundings are others than a login’s: another search path, another user, no terminal. That it works there is shown by running it there.',
  risk: 'The database reads all of its tables once; a schema change has to wait until the dump has ended.',
  grade: 'reversible',
  params: backupParams,
  async plan({ params, read }) {
    const { project } = await read(stackConfig, params.composeFile)
    const service = backupServiceUnit(project)
    return {
      actions: [
        lastingAction(
          `Start ${service} and wait for its end`,
          sh`
            systemctl reset-failed ${service} 2>/dev/null
            systemctl start ${service}
            status=$?
            journalctl -u ${service} -n 20 -o cat --no-pager
            exit $status
          `,
          { timeoutSeconds: LONGEST },
        ),
      ],
      touches: [`${params.backupDirectory}: one more backup`],
      undo: `Remove the newest file in ${params.backupDirectory} and the two beside it`,
      expectedSeconds: 30,
    }
  },
})
