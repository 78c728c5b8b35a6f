import { check } from '../../src/model/check.ts'
import { outputOf, Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { aptInstall } from '../packages/install.ts'
import { backupParams } from './parameters.ts'

/** The oldest curl that signs uploads for S3 as S3 wants it: before it, the body’s checksum was left out. */
const CURL_SIGNS_SINCE = [7, 87] as const

export const installTools = remedy({
  id: 'backup/install-tools',
  title: 'Install what a backup needs',
  why: 'flock keeps two backups apart; curl signs and sends the copy.',
  risk: 'Packages of the distribution are installed; nothing is restarted.',
  grade: 'reversible',
  params: backupParams,
  async plan({ params, policy, run }) {
    const { missing } = await toolsOn(run, params.bucketUrl !== '')
    const packages = [...new Set(missing.map(tool => (tool === 'curl' ? 'curl' : 'util-linux')))]
    if (packages.length === 0) throw new Unreadable('nothing is missing that a package would bring')
    return {
      actions: aptInstall(`Install ${packages.join(', ')}`, packages, policy),
      touches: packages,
      undo: `apt-get remove ${packages.join(' ')}`,
      expectedSeconds: 20,
    }
  },
})

export const backupTools = check({
  id: 'backup/tools',
  title: 'The server has what a backup needs',
  why: 'A backup without a lock or a checksum is half a backup; better said now than at half past two.',
  params: backupParams,
  explains: ['backup/made-by-itself', 'backup/recent'],
  remedies: [installTools],
  async probe({ params, run }) {
    const { missing, curl } = await toolsOn(run, params.bucketUrl !== '')
    const expected =
      params.bucketUrl === ''
        ? 'flock, sha256sum'
        : `flock, sha256sum, curl ${CURL_SIGNS_SINCE.join('.')} or newer`
    if (missing.length > 0)
      return fail(`not installed: ${missing.join(', ')}`, {
        measured: `without ${missing.join(', ')}`,
        expected,
        remedies: [installTools],
      })
    const [major = 0, minor = 0] = curl.split('.').map(Number)
    if (params.bucketUrl !== '' && major * 1000 + minor < CURL_SIGNS_SINCE[0] * 1000 + CURL_SIGNS_SINCE[1])
      return fail(`curl ${curl} cannot sign uploads to a bucket`, {
        measured: `curl ${curl}`,
        expected,
        advice:
          'A newer release of the distribution has it: Debian 12, Ubuntu 24.04. Until then, backups stay on the server',
      })
    return pass('flock and sha256sum are there', { measured: 'all', expected })
  },
})

async function toolsOn(run: Parameters<typeof backupTools.probe>[0]['run'], withBucket: boolean) {
  const tools = ['flock', 'sha256sum', ...(withBucket ? ['curl'] : [])]
  const result = await run(
    sh`
      for tool in ${tools}; do command -v "$tool" >/dev/null || echo "missing $tool"; done
      if command -v curl >/dev/null; then curl --version | sed -n '1s/^curl \\([0-9.]*\\).*/curl \\1/p'; fi
    `,
    { as: 'root' },
  )
  const text = outputOf(result, 'what is installed')
  return {
    missing: [...text.matchAll(/^missing (.+)$/gm)].map(match => match[1] ?? ''),
    curl: /^curl (.+)$/m.exec(text)?.[1] ?? '',
  }
}
