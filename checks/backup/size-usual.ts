import { type Backup, backups } from '../../src/facts/backups.ts'
import { stackConfig } from '../../src/facts/stack.ts'
import { check } from '../../src/model/check.ts'
import { notApplicable, pass, warn } from '../../src/model/verdict.ts'
import { backupParams } from './parameters.ts'
import { isProven } from './recent.ts'

/** So many earlier ones make a usual size. */
const ENOUGH = 3
/** And no more than these many are asked: shops grow. */
const LATEST = 10

export const backupSizeUsual = check({
  id: 'backup/size-usual',
  title: 'The newest backup is about as large as those before it',
  why: 'A dump that is suddenly half as large restores without an error, and half of the data is not in it: somebody deleted it, or dumps another database now.',
  params: backupParams,
  after: ['backup/recent'],
  async probe({ params, policy, read }) {
    const { project } = await read(stackConfig, params.composeFile)
    const all = await read(backups, params.backupDirectory)
    const [newest, ...earlier] = all.filter(
      backup => backup.name.startsWith(`${project}-`) && isProven(backup),
    )
    if (newest === undefined || earlier.length < ENOUGH)
      return notApplicable(`there are ${earlier.length} earlier ones to compare it with: it takes ${ENOUGH}`)
    const usual = median(earlier.slice(0, LATEST))
    const percent = Math.round((newest.bytes / usual - 1) * 100)
    const measured = `${percent > 0 ? '+' : ''}${percent} %`
    const expected = `within ${policy.backupSizeDeviationPercent} % of ${usual} bytes`
    if (Math.abs(percent) <= policy.backupSizeDeviationPercent)
      return pass(`${newest.name} has its usual size`, { measured, expected })
    return warn(`${newest.name} is ${Math.abs(percent)} % ${percent < 0 ? 'smaller' : 'larger'} than usual`, {
      measured,
      expected,
      advice:
        percent < 0
          ? 'Find out what is missing before the older ones are gone: compare the rows of each table in the two manifests. Until it is explained nothing is removed'
          : 'Look at which table grew: the two manifests have the rows of each',
    })
  },
})

/** The middle one's bytes; of an even number the lower of the two. Pure. */
export function median(found: readonly Pick<Backup, 'bytes'>[]): number {
  const sizes = found.map(({ bytes }) => bytes).sort((a, b) => a - b)
  return sizes[Math.ceil(sizes.length / 2) - 1] ?? 0
}
