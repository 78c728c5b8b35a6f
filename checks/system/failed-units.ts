import { z } from 'zod'
import { check } from '../../src/model/check.ts'
import { outputOf } from '../../src/model/command.ts'
import { sh } from '../../src/model/script.ts'
import { pass, warn } from '../../src/model/verdict.ts'

/** Unit names of `systemctl list-units --plain --no-legend`: the first word of each line. */
export function parseUnits(text: string): string[] {
  return text.split('\n').flatMap(line => line.trim().split(/\s+/, 1).filter(Boolean))
}

export const failedUnits = check({
  id: 'system/failed-units',
  title: 'No service has failed',
  why: 'A service that failed stays down and says nothing. It is often the one that makes backups or renews certificates.',
  params: z.object({}),
  async probe({ run }) {
    const result = await run(sh`systemctl list-units --state=failed --plain --no-legend --no-pager`)
    const units = parseUnits(outputOf(result, 'the failed services'))
    const details = { measured: `${units.length} failed`, expected: '0 failed' }
    if (units.length === 0) return pass('systemd lists no failed unit', details)
    const [first = ''] = units
    return warn(`${units.join(', ')} failed`, {
      ...details,
      telling: first,
      advice: `See why: \`systemctl status ${first}\` and \`journalctl -u ${first} -b\`. When it is dealt with: \`systemctl restart ${first}\`.`,
    })
  },
})
