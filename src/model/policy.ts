/**
 * Every threshold in one table, each with the place it comes from. Checks hold no numbers of their own.
 * Seeds: S0 deployment guide · S1 practices · S2 DevOps skill · S3 production readiness · S4 monitoring.
 */

export interface Threshold {
  readonly value: number
  readonly unit: string
  /** Where the number comes from, and where sources disagree, why this one. */
  readonly origin: string
}

const threshold = (value: number, unit: string, origin: string): Threshold => ({ value, unit, origin })

export const thresholds = {
  memoryProductionGiB: threshold(
    7.5,
    'GiB',
    'S0 §1: 8 GB plan for production; a plan of 8 GB shows 7.5 to 7.8 GiB',
  ),
  memoryStagingGiB: threshold(
    1.8,
    'GiB',
    'S0 §1: 4 GB or smaller for staging; below 2 GB the seven services do not fit',
  ),
  processorsProduction: threshold(2, 'cores', 'S0 §1: gunicorn with 4 workers beside PostgreSQL and Celery'),
  swapBelowMemoryGiB: threshold(
    7.5,
    'GiB',
    'S0 §1: smaller plans start the same seven services; swap turns a spike into slowness instead of a kill',
  ),
  swapSizeGiB: threshold(2, 'GiB', 'distribution practice: half of a 4 GB plan'),
  diskUsedWarnPercent: threshold(80, '%', 'S0 §10 checklist: disk below 80 %'),
  diskUsedFailPercent: threshold(90, '%', 'S3 alerting: critical above 90 %'),
  inodesUsedWarnPercent: threshold(80, '%', 'as for bytes'),
  inodesUsedFailPercent: threshold(90, '%', 'as for bytes'),
  diskMinimumGiB: threshold(
    18,
    'GiB',
    'the images of three releases, a database and its dump; the smallest plans have 20 GB, which shows as 18.6 GiB',
  ),
  packageListsMaxAgeDays: threshold(7, 'days', 'S3 ongoing: weekly dependency review'),
  clockOffsetWarnSeconds: threshold(1, 's', 'domain §6.1: offset below 1 s (ACME, S3 signatures, TOTP)'),
  clockOffsetFailSeconds: threshold(
    60,
    's',
    'issue of certificates needs a clock within a minute; TOTP windows are 30 s',
  ),
  dockerLogMaxSizeMB: threshold(
    10,
    'MB',
    'Docker documentation, json-file driver: 10m as the usual example; unlimited by default',
  ),
  dockerLogFiles: threshold(3, 'files', 'Docker documentation, json-file driver'),
  firstBootWaitSeconds: threshold(
    600,
    's',
    'cloud-init with package upgrades takes minutes on a small plan; ten mean that it hangs',
  ),
  timeSyncWaitSeconds: threshold(60, 's', 'systemd-timesyncd: first answer within its 32 s minimum poll'),
  rebootWaitSeconds: threshold(
    600,
    's',
    'a large server checks its memory and disks for minutes before it starts',
  ),
  aptLockWaitSeconds: threshold(300, 's', 'domain §6.1: DPkg::Lock::Timeout=300'),
  sshRevertSeconds: threshold(
    120,
    's',
    'time for the change, one fresh login and a slow link; commit-confirmed practice is 1 to 10 minutes',
  ),
  fail2banMaxRetry: threshold(5, 'attempts', 'fail2ban default'),
  failedValidationsAnHour: threshold(
    3,
    'an hour',
    'Let’s Encrypt allows 5 failed validations per name, account and hour; domain §4: never more than 3',
  ),
  certificatesOfOneSetAWeek: threshold(
    5,
    'in 7 days',
    'Let’s Encrypt: 5 certificates for the exact same set of names in 7 days',
  ),
  certificateSetRefillHours: threshold(34, 'h', 'Let’s Encrypt: one of those 5 comes back every 34 hours'),
  certificateLifeWarnFraction: threshold(
    0.3,
    'of its lifetime',
    'domain D11: renewal starts at a third of the lifetime, whatever it is; a little slack. S0 (30 d), S3 (14 d) and S4 (7 d) disagree and assume 90 days',
  ),
  certificateLifeFailFraction: threshold(
    1 / 6,
    'of its lifetime',
    'domain D11: with half of the time for renewal gone, renewal does not work',
  ),
  consentArmingSeconds: threshold(5, 's', 'domain §5.4: arming delay of a destructive change in production'),
} as const satisfies Record<string, Threshold>

export type ThresholdName = keyof typeof thresholds

/** The thresholds in force: the defaults with the operator's own values over them. */
export type Policy = Readonly<Record<ThresholdName, number>>

export const defaultPolicy: Policy = Object.fromEntries(
  Object.entries(thresholds).map(([name, { value }]) => [name, value]),
) as Record<ThresholdName, number>
