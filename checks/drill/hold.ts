import { containerOfService, runningContainer, stackContainers } from '../../src/facts/containers.ts'
import { queryRows } from '../../src/facts/database.ts'
import { DRILL_HISTORY, DRILL_LABEL, DRILL_RECORDS } from '../../src/facts/drill-record.ts'
import { archiveHead } from '../../src/facts/restore-archive.ts'
import { restoreDatabases } from '../../src/facts/restore-databases.ts'
import { lastingAction } from '../../src/model/action.ts'
import { outputOf, Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { drillScript } from './drill-script.ts'
import { automatedBackup, drillParams } from './parameters.ts'

export const holdDrill = remedy({
  id: 'drill/hold',
  title: 'Restore the newest automated backup into a container of its own, and start the release on it',
  why: 'A backup that was never restored is a hope. The clock runs from this decision to an application that answers, so that the recovery time is a measured one.',
  risk: 'It takes memory, processors and disk beside the shop, up to its limits. It has no network: nothing that the application does in it can reach anybody. The live database is only read.',
  grade: 'reversible',
  params: drillParams,
  async plan(context) {
    const { params, policy, read, run } = context
    const { composeFile, databaseService, backendService, redisService } = params
    const backup = await automatedBackup(context)
    if (backup === undefined) throw new Unreadable('the automation has made no backup yet')
    const database = await read(runningContainer, composeFile, databaseService)
    const containers = await read(stackContainers, composeFile)
    const backend = containerOfService(containers, backendService)
    if (backend === undefined)
      throw new Unreadable(`there is no container of ${backendService} to take the release from`)
    const { liveName } = await read(restoreDatabases, composeFile, databaseService, params.databaseName)
    const [place] = await queryRows<{ directory: string }>(context, composeFile, databaseService, {
      what: 'PostgreSQL’s data directory',
      database: 'postgres',
      sql: "SELECT current_setting('data_directory') AS directory",
    })
    const dataDirectory = place?.directory ?? ''
    const mount = database.mounts.find(
      ({ target }) => dataDirectory === target || dataDirectory.startsWith(`${target}/`),
    )
    const head = await read(archiveHead, composeFile, databaseService, backup.path, backup.kind)
    const clock = outputOf(await run(sh`date -u '+%s %Y%m%dt%H%M%Sz'`), 'the server’s clock').trim()
    const [decidedAt = '', stamp = ''] = clock.split(' ')
    const { drillDatabaseMemoryMB, drillApplicationMemoryMB, drillProcessors } = policy
    return {
      actions: [
        lastingAction(
          `Hold the drill with ${backup.name}`,
          drillScript({
            stamp,
            decidedAt: Number(decidedAt),
            backup,
            liveName,
            database: database.id,
            backend: backend.id,
            redis: containerOfService(containers, redisService)?.id ?? null,
            databaseHost: databaseService,
            redisHost: redisService,
            volumeTarget: mount?.target ?? dataDirectory,
            dataDirectory,
            databaseMemoryMB: drillDatabaseMemoryMB,
            applicationMemoryMB: drillApplicationMemoryMB,
            processors: drillProcessors,
            tables: head.tables,
            port: params.backendPort,
            healthPath: params.healthPath,
          }),
          { timeoutSeconds: 7200 },
        ),
      ],
      touches: [
        `containers and a volume with the label ${DRILL_LABEL}=${stamp}, gone at the end: at most ${drillDatabaseMemoryMB} and ${drillApplicationMemoryMB} MB of memory`,
        `${backup.path}, which is only read`,
        `${DRILL_RECORDS}/${stamp} and ${DRILL_HISTORY}: what was measured`,
      ],
      undo: 'Nothing stays but the figures',
      expectedSeconds: 90 + Math.ceil(backup.bytes / 5_000_000),
    }
  },
})
