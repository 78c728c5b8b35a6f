import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Scenario } from './scenario.ts'

export const truncatedBackup: Scenario = {
  name: 'drill-truncated-backup',
  title: 'The monthly drill with a truncated backup',
  briefing:
    'The first of the month: restore the newest backup into a database of its own, and prove that it can be used.',
  base: 'shop',
  runbook: 'restore-drill',
  inject: world => {
    const day = new Date(world.machine.now() - 6 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '')
    const whole = gzipSync(randomBytes(60_000))
    world.files.write(
      `/opt/webshop/backups/webshop_prod_${day}_030000.sql.gz`,
      whole.subarray(0, 40_000),
      0o600,
      1000,
      1000,
    )
  },
  cause: 'drill/held',
  hints: [
    'A file that is there, recent and large may still be half of one.',
    '`gzip -t` reads it to the end.',
  ],
  debrief: [
    'The disk was full for a minute at three in the night, while the dump was written.',
    'Nothing checked the file afterwards: it looked recent and large.',
    'Only reading it to the end shows that its end is missing.',
  ],
}
