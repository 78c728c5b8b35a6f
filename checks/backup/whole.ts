/** The backups that are there are what they say: the newest read to its last byte, the others by their size. */

import { backupProof } from '../../src/facts/backup-proof.ts'
import { backupFolder, backups } from '../../src/facts/backups.ts'
import { check } from '../../src/model/check.ts'
import { fail, notApplicable, pass, warn } from '../../src/model/verdict.ts'
import { faultOf, megabytes } from './judge-proof.ts'
import { backUpNow } from './make.ts'
import { backupParams } from './parameters.ts'
import { isDamaged, setAside } from './set-aside.ts'

export const newestBackupWhole = check({
  id: 'backup/newest-whole',
  title: 'The newest backup can be read to its last byte',
  why: 'A file of the right name and date is no backup. Full disks and broken connections leave halves, and nobody notices before the restore.',
  params: backupParams,
  after: ['database/ready'],
  explains: ['backup/recent', 'backup/older-whole'],
  remedies: [setAside, backUpNow],
  timeoutSeconds: 600,
  async probe({ params, read }) {
    const [newest] = await read(backups, params.backupDirectory)
    if (newest === undefined) return notApplicable('there is no backup yet')
    const { composeFile, databaseService } = params
    const proof = await read(backupProof, composeFile, databaseService, newest.path, newest.kind)
    const fault = faultOf(newest, proof)
    const promised = newest.checksum === null ? '' : ', with the checksum it was made with'
    if (fault === null)
      return pass(
        `${newest.name}: ${megabytes(proof.bytes)}, the data of ${proof.tables} tables, read to its end`,
        { measured: `${proof.bytes} bytes, readable`, expected: `readable to its end${promised}` },
      )
    return fail(`${newest.name} ${fault.says}`, {
      measured: fault.measured,
      expected: fault.expected,
      ...(proof.problem === '' ? {} : { telling: proof.problem }),
      ...(fault.damaged
        ? { remedies: [setAside] }
        : {
            remedies: [backUpNow],
            advice:
              'Nothing is wrong with the file itself: read it with the tools of the PostgreSQL that made it',
          }),
    })
  },
})

export const olderBackupsWhole = check({
  id: 'backup/older-whole',
  title: 'The older backups are as large as they were',
  why: 'When the newest turns out to hold the mistake, the one before it is restored. It has to be one.',
  params: backupParams,
  after: ['database/ready'],
  remedies: [setAside],
  async probe({ params, read }) {
    const folder = await read(backupFolder, params.backupDirectory)
    if (folder.backups.length === 0) return notApplicable('there is no backup yet')
    const damaged = folder.backups.filter(isDamaged)
    if (damaged.length > 0)
      return warn(`not as large as when they were proven: ${damaged.map(({ name }) => name).join(', ')}`, {
        measured: `${damaged.length} of ${folder.backups.length} damaged`,
        expected: 'none',
        remedies: [setAside],
      })
    return pass(`all ${folder.backups.length} are as large as they were`, {
      measured: `${folder.backups.length} backups`,
      expected: 'none damaged',
    })
  },
})
