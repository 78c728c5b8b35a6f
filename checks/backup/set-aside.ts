/** What is damaged gets another name. */

import { backupProof } from '../../src/facts/backup-proof.ts'
import { type Backup, backups } from '../../src/facts/backups.ts'
import { runAction } from '../../src/model/action.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { faultOf } from './judge-proof.ts'
import { backupParams } from './parameters.ts'

/** Damaged by what its size and its manifest say, without reading it. Pure. */
export const isDamaged = ({ bytes, manifest, manifestProblem }: Backup): boolean =>
  bytes === 0 || manifestProblem !== null || (manifest !== null && manifest.bytes !== bytes)

export const setAside = remedy({
  id: 'backup/set-aside',
  title: 'Rename what is damaged, so that nobody takes it for a backup',
  why: 'In the night of the restore the newest date is taken. Nothing is removed: a half may still be all that there is.',
  risk: 'None: the files keep their contents, and get another ending.',
  grade: 'reversible',
  params: backupParams,
  async plan({ params, read }) {
    const damaged = await damagedFiles(read, params)
    if (damaged.length === 0) throw new Unreadable('nothing there is damaged')
    const names = damaged.map(({ name }) => name)
    return {
      actions: [
        runAction(
          'Give them the ending .damaged',
          sh`
            set -e
            cd -- ${params.backupDirectory}
            for file in ${names}; do
              [ ! -e "$file.damaged" ] || { echo "$file.damaged is there already" >&2; exit 1; }
              mv -- "$file" "$file.damaged"
              for beside in sha256 manifest.json; do
                [ ! -e "$file.$beside" ] || mv -- "$file.$beside" "$file.damaged.$beside"
              done
            done
          `,
        ),
      ],
      touches: names.map(name => `${params.backupDirectory}/${name}`),
      undo: 'Rename them back: the name without .damaged',
    }
  },
})

type Read = Parameters<typeof setAside.plan>[0]['read']

/** What its size gives away; and the newest ones that do not read well, down to the first that does. */
async function damagedFiles(
  read: Read,
  params: { composeFile: string; databaseService: string; backupDirectory: string },
): Promise<Backup[]> {
  const all = await read(backups, params.backupDirectory)
  const found = all.filter(isDamaged)
  for (const backup of all) {
    if (found.includes(backup)) continue
    const { composeFile, databaseService } = params
    const proof = await read(backupProof, composeFile, databaseService, backup.path, backup.kind)
    if (faultOf(backup, proof)?.damaged !== true) break
    found.push(backup)
  }
  return found
}
