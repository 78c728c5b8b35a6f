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
  // Configuration of the stack.
  secretKeyMinLength: threshold(50, 'characters', 'Django’s security.W009; domain D17'),
  secretKeyMinDistinct: threshold(5, 'different characters', 'Django’s security.W009'),
  secretKeyLength: threshold(64, 'characters', 'what is generated: more than security.W009 asks for'),
  redisPasswordLength: threshold(32, 'characters', 'S0 §3: ^[A-Za-z0-9]{32}$'),
  databasePasswordLength: threshold(32, 'characters', 'as for Redis'),
  gunicornWorkersProduction: threshold(4, 'workers', 'S0 §1, comparison of the environments'),
  gunicornWorkersStaging: threshold(2, 'workers', 'S0 §1, comparison of the environments'),
  backupRetentionDaysProduction: threshold(30, 'days', 'S0 §1 and §4, comparison of the environments'),
  backupRetentionDaysStaging: threshold(7, 'days', 'S0 §1, comparison of the environments'),
  tracesSampleRateProduction: threshold(
    0.1,
    'of requests',
    'S0 §4: one request in ten is traced; more costs quota and time',
  ),
  tracesSampleRateWarn: threshold(
    0.5,
    'of requests',
    'up to a half is somebody’s decision for a while; every request (1.0) is what staging has',
  ),
  postgresCertificateDaysLeft: threshold(
    30,
    'days',
    'made for ten years by hand (S0 §3 step 4) and renewed by nobody: a month to do it',
  ),
  recreateWaitSeconds: threshold(
    90,
    's',
    'S1 §5: start-period 40 s and three checks of 10 to 15 s before a container is called unhealthy',
  ),
  // Troubleshooting: the machine, the containers, and what runs in them.
  loadWarnPerProcessor: threshold(
    2,
    'waiting for each processor, over 5 minutes',
    'practice: twice what it can do',
  ),
  loadFailPerProcessor: threshold(8, 'waiting for each processor, over 5 minutes', 'practice: work piles up'),
  memoryUsedWarnPercent: threshold(80, '%', 'S0 §10, S1 and S3: below 80 %; S2 says 85 %'),
  memoryUsedFailPercent: threshold(95, '%', 'practice: the kernel starts to kill a little later'),
  pressureMemoryWarnPercent: threshold(
    10,
    '% of a minute',
    'practice with PSI: a tenth of the time lost waiting for memory',
  ),
  pressureProcessorWarnPercent: threshold(
    60,
    '% of a minute',
    'practice with PSI: more often than not somebody waits',
  ),
  pressureDiskWarnPercent: threshold(40, '% of a minute', 'practice with PSI: databases feel it long before'),
  swapUsedWarnPercent: threshold(60, '%', 'practice: what is swapped out comes back one page at a time'),
  tableUsedWarnPercent: threshold(
    80,
    '%',
    'as for disks: open files, processes and tracked connections end as suddenly',
  ),
  zombiesWarn: threshold(50, 'processes', 'practice: a program that never asks for its children'),
  uninterruptibleWarn: threshold(10, 'processes', 'practice: a disk or a network file system hangs'),
  deletedFilesWarnMiB: threshold(1024, 'MiB', 'space that df counts and du does not find'),
  restartsAnHour: threshold(3, 'restarts', 'S2: more than 3 in an hour'),
  containerMemoryWarnPercent: threshold(
    90,
    '%',
    'S0 §10 gives 200 of 256 MB for Redis; others are near their limit by nature',
  ),
  containerThrottledWarnPercent: threshold(
    25,
    '% of periods',
    'practice: a quarter of the time held back shows as slowness',
  ),
  containerProcessorsMinimum: threshold(
    0.1,
    'processors',
    'below a tenth of a core a health check takes seconds',
  ),
  answerWarnSeconds: threshold(2, 's', 'S2 and S3: p95 above 2 s is a warning; S1 says 1 s'),
  answerFailSeconds: threshold(5, 's', 'S3: above 5 s is critical'),
  connectionsWarnPercent: threshold(80, '%', 'practice: a deployment doubles the connections for a moment'),
  connectionsFailPercent: threshold(95, '%', 'PostgreSQL keeps 3 for its superuser'),
  idleInTransactionSeconds: threshold(
    60,
    's',
    'practice: a request takes no minute; its locks are held all the time',
  ),
  longTransactionSeconds: threshold(
    3600,
    's',
    'practice: an hour of work that autovacuum cannot clean up behind',
  ),
  blockedSeconds: threshold(2, 's', 'a gateway gives up after 30 to 60 s; nobody waits that long for a lock'),
  transactionAgeWarnMillion: threshold(
    500,
    'million',
    'autovacuum forces a vacuum at 200; PostgreSQL stops at 2,000',
  ),
  sequenceUsedWarnPercent: threshold(80, '%', 'practice: time enough for a wider column'),
  redisMemoryWarnPercent: threshold(78, '%', 'S0 §10: below 200 MB of 256'),
  redisMemoryFailPercent: threshold(95, '%', 'at its limit a broker without eviction refuses every write'),
  queueWarnTasks: threshold(100, 'tasks', 'practice: two workers need minutes for it'),
  queueFailTasks: threshold(1000, 'tasks', 'S1 §6: more than 1000'),
  taskTakenFailSeconds: threshold(
    3600,
    's',
    'Redis’ visibility timeout: after an hour the task is handed out again, and runs twice',
  ),
  logWindowMinutes: threshold(
    15,
    'minutes',
    'what is older is history: its cause is looked for in the report of then',
  ),
  backendMemoryLimitMB: threshold(512, 'MB', 'S0 §1: what a worker of the shop needs with room to breathe'),
  // Backups, and the database that they are of.
  backupFreshMinutes: threshold(
    60,
    'min',
    'S3 recovery objectives: RPO 1 h; before a risky change it is made anew',
  ),
  backupDailyMaxAgeHours: threshold(
    26,
    'h',
    'S3 backup strategy: full backup daily; two hours for the timer’s random delay and the dump itself',
  ),
  backupKeepLeast: threshold(
    3,
    'backups',
    'whatever their age: a server whose clock is wrong deletes nothing',
  ),
  backupSizeDeviationPercent: threshold(
    30,
    '%',
    'domain §6.5: size against the median of earlier ones, ±30 %',
  ),
  backupDiskReserveMB: threshold(
    512,
    'MB',
    'left free beside the backup: PostgreSQL writes 16 MB of log at a time, and stops where it cannot',
  ),
  databaseStartSeconds: threshold(
    180,
    's',
    'a first start makes the cluster; after a crash it reads the log back for minutes',
  ),
  databaseSteadySeconds: threshold(
    3,
    's',
    'domain §6.3: the image’s temporary server lives for a second or two before the real one starts',
  ),
  connectionsKeptFree: threshold(
    5,
    'connections',
    'domain §6.3: an operator’s psql, a backup and a migration must get in while all workers are busy',
  ),
  stagingResetFreshMinutes: threshold(
    60,
    'min',
    'a reset of this hour is the one that was asked for: a second run does not throw the data away again',
  ),
  // Restore and drill
  restoreUnpackedFactor: threshold(
    5,
    'times the file',
    'pg_dump -Fc packs a shop’s rows to a fifth or less, indexes not counted; used only where no database tells the size',
  ),
  restoreLogGiB: threshold(
    1,
    'GiB',
    'PostgreSQL’s max_wal_size is 1 GB: so much log may lie beside the copy (domain §6.5: 2 × db + dump + WAL)',
  ),
  restoreSpaceMargin: threshold(1.1, 'times the estimate', 'a tenth to spare: a full disk stops PostgreSQL'),
  restoreSettledHours: threshold(
    24,
    'h',
    'so long “newest” means the restore that was just swapped in; after a day a new incident means a new restore',
  ),
  drillEveryDays: threshold(
    31,
    'days',
    'S3: monthly; S1 says quarterly, which would be thrice as long in the dark',
  ),
  drillRetryMinutes: threshold(
    10,
    'min',
    'a drill that has just failed fails again: its cause is looked at first',
  ),
  recoveryTimeHours: threshold(4, 'h', 'S3 recovery objectives: RTO 4 h'),
  recoveryPointHours: threshold(1, 'h', 'S3 recovery objectives: RPO 1 h'),
  drillDatabaseMemoryMB: threshold(1024, 'MB', 'domain §6.6: the drill must not starve the shop beside it'),
  drillApplicationMemoryMB: threshold(768, 'MB', 'S0 compose file: the limit of the backend'),
  drillProcessors: threshold(1, 'cores', 'S0 §1: production has two; one is left to the shop'),
  // Rolling migrations back.
  migrationRowsCounted: threshold(
    1_000_000,
    'rows',
    'beyond it the exact number changes no decision, and counting on would take the 10 s of one question',
  ),
  migrationLockSeconds: threshold(
    3,
    's',
    'domain §6.4: lock_timeout=3s; every reader queues behind a waiting ALTER, and a gateway gives up after 30',
  ),
  migrationLockTries: threshold(
    5,
    'tries',
    'domain §6.4: retry; five in half a minute meet a gap between requests',
  ),
  migrationLockPauseSeconds: threshold(
    4,
    's',
    'longer than one try, so that what queued behind it gets through',
  ),
  migrationBlockerSeconds: threshold(
    10,
    's',
    'a request takes no ten seconds; what does, outlasts three tries of three seconds',
  ),
  migrationDrainSeconds: threshold(
    120,
    's',
    'a Celery worker ends its tasks on SIGTERM; what is longer is handed out again (acks_late)',
  ),
  migrationImagesRead: threshold(8, 'images', 'each is started once, for about two seconds'),
  releaseHealthySeconds: threshold(
    180,
    's',
    'S1 §5: start-period 40 s, three checks, two images one after the other',
  ),
  taskRoundTripSeconds: threshold(
    20,
    's',
    'S1 §6: an idle queue answers in well under a second; a busy one within a task',
  ),
  // Deploying and going back.
  deployRoomGiB: threshold(
    2,
    'GiB',
    'two images of a gigabyte, unpacked beside the old ones, and the database’s dump',
  ),
  deployHealthSeconds: threshold(
    180,
    's',
    'S1 §5: start-period 40 s and three failed checks of 30 s; an `up --wait` gives up at the first unhealthy one',
  ),
  deployFirstLookSeconds: threshold(
    60,
    's',
    'after one minute: what crashes at its first requests has crashed',
  ),
  deployLastLookSeconds: threshold(
    600,
    's',
    'after ten minutes: scheduled tasks ran, caches filled, memory grew',
  ),
  // Monitoring, and being ready for customers.
  pageWarnSeconds: threshold(
    2,
    's',
    'S3: p95 above 2 s warns; S1 has 1 s, for a page that is measured over time',
  ),
  pageFailSeconds: threshold(5, 's', 'S3: p95 above 5 s is critical'),
  alertArrivesMinutes: threshold(5, 'minutes', 'S4 verification table: rules act at once to 5 minutes'),
  alertSpikeWarnPerHour: threshold(10, 'errors an hour', 'S4 rule 4'),
  alertSpikeFailPerHour: threshold(50, 'errors an hour', 'S4 rule 5'),
  alertPaymentPerHour: threshold(3, 'errors an hour', 'S4 rule 6'),
  alertProofDays: threshold(90, 'days', 'S3 ongoing: quarterly'),
  uptimeEveryMinutes: threshold(5, 'minutes', 'S4 monitors 1 and 3'),
  uptimeTimeoutSeconds: threshold(30, 's', 'S4 monitor 1'),
  uptimeFailures: threshold(2, 'failures in a row', 'S4 monitors 1 and 3; 3 to 4 where it cries wolf'),
  uptimeCertificateDays: threshold(7, 'days', 'S4 monitor 2'),
  fireDrillMinutes: threshold(10, 'minutes', 'S4: test of a monitor'),
  headerHstsSeconds: threshold(31_536_000, 's', 'S3 HTTP security headers: a year'),
  secretsMaxAgeDays: threshold(90, 'days', 'S3 ongoing: secrets reviewed and renewed every quarter'),
  launchProofDays: threshold(90, 'days', 'S3 ongoing: quarterly'),
  auditProofDays: threshold(365, 'days', 'S3 ongoing: a security audit every year'),
  consentArmingSeconds: threshold(5, 's', 'domain §5.4: arming delay of a destructive change in production'),
} as const satisfies Record<string, Threshold>

export type ThresholdName = keyof typeof thresholds

/** The thresholds in force: the defaults with the operator's own values over them. */
export type Policy = Readonly<Record<ThresholdName, number>>

export const defaultPolicy: Policy = Object.fromEntries(
  Object.entries(thresholds).map(([name, { value }]) => [name, value]),
) as Record<ThresholdName, number>
