/** Applying a release's migrations, in a container of its own image that is there for nothing else. */

import { composeCommand } from '../../src/facts/stack.ts'
import { type Action, lastingAction } from '../../src/model/action.ts'
import { type Script, sh } from '../../src/model/script.ts'
import type { ReleaseParams } from './parameters.ts'
import { rollFunctions } from './roll-script.ts'

/** The tool's own words; a lock is waited for no longer than requests can queue behind it. */
function migrateCommand(
  { migrationTool, composeFile, backendService }: ReleaseParams,
  lockSeconds: number,
): Script {
  const words =
    migrationTool === 'django'
      ? ['python', 'manage.py', 'migrate', '--noinput']
      : ['alembic', 'upgrade', 'head']
  const options = `PGOPTIONS=-c lock_timeout=${Math.round(lockSeconds)}s`
  return sh`${composeCommand(composeFile)} run --rm --no-deps -T -e ${options} ${backendService} ${words} </dev/null`
}

export function migrateAction(
  params: ReleaseParams,
  project: string,
  tag: string,
  lockSeconds: number,
): Action {
  return lastingAction(
    `Apply the migrations of ${tag}`,
    sh`
      ${rollFunctions({ params, project, tag, healthSeconds: 1 })}
      ${migrateCommand(params, lockSeconds)} || refuse 'the migrations could not be applied'
    `,
  )
}
