/** Parameters of deploying a release and of going back to one. */

import { z } from 'zod'
import { backupShape } from '../backup/parameters.ts'
import { migrationTool } from '../migrations/parameters.ts'
import { healthPath, ServiceName, stackShape } from '../stack-parameters.ts'

const Tag = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, 'a tag, like v1.4.0 or the first digits of a commit')

/** A list is also taken as one text with commas, as it comes from `--set`. */
const listOf = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    value => (typeof value === 'string' ? value.split(/[\s,]+/).filter(part => part !== '') : value),
    z.array(item),
  )

export const releaseTag = Tag.describe('The release to deploy: the tag of its images')

export const rollbackTag = z
  .union([z.literal(''), Tag])
  .default('')
  .describe('The release to go back to; empty: the last one that was found good')

export const releaseServices = listOf(ServiceName)
  .default(['backend', 'frontend', 'celery', 'celery-beat'])
  .describe('The Compose services that a release consists of')

export const tagVariable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable')
  .default('IMAGE_TAG')
  .describe('The variable in .env that names the release in the Compose file')

export const celeryApplication = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.:]*$/, 'the application as `celery -A` is told')
  .default('config')
  .describe('The Celery application, as `celery -A` is told')

const Path = z.string().regex(/^\/[\x21-\x7e]*$/, 'a path that starts with /')

export const smokePaths = listOf(Path)
  .default(['/', '/api/products/'])
  .describe('Pages of the site that have to answer without an error after a deployment')

export const releaseShape = {
  ...stackShape,
  ...backupShape,
  healthPath,
  migrationTool,
  releaseServices,
  tagVariable,
  celeryApplication,
  smokePaths,
}

export const deployParams = z.object({ ...releaseShape, releaseTag })
export type DeployParams = z.infer<typeof deployParams>

export const rollbackParams = z.object({ ...releaseShape, rollbackTag })
export type RollbackParams = z.infer<typeof rollbackParams>

/** What both have: enough to look at what runs, and to put something back. */
export const releaseParams = z.object(releaseShape)
export type ReleaseParams = z.infer<typeof releaseParams>
