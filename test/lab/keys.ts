import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withLock } from './lock.ts'
import { places } from './places.ts'
import { run } from './shell.ts'

/** The key pair that opens lab servers, made once for a cache. */
export type LabKey = { identityFile: string; publicKey: string }

export async function labKey(): Promise<LabKey> {
  const identityFile = join(places.keys, 'id_ed25519')
  const read = () => readFile(`${identityFile}.pub`, 'utf8')
  const publicKey = await read().catch(() =>
    withLock('keys', async () => {
      await mkdir(places.keys, { recursive: true, mode: 0o700 })
      await read().catch(() => run`ssh-keygen -q -t ed25519 -N '' -C kneeboard-lab -f ${identityFile}`)
      return read()
    }),
  )
  return { identityFile, publicKey: publicKey.trim() }
}
