/** Something is wrong: everything is looked at at once, and the one failure that explains the others stands first. */

import * as backend from '../checks/backend/health.ts'
import * as celery from '../checks/celery/queue.ts'
import { sinceGreen } from '../checks/changes/since-green.ts'
import * as configuration from '../checks/configuration/index.ts'
import { diskHasSpace } from '../checks/disk/space.ts'
import { aaaaLeadsHere, aLeadsHere } from '../checks/dns/leads-here.ts'
import { resolves } from '../checks/dns/resolves.ts'
import { engineRunning } from '../checks/docker/engine-running.ts'
import { publishedPortsExpected } from '../checks/firewall/published-ports.ts'
import { quietLog } from '../checks/logs/quiet.ts'
import * as machine from '../checks/machine/condition.ts'
import * as nginx from '../checks/nginx/behind.ts'
import { noRebootPending } from '../checks/packages/no-reboot-pending.ts'
import * as postgres from '../checks/postgres/condition.ts'
import * as housekeeping from '../checks/postgres/housekeeping.ts'
import * as redis from '../checks/redis/condition.ts'
import { serviceAsDeclared, serviceImage, serviceMemory, serviceProcessor } from '../checks/services/made.ts'
import { roles, symptomsOf, symptomsWhileUp } from '../checks/services/roles.ts'
import { serviceHealthy, serviceRuns, serviceSteady, serviceWatched } from '../checks/services/state.ts'
import * as site from '../checks/site/from-outside.ts'
import * as containers from '../checks/stack/containers.ts'
import * as stack from '../checks/stack/file.ts'
import { clockRight, failedUnits, inodesLeft } from '../checks/system/index.ts'
import { certificateLifetime } from '../checks/tls/certificate-lifetime.ts'
import type { AnyCheck } from '../src/model/check.ts'
import { runbook } from '../src/model/runbook.ts'

/** Here a check stands after others as well, or explains more than it does by itself. */
const placed = (
  check: AnyCheck,
  { after = [], explains = [] }: Partial<Pick<AnyCheck, 'after' | 'explains'>>,
): AnyCheck => ({
  ...check,
  after: [...(check.after ?? []), ...after],
  explains: [...(check.explains ?? []), ...explains],
})

/** What visitors see when the name leads to another machine. */
const ELSEWHERE = [
  'site/http-answers',
  'site/https-answers',
  'site/sends-to-https',
  'site/api-answers',
  'site/api-healthy',
  'site/front-page',
  'site/certificate-loaded',
  'site/certificate-names',
  'tls/certificate-lifetime',
]

const DOCKER = ['docker/engine-running', 'stack/file-readable']

export const troubleshooting = runbook({
  id: 'troubleshooting',
  title: 'Something is wrong',
  purpose:
    'For “the site is down”, and for everything that feels wrong. It looks at the whole server and at the site from outside within seconds, names the one failure that explains the others, and offers what mends it. Looking changes nothing.',
  group: 'Incident',
  minutes: 1,
  steps: [
    {
      id: 'machine',
      title: 'The machine',
      why: 'It has room, memory and time, and nothing on it has failed.',
      checks: [
        machine.fileSystemsWritable,
        diskHasSpace,
        placed(inodesLeft, { explains: symptomsOf('database', 'redis') }),
        machine.noDeletedFiles,
        machine.memoryLeft,
        machine.noMemoryKills,
        machine.swapCalm,
        machine.memoryPressure,
        machine.processorPressure,
        machine.diskPressure,
        machine.loadBearable,
        machine.openFiles,
        machine.connectionTable,
        machine.processTable,
        machine.noStuckProcesses,
        machine.noZombies,
        clockRight,
        failedUnits,
        noRebootPending,
      ],
    },
    {
      id: 'stack',
      title: 'Docker and the Compose file',
      why: 'The daemon answers, the file can be read, and what it names is there.',
      checks: [
        { ...engineRunning, after: [] },
        stack.fileReadable,
        stack.servicesKnown,
        stack.imagesNamed,
        stack.restartPolicies,
        configuration.composeVariablesSet,
        placed(stack.imagesPresent, { after: ['configuration/compose-variables-set'] }),
        containers.stackStarted,
        containers.noStrays,
        containers.oneScheduler,
        containers.noOneOffs,
        containers.logsRotated,
        placed(publishedPortsExpected, { after: ['docker/engine-running'] }),
      ],
    },
    {
      id: 'configuration',
      title: 'The configuration',
      why: 'The values are whole, agree with each other, and are those that run.',
      checks: [
        configuration.envFilesPrivate,
        configuration.exampleKeysPresent,
        configuration.keysUnambiguous,
        configuration.criticalKeysFilled,
        configuration.secretKeyStrong,
        placed(configuration.redisPasswordUsable, {
          explains: [
            ...symptomsOf('redis', 'worker'),
            'backend/cache',
            'configuration/redis-password-agrees',
          ],
        }),
        placed(configuration.redisPasswordAgrees, {
          explains: [...symptomsOf('redis', 'worker'), 'backend/cache'],
        }),
        placed(configuration.databasePasswordAgrees, {
          explains: [...symptomsOf('database'), 'backend/database'],
        }),
        placed(configuration.backendUrlSound, { explains: ['configuration/environment-current'] }),
        placed(configuration.allowedHosts, {
          explains: [
            'configuration/environment-current',
            'backend/accepts-localhost',
            'backend/accepts-site',
            'services/backend-healthy',
            'backend/healthy',
            'logs/backend',
          ],
        }),
        configuration.paymentKeyFits,
        configuration.sentryEnvironment,
        configuration.environmentValues,
        placed(configuration.environmentCurrent, { after: DOCKER }),
        placed(configuration.postgresCertificate, {
          after: DOCKER,
          explains: [...symptomsOf('database'), 'backend/database'],
        }),
      ],
    },
    {
      id: 'services',
      title: 'The services',
      why: 'Each is there, stays up, and is what the file says.',
      checks: roles.flatMap(role => [
        serviceRuns(role),
        serviceSteady(role),
        serviceImage(role),
        serviceAsDeclared(role),
        serviceMemory(role),
        serviceProcessor(role),
        serviceWatched(role),
      ]),
    },
    {
      id: 'database',
      title: 'PostgreSQL',
      why: 'It lets us in, nobody holds the others up, and nothing runs out.',
      checks: [
        postgres.postgresAnswers,
        placed(configuration.databasePasswordAccepted, {
          after: ['postgres/answers'],
          explains: [
            ...symptomsWhileUp('database').filter(id => id !== 'postgres/answers'),
            'backend/database',
          ],
        }),
        postgres.connectionsLeft,
        postgres.nobodyBlocked,
        postgres.nobodyIdles,
        postgres.transactionsEnd,
        housekeeping.takesWrites,
        housekeeping.autovacuumOn,
        housekeeping.transactionIdsLeft,
        housekeeping.noPreparedLeft,
        housekeeping.slotsInUse,
        housekeeping.indexesValid,
        housekeeping.noChecksumFailures,
        housekeeping.archiverWorks,
        housekeeping.sequencesLeft,
        housekeeping.tablesClean,
        housekeeping.encrypted,
      ],
    },
    {
      id: 'redis',
      title: 'Redis',
      why: 'It answers, keeps what it is given, and throws no task away.',
      checks: [
        redis.redisAnswers,
        redis.limitAsStarted,
        redis.memoryLeft,
        redis.noEviction,
        redis.savesData,
        redis.keepsLog,
        redis.loaded,
        redis.isMaster,
        redis.nobodyRefused,
      ],
    },
    {
      id: 'tasks',
      title: 'Tasks',
      why: 'What the shop hands on is taken, and done.',
      checks: [celery.takesTasks, celery.queueShort, celery.tasksEnd, celery.beatSends],
    },
    {
      id: 'backend',
      title: 'The backend',
      why: 'It answers inside its container, and says of each part how it is.',
      checks: [
        backend.namesResolve,
        backend.findsTheWorld,
        backend.answers,
        backend.acceptsLocalhost,
        backend.acceptsSite,
        backend.endpointSpeaks,
        backend.databaseComponent,
        backend.cacheComponent,
        backend.workerComponent,
        backend.healthy,
        backend.quick,
      ],
    },
    {
      id: 'health',
      title: 'The containers’ own word',
      why: 'Each container’s health check passes.',
      checks: roles.map(serviceHealthy),
    },
    {
      id: 'nginx',
      title: 'nginx',
      why: 'It takes its files, and asks the addresses that the services have now.',
      checks: [nginx.namesKnown, nginx.configurationValid, nginx.reloadedSince, nginx.addressesCurrent],
    },
    {
      id: 'dns',
      title: 'DNS',
      why: 'The names lead here, over IPv6 as over IPv4.',
      checks: [
        { ...resolves, after: [] },
        placed(aLeadsHere, { explains: ELSEWHERE }),
        placed(aaaaLeadsHere, { explains: ELSEWHERE }),
      ],
    },
    {
      id: 'site',
      title: 'The site, from outside',
      why: 'What a visitor, a monitor and the CA get.',
      checks: [
        site.port80,
        site.httpsAnswers,
        site.redirects,
        site.certificateLoaded,
        site.certificateNames,
        placed(certificateLifetime, { after: ['site/https-answers'] }),
        site.apiAnswers,
        site.apiHealthy,
        site.frontPage,
        nginx.pagesWork,
        placed(configuration.paymentWebhookAnswers, { after: ['site/https-answers', 'site/api-answers'] }),
        placed(configuration.frontDoor, { after: ['site/https-answers', 'site/front-page'] }),
      ],
    },
    {
      id: 'logs',
      title: 'The logs',
      why: 'Nothing is written there that no other check has looked at.',
      checks: roles.map(quietLog),
    },
    {
      id: 'changes',
      title: 'What has changed',
      why: 'Most failures are somebody’s change since the last time that all was well.',
      checks: [sinceGreen],
    },
  ],
})
