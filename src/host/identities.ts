/** The operator's keys: those of the agent and those in files, in the order in which OpenSSH offers them. */

import { readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import ssh2, { type BaseAgent, type ParsedKey } from 'ssh2'
import { EXIT, Failure } from '../model/failure.ts'
import { encryptedKeyPublicPart, isEncryptedError, isSecurityKey } from './key-file.ts'
import type { Prompter } from './prompter.ts'

/** How often a passphrase is asked for. */
const PASSPHRASE_ATTEMPTS = 3

/** Digest for RSA signatures (RFC 8332); the other key types bring their own. */
export type SignatureHash = 'sha1' | 'sha256' | 'sha512' | undefined

/** One key that can be offered to a server: its public part at once, its signature when the server wants it. */
export interface Identity {
  readonly publicKey: ParsedKey
  /** Where it comes from, as a person knows it: a path, or `agent: comment`. */
  readonly label: string
  /** @throws Error when the key could not be unlocked or the agent refused. */
  sign(data: Buffer, hash: SignatureHash): Promise<Buffer>
}

export interface IdentitySources {
  /** A key to offer before all others; it must exist. */
  readonly explicit: string | undefined
  readonly files: readonly string[]
  readonly agent: string | null
  readonly identitiesOnly: boolean
}

/** The keys of one operator, unlocked at most once, and what is to be said of those that cannot be used. */
export interface Keyring {
  readonly identities: readonly Identity[]
  /** Sentences about keys that were passed over, for the failure when no other key fits. */
  readonly remarks: string[]
}

/** Key files already read, by path: one that several hosts on the way use is unlocked once. */
export type KeyFiles = Map<string, Promise<Identity | undefined>>

/** @throws Failure (refused) when the explicitly named key is missing or unusable. */
export async function loadKeyring(
  sources: IdentitySources,
  prompter: Prompter,
  read: KeyFiles = new Map(),
): Promise<Keyring> {
  const remarks: string[] = []
  const fromAgent = sources.agent === null ? [] : await agentIdentities(sources.agent, remarks)
  const paths = [...new Set([...(sources.explicit ? [sources.explicit] : []), ...sources.files])]
  const files: Identity[] = []
  for (const path of paths) {
    const reading = read.get(path) ?? fileIdentity(path, path === sources.explicit, prompter, remarks)
    read.set(path, reading)
    const identity = await reading
    if (identity) files.push(identity)
  }
  const held = (identity: Identity): Identity | undefined =>
    fromAgent.find(other => other.publicKey.getPublicSSH().equals(identity.publicKey.getPublicSSH()))
  // A key that the agent holds as well is signed for by the agent: no passphrase is needed then.
  const preferred = files.map(file => ({ file, identity: held(file) ?? file }))
  const ordered = [
    ...preferred.filter(({ file }) => file.label === sources.explicit).map(({ identity }) => identity),
    ...preferred.filter(({ file, identity }) => identity !== file).map(({ identity }) => identity),
    ...(sources.identitiesOnly ? [] : fromAgent),
    ...preferred.map(({ identity }) => identity),
  ]
  return { identities: [...new Set(ordered)], remarks }
}

async function agentIdentities(socket: string, remarks: string[]): Promise<Identity[]> {
  const agent = ssh2.createAgent(socket)
  const keys = await new Promise<readonly ParsedKey[]>(resolve => {
    agent.getIdentities((error, found) => {
      if (error) remarks.push(`The agent at ${socket} does not answer.`)
      resolve((found ?? []) as readonly ParsedKey[])
    })
  })
  return keys.map(publicKey => ({
    publicKey,
    label: `agent: ${publicKey.comment}`,
    sign: (data, hash) => signByAgent(agent, publicKey, data, hash),
  }))
}

function signByAgent(agent: BaseAgent, key: ParsedKey, data: Buffer, hash: SignatureHash): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    agent.sign(key, data, hash === undefined ? {} : { hash }, (error, signature) => {
      if (signature) resolve(signature)
      else reject(error ?? new Error('the agent gave no signature'))
    })
  })
}

async function fileIdentity(
  path: string,
  explicit: boolean,
  prompter: Prompter,
  remarks: string[],
): Promise<Identity | undefined> {
  const unusable = (sentence: string, next: string): undefined => {
    if (explicit) throw new Failure(EXIT.refused, sentence, next)
    remarks.push(sentence)
  }
  let text: string
  try {
    // A pipe may take its time.
    text = statSync(path).isFile() ? readFileSync(path, 'utf8') : await readFile(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' && !explicit) return undefined
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    return unusable(`The key file ${path} ${why}.`, 'Check the path given with --identity.')
  }
  if (await isSecurityKey(path, text)) {
    return unusable(
      `The key ${path} lives on a security key (FIDO), which Kneeboard does not speak yet.`,
      'Use another key for this server.',
    )
  }
  const key = ssh2.utils.parseKey(text)
  if (!(key instanceof Error)) return plainIdentity(path, key, unusable)
  if (!isEncryptedError(key)) {
    return unusable(
      `The key file ${path} cannot be used: ${key.message}.`,
      `Convert it with \`ssh-keygen -p -f ${path}\`, or use another key.`,
    )
  }
  return encryptedIdentity(path, text, explicit, prompter, remarks)
}

function plainIdentity(
  path: string,
  key: ParsedKey,
  unusable: (sentence: string, next: string) => undefined,
): Identity | undefined {
  if (!key.isPrivateKey()) {
    return unusable(
      `${path} holds a public key, not a private one.`,
      'Name the file without .pub, or load the key into the agent.',
    )
  }
  return { publicKey: key, label: path, sign: async (data, hash) => key.sign(data, hash) }
}

async function encryptedIdentity(
  path: string,
  text: string,
  explicit: boolean,
  prompter: Prompter,
  remarks: string[],
): Promise<Identity | undefined> {
  let unlocked: Promise<ParsedKey> | undefined
  const unlock = (): Promise<ParsedKey> => {
    unlocked ??= askAndUnlock(path, text, prompter, remarks).catch(error => {
      unlocked = undefined
      throw error
    })
    return unlocked
  }
  const publicPart = await encryptedKeyPublicPart(path, text)
  const sign = async (data: Buffer, hash: SignatureHash): Promise<Buffer> => (await unlock()).sign(data, hash)
  if (publicPart) return { publicKey: publicPart, label: path, sign }
  // Old PEM keys hide their public part too. Without a .pub file beside it the passphrase comes first, which is
  // asked only for a key that was named.
  if (!explicit) {
    remarks.push(
      `The key ${path} was passed over: it is encrypted, and its public part (${path}.pub) is missing.`,
    )
    return undefined
  }
  try {
    return { publicKey: await unlock(), label: path, sign }
  } catch {
    return undefined
  }
}

async function askAndUnlock(
  path: string,
  text: string,
  prompter: Prompter,
  remarks: string[],
): Promise<ParsedKey> {
  const give = (sentence: string): never => {
    if (!remarks.includes(sentence)) remarks.push(sentence)
    throw new Error(sentence)
  }
  for (let attempt = 1; attempt <= PASSPHRASE_ATTEMPTS; attempt++) {
    const passphrase = await prompter.passphrase({ identity: path, attempt })
    if (passphrase === null) {
      return give(
        `The key ${path} is encrypted, and no passphrase was given (\`ssh-add ${path}\` unlocks it for the agent).`,
      )
    }
    const key = ssh2.utils.parseKey(text, passphrase)
    if (!(key instanceof Error)) return key
  }
  return give(`The passphrase for the key ${path} was wrong ${PASSPHRASE_ATTEMPTS} times.`)
}
