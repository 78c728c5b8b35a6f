/** Parameters of the rollback of migrations. */

import { z } from 'zod'
import { backupParams } from '../backup/parameters.ts'
import {
  backendPort,
  backendService,
  backupDirectory,
  beatService,
  composeFile,
  databaseService,
  healthPath,
  nginxRunsIn,
  nginxService,
  workerService,
} from '../stack-parameters.ts'

export const migrationTool = z
  .enum(['django', 'alembic'])
  .default('django')
  .describe('What the migrations are made with')

export const migrationApp = z
  .string()
  .regex(/^[A-Za-z0-9_]*$/, 'the label of an app, as showmigrations prints it')
  .default('')
  .describe('The app whose migrations are rolled back; empty: the check says which there are')

export const migrationTarget = z
  .string()
  .regex(/^[A-Za-z0-9_]*$/, 'the name of a migration, or its beginning')
  .default('')
  .describe('The last migration that is to stay applied, or “zero”; empty: the check says which there are')

export const migrationImage = z
  .string()
  .regex(/^$|^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$/, 'the name of an image')
  .default('')
  .describe(
    'The image that has the files of what is undone; empty: the running one, or one on the server that has them',
  )

export const migrationExit = z
  .enum(['recommended', 'migrate-back'])
  .default('recommended')
  .describe('Whether migrations are undone even where the image alone could go back')

export const migrationShape = {
  migrationTool,
  migrationApp,
  migrationTarget,
  migrationImage,
  migrationExit,
  composeFile,
  backendService,
  databaseService,
  workerService,
  beatService,
  backupDirectory,
}
export const migrationParams = z.object(migrationShape)
export type MigrationParams = z.infer<typeof migrationParams>

/** What is needed besides to make a backup. */
export const withBackupParams = migrationParams.extend(backupParams.shape)
/** What is needed besides to put another release in place. */
export const withReleaseParams = migrationParams.extend({ nginxRunsIn, nginxService })
/** What is needed besides to ask the application how it is. */
export const withHealthParams = migrationParams.extend({ backendPort, healthPath })
