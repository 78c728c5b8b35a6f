/** openssl(1): certificates and keys, sums, random bytes. */

import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import type { Call } from '../../system/call.ts'
import { issue, makeAuthority } from '../../world/x509.ts'

const DAY = 86_400_000

export async function openssl(call: Call): Promise<number> {
  const [verb = '', ...rest] = call.words
  switch (verb) {
    case 'version':
      call.line('OpenSSL 3.5.4 30 Sep 2025 (Library: OpenSSL 3.5.4 30 Sep 2025)')
      return 0
    case 'rand': {
      const count = Number(rest.at(-1) ?? 16)
      call.line(randomBytes(count).toString(rest.includes('-hex') ? 'hex' : 'base64'))
      return 0
    }
    case 'dgst': {
      const bytes = Buffer.from(await call.input(), 'latin1')
      call.line(`SHA2-256(stdin)= ${createHash('sha256').update(bytes).digest('hex')}`)
      return 0
    }
    case 'x509':
      return call.world.certificates.openssl(call, rest)
    case 'pkey':
      return pkey(call, rest)
    case 'req':
      return selfSigned(call, rest)
  }
  call.machine.lacked(`openssl ${verb}`)
  return call.fail(`Invalid command '${verb}'`)
}

const optionValue = (words: readonly string[], option: string): string | undefined => {
  const at = words.indexOf(option)
  return at === -1 ? undefined : words[at + 1]
}

async function pkey(call: Call, words: readonly string[]): Promise<number> {
  const text = await call.text(optionValue(words, '-in') ?? '-')
  try {
    const key = createPrivateKey(text)
    if (words.includes('-pubout'))
      call.out(createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString())
    else if (!words.includes('-noout')) call.out(key.export({ type: 'pkcs8', format: 'pem' }).toString())
    return 0
  } catch {
    return call.fail('Could not read key from file')
  }
}

/** A certificate for a new key, by that key's own authority. */
async function selfSigned(call: Call, words: readonly string[]): Promise<number> {
  const [key, certificate] = [optionValue(words, '-keyout'), optionValue(words, '-out')]
  if (!words.includes('-x509') || key === undefined || certificate === undefined) {
    call.machine.lacked('openssl req without -x509')
    return call.fail('only self-signed certificates are made here')
  }
  const name = /CN ?= ?([^/]+)/.exec(optionValue(words, '-subj') ?? '')?.[1] ?? 'localhost'
  const from = call.machine.now()
  const to = from + Number(optionValue(words, '-days') ?? 30) * DAY
  const made = issue(makeAuthority(name, from), { names: [name], from, to })
  await write(call, key, made.privateKey)
  await write(call, certificate, made.certificate)
  return 0
}

async function write(call: Call, path: string, text: string): Promise<void> {
  const file = (await call.process.openFile(path, 'write')).retain()
  try {
    await file.write(Buffer.from(text), call.process.wait)
  } finally {
    file.release()
  }
}
