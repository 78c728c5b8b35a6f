import { z } from 'zod'
import { type Account, account } from '../../src/facts/accounts.ts'
import { type LoginKeys, loginKeys } from '../../src/facts/login-keys.ts'
import type { PathState } from '../../src/facts/path-state.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, type VerdictDetails, warn } from '../../src/model/verdict.ts'
import { deployKey, deployUser } from '../parameters.ts'
import { authoriseKeys } from './authorise-keys.ts'
import { repairKeyModes } from './repair-key-modes.ts'

const params = z.object({ deployUser, deployKey })

export const deployKeys = check({
  id: 'accounts/deploy-keys',
  title: 'The deploy user has a key that lets it in',
  why: 'sshd ignores keys silently: when a folder on the way is writable by others, when the owner is wrong, or when an option locks the key in. It shows only when passwords are off and nobody gets in.',
  params,
  after: ['accounts/deploy-exists'],
  remedies: [repairKeyModes, authoriseKeys],
  async probe({ read, params }) {
    const user = await read(account, params.deployUser)
    if (user === null) return fail(`there is no user ${params.deployUser}`)
    const login = await read(loginKeys, user.name)
    const usable = login.keys.keys.filter(({ flaw }) => flaw === null)
    const details: VerdictDetails = {
      measured: measuredOf(login, usable.length),
      expected: 'at least one key, folder 0700, file 0600, all of the user’s own',
    }
    const link = login.chain.find(({ kind }) => kind === 'link' || kind === 'other')
    if (link !== undefined)
      return warn(`${link.path} is a link or something else than a plain file or folder`, {
        ...details,
        advice: 'Look where it leads and who may write there; no remedy touches it.',
      })
    const refused = login.strictModes ? login.chain.find(state => isRefused(state, user)) : undefined
    if (refused !== undefined)
      return fail(`sshd ignores the keys: ${flawOf(refused, user)}`, {
        ...details,
        telling: refused.path,
        remedies: [repairKeyModes],
      })
    if (usable.length === 0) return fail(whyNone(login), { ...details, remedies: [authoriseKeys] })
    if (params.deployKey !== '' && !usable.some(({ blob }) => blob === params.deployKey.split(' ')[1]))
      return fail('the key that was given is not among those that let it in', {
        ...details,
        remedies: [authoriseKeys],
      })
    const loose = login.chain.find((state, index) => isLoose(state, index, login) || isRefused(state, user))
    if (loose !== undefined)
      return warn(`${loose.path} has mode ${octal(loose.mode)} and belongs to ${loose.owner}`, {
        ...details,
        telling: loose.path,
        remedies: [repairKeyModes],
      })
    if (login.keys.carriageReturns)
      return warn(`${login.file} has Windows line ends, which become part of the last word of each line`, {
        ...details,
        remedies: [authoriseKeys],
      })
    const [malformed] = login.keys.malformed
    if (malformed !== undefined)
      return warn(`line ${malformed} of ${login.file} is no key: a broken line or a private key`, {
        ...details,
        advice: 'Look at that line. A key that was wrapped over two lines has to be one line again.',
      })
    return pass(
      `${usable.length === 1 ? '1 key lets' : `${usable.length} keys let`} ${user.name} in`,
      details,
    )
  },
})

/** What sshd’s StrictModes refuses: writable for others, or of anybody else than the user and root. */
function isRefused({ kind, mode, owner }: PathState, user: Account): boolean {
  if (kind === 'missing') return false
  return (mode & 0o022) !== 0 || (owner !== user.name && owner !== 'root')
}

/** Works, but is not the 0700 and 0600 that the deployment guide wants (S0 §2), or is root's. */
function isLoose({ kind, mode, owner }: PathState, index: number, { chain }: LoginKeys): boolean {
  if (kind === 'missing' || index === 0) return false
  const allowed = index === chain.length - 1 ? 0o600 : 0o700
  return (mode & ~allowed) !== 0 || owner === 'root'
}

function flawOf({ path, mode, owner }: PathState, user: Account): string {
  if (owner !== user.name && owner !== 'root') return `${path} belongs to ${owner}`
  return `${path} may be written by others (mode ${octal(mode)})`
}

function whyNone({ file, chain, keys }: LoginKeys): string {
  if (chain.at(-1)?.kind === 'missing') return `there is no ${file}`
  const [first] = keys.keys
  if (first === undefined) return `${file} holds no key`
  return `no key in ${file} lets anybody in: ${first.flaw}`
}

function measuredOf({ chain, keys }: LoginKeys, usable: number): string {
  const states = chain.slice(1).map(({ path, kind, mode, owner }) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    return kind === 'missing' ? `no ${name}` : `${name} ${octal(mode)} of ${owner}`
  })
  return [`${usable} of ${keys.keys.length} keys usable`, ...states].join(', ')
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')
