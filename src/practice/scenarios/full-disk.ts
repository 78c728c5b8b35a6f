import { briefOf } from './names.ts'
import type { Scenario } from './scenario.ts'
import { siteWorks } from './site-works.ts'

const GIB = 1024 ** 3

export const fullDisk: Scenario = {
  ...briefOf('full-disk'),
  base: 'shop',
  runbook: 'troubleshooting',
  inject: world => {
    const { files, disk } = world
    const rotated = ['payment-gateway.log.1', 'payment-gateway.log.2', 'payment-gateway.log.3']
    for (const name of rotated)
      files.claim(files.write(`/var/log/${name}`, 'DEBUG request body …\n'), 9 * GIB)
    const dump = files.write(
      '/var/tmp/shop-before-move.sql',
      '-- a dump that somebody meant to fetch\n',
      0o600,
    )
    files.claim(dump, Math.max(0, disk.bytes - disk.usedBytes - 150 * 1024 ** 2))
  },
  cause: 'disk/space',
  mends: ['disk/make-room'],
  hints: [
    'Look at what the machine itself says, before Docker.',
    'A database that cannot write is a symptom.',
    '`du -xh --max-depth=2 / | sort -h | tail`: what has grown without anybody looking?',
  ],
  debrief: [
    'Somebody left the payment gateway’s log at DEBUG: it writes whole requests, gigabytes a day.',
    'logrotate turned it over each night, but never deleted the old ones.',
    'With the disk full, PostgreSQL and Redis could no longer write: orders failed while pages still loaded.',
  ],
  fastest: [
    'Walk the troubleshooting runbook: the disk stands above everything that could not write to it.',
    'Agree to “Make room, the safest things first”: it shows first what it would delete, and leaves what is not surely rubbish.',
  ],
  healthy: world => world.disk.usedBytes < world.disk.bytes * 0.9 && siteWorks(world),
}
