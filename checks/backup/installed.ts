/** The daily backup as it is installed: the files are ours and current, the timer runs, the last one went well. */

import { createHash } from 'node:crypto'
import { backupServiceUnit, backupSetup, backupTimerUnit } from '../../src/facts/backup-setup.ts'
import { stackConfig } from '../../src/facts/stack.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { backUpNow } from './make.ts'
import { backupParams } from './parameters.ts'
import { backupFiles, setUpBackups } from './set-up.ts'

export const backupInstalled = check({
  id: 'backup/installed',
  title: 'What makes the backups is installed as it should be',
  why: 'A backup script that was edited by hand on one server is the one that nobody has tested.',
  params: backupParams,
  after: ['database/ready'],
  explains: ['backup/scheduled', 'backup/made-by-itself'],
  remedies: [setUpBackups],
  async probe(context) {
    const { project, files } = await backupFiles(context)
    const there = (await context.read(backupSetup, project)).files
    const expected = `${files.length} files, as this version of Kneeboard writes them`
    const missing = files.filter(({ path }) => there[path] === undefined)
    const changed = files.filter(
      ({ path, content }) => there[path] !== undefined && there[path] !== sha256(content),
    )
    if (missing.length === files.length)
      return fail('nothing that makes backups is installed', {
        measured: 'none',
        expected,
        remedies: [setUpBackups],
      })
    if (missing.length + changed.length > 0) {
      const parts = [
        ...missing.map(({ path }) => `${path} is missing`),
        ...changed.map(({ path }) => `${path} differs`),
      ]
      return fail(parts.join(', '), { measured: parts.join(', '), expected, remedies: [setUpBackups] })
    }
    return pass(`the script, its parameters for ${project}, service and timer are as they should be`, {
      measured: `${files.length} files`,
      expected,
    })
  },
})

export const backupScheduled = check({
  id: 'backup/scheduled',
  title: 'A backup is made every day by itself',
  why: 'The one day on which nobody made it by hand is the day before the disk fails.',
  params: backupParams,
  after: ['backup/installed'],
  explains: ['backup/made-by-itself'],
  remedies: [setUpBackups, backUpNow],
  async probe({ params, read }) {
    const { project } = await read(stackConfig, params.composeFile)
    const setup = await read(backupSetup, project)
    const timer = backupTimerUnit(project)
    const expected = 'active, enabled, last run a success'
    if (!setup.timerActive || !setup.timerStartsAtBoot)
      return fail(`${timer} ${setup.timerActive ? 'is gone after the next boot' : 'does not run'}`, {
        measured: `${setup.timerActive ? 'active' : 'inactive'}, ${setup.timerStartsAtBoot ? 'enabled' : 'not enabled'}`,
        expected,
        remedies: [setUpBackups],
      })
    if (setup.lastResult !== '' && setup.lastResult !== 'success')
      return fail(`the last backup of ${timer} failed (${setup.lastResult})`, {
        measured: setup.lastResult,
        expected,
        advice: `Read why: journalctl -u ${backupServiceUnit(project)} -n 30. The next one that succeeds clears this`,
        remedies: [backUpNow],
      })
    return pass(
      `${timer} makes one every night${setup.nextRun === '' ? '' : `, next ${spoken(setup.nextRun)}`}`,
      {
        measured: 'active, enabled',
        expected,
      },
    )
  },
})

/** `2026-11-22 02:41 UTC`. */
export const spoken = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')
