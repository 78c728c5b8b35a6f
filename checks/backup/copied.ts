/** The copy in the bucket: made, and read back with the same checksum. */

import { backups } from '../../src/facts/backups.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { outputOf, Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { backUpNow } from './make.ts'
import { backupParams } from './parameters.ts'
import { isProven } from './recent.ts'
import { EMPTY_SHA256 } from './script-bucket.ts'

export const closeCredentials = remedy({
  id: 'backup/close-credentials',
  title: 'Let root alone read the bucket’s key',
  why: 'Whoever reads it can read and overwrite every backup in the bucket.',
  risk: 'None: only root uses it.',
  grade: 'reversible',
  params: backupParams,
  async plan({ params }) {
    const file = params.bucketCredentials
    return {
      actions: [runAction(`chown and chmod ${file}`, sh`chown root:root ${file} && chmod 600 ${file}`)],
      touches: [file],
      undo: 'chown and chmod it back, if you know why',
    }
  },
})

export const bucketCredentialsReady = check({
  id: 'backup/bucket-credentials',
  title: 'The bucket’s key is there, and root’s alone',
  why: 'The key stands in a file, so that no process list and no log shows it.',
  params: backupParams,
  explains: ['backup/copied'],
  remedies: [closeCredentials],
  async probe({ params, run }) {
    if (params.bucketUrl === '') return notApplicable('no bucket was named')
    const file = params.bucketCredentials
    const text = outputOf(
      await run(
        sh`
          [ -f ${file} ] || { echo absent; exit 0; }
          stat -c '%a %U' -- ${file}
          # Its shape, and nothing of what it holds.
          grep -cE '^user *= *"[^":]+:[^"]+"$' ${file}
          exit 0
        `,
        { as: 'root' },
      ),
      file,
    ).trim()
    const expected = 'root’s, mode 600, one line: user = "ACCESS_KEY:SECRET_KEY"'
    if (text === 'absent')
      return fail(`${file} does not exist`, {
        measured: 'absent',
        expected,
        advice: `On the server, as root: umask 077; mkdir -p $(dirname ${file}); then write that one line into ${file} with an editor. Give it a key that can write to this bucket and nothing else; let the bucket keep versions, so that the key cannot destroy what is there`,
      })
    const [access = '', lines = ''] = text.split('\n')
    if (!/^[46]00 root$/.test(access))
      return fail(`${file} can be read by others than root`, {
        measured: access,
        expected,
        remedies: [closeCredentials],
      })
    if (lines !== '1')
      return fail(`${file} is not written as curl reads it`, { measured: `${lines} such lines`, expected })
    return pass(`${file} is there, and root’s alone`, { measured: access, expected })
  },
})

export const backupCopied = check({
  id: 'backup/copied',
  title: 'The newest backup is also somewhere else',
  why: 'What burns the server burns the backups that are on it.',
  params: backupParams,
  after: ['backup/recent', 'backup/bucket-credentials'],
  remedies: [backUpNow],
  timeoutSeconds: 120,
  async probe({ params, read, run }) {
    if (params.bucketUrl === '')
      return notApplicable('no bucket was named: backups stay on this server alone')
    const newest = (await read(backups, params.backupDirectory)).find(isProven)
    if (newest === undefined) throw new Unreadable('there is no proven backup to look for')
    const url = `${params.bucketUrl}/${newest.name}`
    const { bucketRegion, bucketCredentials } = params
    const result = await run(
      sh`
        [ -f ${`${newest.path}.copy.json`} ] && sed -n 's/.*"sha256": "\\([0-9a-f]*\\)".*/copied \\1/p' ${`${newest.path}.copy.json`}
        said=$(curl --disable --silent --show-error --head --config ${bucketCredentials} \\
          --aws-sigv4 ${`aws:amz:${bucketRegion}:s3`} --header ${`x-amz-content-sha256: ${EMPTY_SHA256}`} \\
          --connect-timeout 20 --max-time 60 ${url} 2>&1)
        echo "curl $?"
        printf '%s\\n' "$said" | grep -iE '^(HTTP/|content-length:|curl:)'
        exit 0
      `,
      { as: 'root', timeoutSeconds: 90 },
    )
    return judgeCopy(outputOf(result, 'the copy in the bucket'), newest, url)
  },
})

/** Pure. @throws Unreadable when the bucket gave no answer. */
export function judgeCopy(
  text: string,
  newest: { readonly name: string; readonly bytes: number; readonly checksum: string | null },
  url: string,
) {
  const readBack = /^copied ([0-9a-f]{64})/m.exec(text)?.[1]
  const status = [...text.matchAll(/^HTTP\/\S+ (\d{3})/gm)].at(-1)?.[1] ?? ''
  const length = /^content-length: *(\d+)/im.exec(text)?.[1]
  const expected = `${newest.bytes} bytes, read back with the same checksum`
  const offer = { expected, remedies: [backUpNow] }
  if (status === '')
    throw new Unreadable(`the bucket gave no answer: ${/^curl: .*$/m.exec(text)?.[0] ?? text.trim()}`)
  if (status === '404') return fail(`${newest.name} is not in the bucket`, { ...offer, measured: 'absent' })
  if (status !== '200') throw new Unreadable(`the bucket answered ${status} for ${url}`)
  if (length !== String(newest.bytes))
    return fail(`in the bucket ${newest.name} has another size`, {
      ...offer,
      measured: `${length ?? 'no'} bytes`,
    })
  if (readBack !== newest.checksum)
    return fail(`${newest.name} is in the bucket, and was never read back`, {
      ...offer,
      measured: 'not read back',
    })
  return pass(`${newest.name} is in the bucket, and was read back with the same checksum`, {
    measured: `${length} bytes`,
    expected,
  })
}
