/** All scenarios, in the order in which they are offered. */

import { badGateway } from './bad-gateway.ts'
import { badMigration } from './bad-migration.ts'
import { bare } from './bare.ts'
import { envWithoutEffect } from './env-without-effect.ts'
import { expiredCertificate } from './expired-certificate.ts'
import { foreignAaaa } from './foreign-aaaa.ts'
import { fullDisk } from './full-disk.ts'
import { healthyShop } from './healthy-shop.ts'
import { redisPassword } from './redis-password.ts'
import type { Scenario } from './scenario.ts'
import { surpriseOf } from './surprise.ts'
import { truncatedBackup } from './truncated-backup.ts'

export type { Scenario } from './scenario.ts'

const incidents: readonly Scenario[] = [
  badGateway,
  foreignAaaa,
  fullDisk,
  badMigration,
  expiredCertificate,
  envWithoutEffect,
  redisPassword,
]

export const scenarios: readonly Scenario[] = [
  bare,
  healthyShop,
  ...incidents,
  truncatedBackup,
  surpriseOf(incidents),
]
