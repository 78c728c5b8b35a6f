/** One of four exits, with its reason: the image alone, migrating back, a fix forward, or a restore. */

import { check } from '../../src/model/check.ts'
import { fail, pass, type Verdict } from '../../src/model/verdict.ts'
import { READING_SECONDS } from './history.ts'
import { withReleaseParams } from './parameters.ts'
import type { Recommendation } from './recommend.ts'
import { readOutlook } from './situation.ts'
import { putReleaseBack } from './switch-release.ts'

export const migratingBackIsRight = check({
  id: 'migrations/exit',
  title: 'Migrating back is the right way out',
  why: 'Four ways lead out of a bad release, and the one that loses least is not the same each time. It is chosen by what the migrations do, not by habit.',
  params: withReleaseParams,
  after: ['migrations/target-named'],
  remedies: [putReleaseBack],
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    const { recommendation } = await readOutlook(context)
    return judgeExit(recommendation)
  },
})

const NAMES = {
  none: 'nothing to do',
  'image-only': 'the image alone',
  'migrate-back': 'migrate back with the new image, then put the old one in place',
  'forward-fix': 'a fix forward',
  restore: 'a restore',
} as const

export function judgeExit({ exit, reason, release, missing }: Recommendation): Verdict {
  const measured = NAMES[exit]
  const expected = NAMES['migrate-back']
  switch (exit) {
    case 'none':
      return pass(reason, { measured })
    case 'migrate-back':
      if (missing !== '')
        return fail(`${missing}, so nothing could run on it afterwards`, {
          measured: 'no release for it',
          expected: 'the release of before, on this server',
          advice:
            'Bring it here first (docker pull). To undo the migrations all the same: --set migrationExit=migrate-back',
        })
      return pass(`migrate back, then put the older release in place: ${reason}`, { measured, expected })
    case 'image-only':
      return release === null
        ? pass(`the schema stays as it is: ${reason}`, { measured })
        : fail(`put the image back alone: ${reason}`, {
            measured,
            expected,
            remedies: [putReleaseBack],
            advice: 'To undo the migrations all the same: --set migrationExit=migrate-back',
          })
    case 'forward-fix':
      return fail(`fix it forward: ${reason}`, {
        measured,
        expected,
        advice:
          'Write a migration that repairs the schema, and deploy it as a new release; until then the older image may run where it stands the schema',
      })
    case 'restore':
      return fail(`restore beside, and bring back what is lost: ${reason}`, {
        measured,
        expected,
        advice:
          'kneeboard run restore: it restores beside the live database, and shows what would be lost by a swap',
      })
  }
}
