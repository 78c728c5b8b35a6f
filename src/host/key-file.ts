/** What can be learnt of a private key file without its passphrase. */

import { readFile } from 'node:fs/promises'
import ssh2, { type ParsedKey } from 'ssh2'

/** Begins the OpenSSH private key format (PROTOCOL.key): NUL-terminated. */
const MAGIC = 'openssh-key-v1\0'

/** Whether parsing failed only because the passphrase is missing. */
export function isEncryptedError(error: Error): boolean {
  return /^Encrypted .*no passphrase given/.test(error.message)
}

/** The public part of an encrypted key: OpenSSH's format keeps it in the clear, older ones need the `.pub` file. */
export async function encryptedKeyPublicPart(path: string, text: string): Promise<ParsedKey | undefined> {
  const blob = publicBlob(text)
  const source = blob
    ? `${blob.type} ${blob.key.toString('base64')}`
    : await readFile(`${path}.pub`, 'utf8').catch(() => undefined)
  if (source === undefined) return undefined
  const key = ssh2.utils.parseKey(source)
  return key instanceof Error ? undefined : key
}

/** Whether a key needs a hardware token (`sk-ssh-ed25519@openssh.com` and its like). */
export async function isSecurityKey(path: string, text: string): Promise<boolean> {
  const type = publicBlob(text)?.type ?? (await readFile(`${path}.pub`, 'utf8').catch(() => '')).split(' ')[0]
  return type?.startsWith('sk-') ?? false
}

/** Reads the unencrypted head of the OpenSSH format: cipher, key derivation, options, count, public key. */
export function publicBlob(text: string): { type: string; key: Buffer } | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1]
  if (body === undefined) return undefined
  const bytes = Buffer.from(body, 'base64')
  if (bytes.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) return undefined
  let at = MAGIC.length
  const next = (): Buffer => {
    const length = bytes.readUInt32BE(at)
    at += 4 + length
    return bytes.subarray(at - length, at)
  }
  try {
    next()
    next()
    next()
    at += 4
    const key = Buffer.from(next())
    const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1')
    return { type, key }
  } catch {
    return undefined
  }
}
