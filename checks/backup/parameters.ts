/** Parameters of the backup runbook, and what the script's configuration is made of. */

import { z } from 'zod'
import { isPublic } from '../../src/facts/address.ts'
import { AbsolutePath } from '../parameters.ts'
import { backendService, backupDirectory, composeFile, databaseService } from '../stack-parameters.ts'

export const backupKeepDays = z.coerce
  .number()
  .int()
  .min(0)
  .max(3650)
  .default(0)
  .describe(
    'Days that backups are kept on the server, the newest three whatever their age; 0: what BACKUP_RETENTION_DAYS in the env file says, else 30 in production and 7 on staging',
  )

export const bucketUrl = z
  .union([
    z.literal(''),
    z
      .url({ protocol: /^https?$/, error: 'a URL like https://fra1.digitaloceanspaces.com/bucket/backups' })
      .regex(/^[\x21-\x7e]+$/)
      .regex(/^[^?#'"\\`$]+$/, 'a URL without ? and #')
      // What is no URL at all was refused above; every rule is asked all the same.
      .refine(
        url => !URL.canParse(url) || isPrivateOrEncrypted(url),
        'https, unless it is an address of a private network',
      )
      .refine(
        url => !URL.canParse(url) || new URL(url).username === '',
        'a URL without a name and a password in it',
      )
      .transform(url => url.replace(/\/+$/, '')),
  ])
  .default('')
  .describe('An S3-compatible bucket that each backup is copied to, as one URL with its prefix; empty: none')

export const bucketRegion = z
  .string()
  .regex(/^[a-z0-9-]{1,40}$/, 'the name of a region')
  .default('us-east-1')
  .describe('The region that requests to the bucket are signed for')

export const bucketCredentials = AbsolutePath.default('/etc/kneeboard/backup-bucket.conf').describe(
  'A file on the server, root’s and mode 600, with one line: user = "ACCESS_KEY:SECRET_KEY"',
)

/** The bucket that backups are copied to, and restored from. */
export const bucketShape = { bucketUrl, bucketRegion, bucketCredentials }

export const backupShape = {
  composeFile,
  backendService,
  databaseService,
  backupDirectory,
  backupKeepDays,
  ...bucketShape,
}
export const backupParams = z.object(backupShape)
export type BackupParams = z.infer<typeof backupParams>

/** A backup is every customer's data: it goes over the open internet encrypted or not at all. */
function isPrivateOrEncrypted(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || !isPublic(hostname.replace(/^\[|\]$/g, ''))
}
