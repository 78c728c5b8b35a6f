/** Puts the proven copy in the live database's place, and, for the way back, the old one in the copy's. */

import { z } from 'zod'
import { containerOfService, runningContainer, stackContainers } from '../../src/facts/containers.ts'
import { lossWords } from '../../src/facts/restore-loss.ts'
import { databaseWriters } from '../../src/facts/restore-writers.ts'
import { lastingAction } from '../../src/model/action.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { type RemedyPlan, remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { beatService, nginxRunsIn, nginxService, workerService } from '../stack-parameters.ts'
import { reload } from '../web/change-nginx.ts'
import { askHealth, healthShape } from './health.ts'
import { lossOf } from './loss-known.ts'
import { chosenBackup, lasting, restoreShape } from './parameters.ts'
import { commentAnew, keepRights, markerOf, swapScript, wordsOf } from './swap-shell.ts'

export const swapParams = z.object({
  ...restoreShape,
  ...healthShape,
  workerService,
  beatService,
  nginxRunsIn,
  nginxService,
})
export type SwapParams = z.infer<typeof swapParams>

/** The way back asks no bucket. */
export const placesParams = swapParams.omit({ bucketUrl: true, bucketRegion: true, bucketCredentials: true })
export type PlacesParams = z.infer<typeof placesParams>

export const swapIn = remedy({
  id: 'restore/swap-in',
  title: 'Stop the application, swap the copy in, start it again',
  why: 'Two renames in one transaction: nothing is copied and nothing overwritten. The old database stays beside, as it was.',
  risk: 'What was created since the backup is not in the shop any more. The shop does not answer until its services are up again. Should anything fail before the renames, everything is as it was.',
  grade: 'destructive',
  params: swapParams,
  async plan(context) {
    const { databases, copy, name } = await chosenBackup(context)
    if (copy === null) throw new Unreadable(`there is no whole copy of ${name} to swap in`)
    const { live, liveName } = databases
    const aside = `before_${copy.name}`
    const loss = await lossOf(context)
    const { live: liveWriters, plan } = await changePlaces(context, {
      live: live?.name ?? null,
      liveName,
      next: copy.name,
      aside,
      before: live === null ? '' : keepRights(live.name, copy.name),
      after: commentsAfterSwap(liveName, live === null ? null : aside),
    })
    return {
      ...plan,
      touches: [
        live === null
          ? `${copy.name} becomes ${liveName}`
          : `${liveName} becomes ${aside}, ${copy.name} becomes ${liveName}`,
        ...liveWriters,
        ...(loss ?? []).map(table => `left behind in ${aside}: ${lossWords(table, 20)}`),
      ],
      undo:
        live === null
          ? `Rename ${liveName} back; there was no database before`
          : 'kneeboard run restore-undo, which swaps the old database back',
    }
  },
})

/** The copy's marker goes on with the time; the old database is marked as what it was. */
function commentsAfterSwap(liveName: string, aside: string | null): string {
  const live = commentAnew(
    liveName,
    aside === null ? "''" : wordsOf(aside),
    `${markerOf(liveName)} || jsonb_build_object('swappedAt', extract(epoch FROM now())::bigint)`,
  )
  if (aside === null) return live
  const old = commentAnew(aside, wordsOf(aside), `${markerOf(liveName)} || '{"phase":"previous"}'`)
  return `${old}\n${live}`
}

export interface Places {
  readonly live: string | null
  readonly liveName: string
  readonly next: string
  readonly aside: string
  readonly before: string
  readonly after: string
}

/** The plan of either swap: who is stopped, the one job, and what is interrupted. */
export async function changePlaces(
  { params, read }: Pick<ProbeContext<PlacesParams>, 'params' | 'read'>,
  places: Places,
): Promise<{ plan: Omit<RemedyPlan, 'touches' | 'undo'>; live: readonly string[] }> {
  const { composeFile, databaseService, backendService, workerService: worker, beatService: beat } = params
  const containers = await read(stackContainers, composeFile)
  const container = await read(runningContainer, composeFile, databaseService)
  const { services: connected, others } =
    places.live === null
      ? { services: [], others: [] }
      : await read(databaseWriters, composeFile, databaseService, places.live)
  const isUp = (service: string) =>
    ['running', 'restarting'].includes(containerOfService(containers, service)?.status ?? '')
  // The scheduler first: so that nothing new is handed out while the workers finish what they have.
  const services = [...new Set([beat, worker, backendService, ...connected])].filter(isUp)
  const backend = containerOfService(containers, backendService)
  const isNginxUp = params.nginxRunsIn === 'host' || isUp(params.nginxService)
  const site = { ...params, certbotService: 'certbot', webroot: '/var/www/certbot' }
  return {
    live: [
      ...(services.length === 0 ? [] : [`${services.join(', ')}: stopped, and started again`]),
      ...others.map(other => `${other}: its connection is closed`),
    ],
    plan: {
      actions: [
        lastingAction(
          `Swap ${places.next} in for ${places.liveName}`,
          swapScript({
            ...places,
            container: container.id,
            composeFile,
            services,
            healthy:
              backend === undefined || !isUp(backendService)
                ? sh`true`
                : askHealth(backend, params.backendPort, params.healthPath),
            reload: isNginxUp ? reload(site) : sh`true`,
          }),
          { timeoutSeconds: 900 },
        ),
      ],
      ...(services.length === 0 ? {} : { interrupts: `the shop, for ${lasting(60)} or less` }),
      expectedSeconds: 45,
    },
  }
}
