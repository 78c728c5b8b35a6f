import { z } from 'zod'
import { type BackupFolder, backupFolder } from '../../src/facts/backups.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { backupDirectory } from '../stack-parameters.ts'

const params = z.object({ backupDirectory })

export const closeBackups = remedy({
  id: 'backup/close',
  title: 'Let root alone read the backups',
  why: 'A backup is every customer’s name, address and order in one file.',
  risk: 'Whatever fetched the backups as another user is refused from now on: it has to be let in on purpose.',
  grade: 'reversible',
  params,
  async plan({ params: given, read }) {
    const open = openTo(await read(backupFolder, given.backupDirectory))
    if (open.length === 0) throw new Unreadable('nobody else can read them')
    return {
      actions: [
        runAction(
          'Take group’s and others’ permissions away',
          sh`cd -- ${given.backupDirectory} && chmod go-rwx -- ${open.map(({ name }) => `./${name}`)}`,
        ),
      ],
      touches: open.map(({ name, mode }) => `${given.backupDirectory}/${name} (${mode})`),
      undo: `chmod ${open[0]?.mode ?? '644'} on the same files`,
    }
  },
})

/** Read by others than the owner and its group. */
const openTo = (folder: BackupFolder) => folder.backups.filter(({ mode }) => /[4-7]$/.test(mode))

export const backupsPrivate = check({
  id: 'backup/private',
  title: 'Strangers on the server cannot read the backups',
  why: 'A backup is every customer’s name, address and order in one file.',
  params,
  remedies: [closeBackups],
  async probe({ params: given, read }) {
    const folder = await read(backupFolder, given.backupDirectory)
    const open = openTo(folder)
    const expected = 'readable by their owner alone'
    // A closed directory closes what is in it.
    if (open.length === 0 || !/[1357]$/.test(folder.mode))
      return pass('nobody but their owner reads them', {
        measured: `${folder.backups.length} backups`,
        expected,
      })
    return fail(`every user of the server can read ${open.map(({ name }) => name).join(', ')}`, {
      measured: `${open.length} readable by all`,
      expected,
      remedies: [closeBackups],
    })
  },
})
