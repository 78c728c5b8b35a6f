import { composeEnvFile, inForce, stackEnvironment } from '../../src/facts/env-files.ts'
import { composeCommand, type StackService } from '../../src/facts/stack.ts'
import { type Action, lastingAction } from '../../src/model/action.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { editAction } from '../configuration/edit-env.ts'
import { migrateAction } from './migrate.ts'
import { ORDER_WORDS, readOrder } from './order.ts'
import { type DeployParams, deployParams, type ReleaseParams } from './parameters.ts'
import { rollScript } from './roll-script.ts'
import { readSituation, runningTag, type Situation } from './situation.ts'

/**
 * Two containers of a service may stand side by side when neither has a name or a port of its own, and Docker can
 * tell when the second one is ready. Of schedulers and workers there must never be two releases at once.
 */
export const canRoll = (
  { containerName, ports, hasHealthcheck }: Pick<StackService, 'containerName' | 'ports' | 'hasHealthcheck'>,
  service: string,
  { workerService, beatService }: Pick<ReleaseParams, 'workerService' | 'beatService'>,
): boolean =>
  containerName === '' &&
  ports.every(({ published }) => published === '') &&
  hasHealthcheck &&
  service !== workerService &&
  service !== beatService

/** Writes the tag into `.env`: what every later `up` starts. */
export async function tagActions(
  { read, params }: Pick<ProbeContext<ReleaseParams>, 'read' | 'params'>,
  tag: string,
): Promise<Action[]> {
  const file = composeEnvFile(await read(stackEnvironment, params.composeFile))
  if (!file.exists) throw new Unreadable(`${file.path} is missing: run app-config first`)
  const before = inForce(file.values, params.tagVariable)?.plain ?? 'nothing'
  if (before === tag) return []
  return [
    editAction(
      `In ${file.path}: ${params.tagVariable} becomes ${tag} (it is ${before})`,
      [file.path],
      sh`value=${tag}; set_key ${file.path} ${params.tagVariable}`,
    ),
  ]
}

export const rollOut = remedy({
  id: 'deploy/roll-out',
  title: 'Put the release in place',
  why: 'Schema and code go out in the order that this release needs; where two containers can stand side by side, the old one goes only when the new one is healthy.',
  risk: 'A container that does not get healthy is taken away again, the failure is noted with its reason, and the way back is offered. What the migrations change stays changed.',
  grade: 'disruptive',
  params: deployParams,
  async plan(context) {
    const { params, policy } = context
    const situation = await readSituation(context, params.releaseTag)
    const { project, services } = situation
    const order = await orderOf(context, situation)
    const absent = services.find(({ wantedId }) => wantedId === undefined)
    if (absent !== undefined) throw new Unreadable(`${absent.wanted} is not on the server: pull it first`)
    const stops = order?.order === 'needs-downtime'
    const rolling = stops
      ? []
      : services
          .filter(({ config, service }) => canRoll(config, service, params))
          .map(({ service }) => service)
    const recreated = services.map(({ service }) => service).filter(service => !rolling.includes(service))
    const migrate = [migrateAction(params, project, params.releaseTag, policy.migrationLockSeconds)]
    const first = order !== null && order.pending.length > 0 && order.order !== 'code-first' ? migrate : []
    return {
      actions: [
        ...(await tagActions(context, params.releaseTag)),
        ...(stops ? [stopAction(params)] : []),
        ...first,
        lastingAction(
          `Start ${params.releaseTag}: ${describe(rolling, recreated)}`,
          rollScript({
            params,
            project,
            tag: params.releaseTag,
            rolling,
            recreated,
            healthSeconds: policy.deployHealthSeconds,
          }),
        ),
        ...staticFiles(params, situation),
      ],
      touches: [
        `${services.map(({ service }) => service).join(', ')}: from ${runningTag(situation) || 'nothing'} to ${params.releaseTag}`,
        ...(first.length > 0 ? [`the database: ${order?.pending.map(({ key }) => key).join(', ')}`] : []),
        '.env and /var/lib/kneeboard/releases.tsv',
      ],
      interrupts: interruption(stops, recreated),
      undo: `kneeboard run rollback: it puts ${runningTag(situation) || 'the last good release'} back. Migrations stay applied unless migration-rollback undoes them`,
      expectedSeconds: 90,
    }
  },
})

/** Null for a release without the backend. */
async function orderOf(context: ProbeContext<DeployParams>, { services }: Situation) {
  const backend = services.find(({ service }) => service === context.params.backendService)
  return backend === undefined ? null : readOrder(context, backend.wanted)
}

const stopAction = ({ composeFile, backendService, workerService, beatService }: ReleaseParams): Action =>
  lastingAction(
    'Stop the application: neither order of schema and code works for this release',
    sh`${composeCommand(composeFile)} stop ${[beatService, workerService, backendService]} </dev/null`,
    { timeoutSeconds: 900 },
  )

const describe = (rolling: readonly string[], recreated: readonly string[]): string =>
  [
    ...(rolling.length > 0 ? [`${rolling.join(' and ')} beside the old`] : []),
    ...(recreated.length > 0 ? [`${recreated.join(' and ')} in place of the old`] : []),
  ].join(', ')

function interruption(stops: boolean, recreated: readonly string[]): string {
  if (stops) return `the application, for about a minute: ${ORDER_WORDS['needs-downtime']}`
  if (recreated.length === 0) return 'nothing that a visitor would notice'
  return `${recreated.join(' and ')} for a few seconds each; tasks wait in the queue`
}

/** A volume over the image's static files hides those of the new release: they are collected into it again. */
function staticFiles(params: ReleaseParams, { services }: Situation): Action[] {
  const backend = services.find(({ service }) => service === params.backendService)
  const mount = backend?.config.mounts.find(({ type, target }) => type === 'volume' && /static/.test(target))
  if (params.migrationTool !== 'django' || mount === undefined) return []
  return [
    lastingAction(
      `Collect the static files into the volume ${mount.source}, which hides those of the image`,
      sh`
        id=$(${composeCommand(params.composeFile)} ps --quiet ${params.backendService} </dev/null | head -n 1)
        docker exec "$id" python manage.py collectstatic --noinput --verbosity 0 </dev/null
      `,
    ),
  ]
}
