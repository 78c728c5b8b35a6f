import { type RestoreRecord, restoreRecords } from '../../src/facts/restore-record.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, type VerdictDetails } from '../../src/model/verdict.ts'
import { type Choice, chosenBackup, lasting, restoreParams, sized } from './parameters.ts'
import { restoreBeside } from './restore-beside.ts'

export const restoredBeside = check({
  id: 'restore/restored-beside',
  title: 'The backup is restored beside the live database',
  why: 'A restore over the live database cannot be compared with anything, and cannot be undone. Beside it, it is only a copy until it has been proven.',
  params: restoreParams,
  after: [
    'restore/bucket-readable',
    'restore/backup-chosen',
    'restore/backup-here',
    'restore/tools-can-read',
    'restore/backup-whole',
    'restore/database-ready',
    'restore/space',
  ],
  remedies: [restoreBeside],
  async probe(context) {
    const choice = await chosenBackup(context)
    const { name, copy, restored, databases } = choice
    const whole = restored ?? copy
    if (whole !== null)
      return pass(
        restored === null
          ? `${name} is whole in ${whole.name}, ${sized(whole.bytes)}, and nobody uses it yet`
          : `${name} was restored, and is now ${databases.liveName}`,
        { measured: whole.name },
      )
    const under = databases.all.find(({ restoring }) => restoring > 0)
    if (under !== undefined)
      return fail(`a restore into ${under.name} is under way: ${sized(under.bytes)} so far`, {
        measured: sized(under.bytes),
        expected: 'a whole copy',
        remedies: [restoreBeside],
      })
    const { summary, ...details } = lastFailure(choice, await context.read(restoreRecords))
    return fail(summary ?? `there is no copy of ${name} yet`, {
      expected: 'a whole copy',
      remedies: [restoreBeside],
      ...details,
    })
  },
})

/** Why the last restore of this very backup did not come to its end. */
function lastFailure(
  choice: Choice,
  records: readonly RestoreRecord[],
): VerdictDetails & { summary?: string } {
  const last = records.find(({ backup }) => backup === choice.name)
  if (last === undefined || last.outcome === 'done') return {}
  const ago = lasting(choice.databases.now - (last.endedAt ?? last.startedAt))
  if (last.outcome === null)
    return {
      advice: `The last restore of it, ${ago} ago, was cut off while ${last.phase}: nothing of it is used.`,
    }
  const [first = 'it did not say why', ...rest] = last.said
  const telling = rest[0] ?? first
  return {
    summary: `there is no copy of ${choice.name}: the restore ${ago} ago ended while ${last.phase}, and nothing of it was kept: ${telling}`,
    telling,
    advice: `${first}. ${rest.join(' ')}`.trim(),
  }
}
