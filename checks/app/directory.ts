/** The directory that deployments write to: there, the deploy user's, and nobody else's to change. */

import { z } from 'zod'
import { account } from '../../src/facts/accounts.ts'
import { type DirectoryState, directoryState, type PathEntry } from '../../src/facts/directories.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { appDirectory, deployUser } from '../parameters.ts'

const Params = z.object({ appDirectory, deployUser })

const WORLD_WRITABLE = 0o002
const STICKY = 0o1000
/** Owner may enter, read and write. */
const OWNER_ALL = 0o700
const NEW_MODE = '0755'

export const makeDirectory = remedy({
  id: 'app/make-directory',
  title: 'Make the application’s directory, and give it to the deploy user',
  why: 'Deployments copy files into it as the deploy user, without sudo.',
  risk: 'Only the directory itself changes hands; what is in it keeps its owners and modes.',
  grade: 'reversible',
  params: Params,
  async plan({ read, params }) {
    const { deployUser: user } = params
    const path = plain(params.appDirectory)
    const { entry } = await read(directoryState, path)
    const deploy = await read(account, user)
    if (isSystems(path)) {
      throw new Unreadable(`${path} belongs to the system: choose a directory of the application’s own`)
    }
    if (deploy === null) throw new Unreadable(`there is no user ${user} to give ${path} to`)
    if (entry !== null && entry.kind !== 'directory') {
      throw new Unreadable(`${path} is a ${entry.kind}: find out what it is for before it is replaced`)
    }
    // Bits that were there stay, except those that let everybody write or keep the owner out.
    const mode = entry === null ? NEW_MODE : octal((entry.mode & ~WORLD_WRITABLE) | OWNER_ALL)
    return {
      actions: [
        runAction(
          `${entry === null ? 'Make' : 'Take over'} ${path}`,
          sh`install -d -o ${user} -g ${deploy.group} -m ${mode} -- ${path}`,
        ),
      ],
      touches: [`${path}: ${describe(entry)} → ${user}:${deploy.group} ${mode}`],
      undo:
        entry === null
          ? `rmdir ${path}`
          : `chown ${entry.user}:${entry.group} ${path}; chmod ${octal(entry.mode)} ${path}`,
      expectedSeconds: 1,
    }
  },
})

export const applicationDirectory = check({
  id: 'app/directory',
  title: 'The application’s directory belongs to the deploy user',
  why: 'Deployments copy into it as this user. When it belongs to root they fail half way; when everybody may write to it, anybody on the server changes what runs as root in a container.',
  params: Params,
  after: ['accounts/deploy-exists'],
  remedies: [makeDirectory],
  async probe({ read, params }) {
    const { deployUser: user } = params
    const path = plain(params.appDirectory)
    const [state, deploy] = await Promise.all([read(directoryState, path), read(account, user)])
    if (deploy === null) {
      return fail(`there is no user ${user} for ${path} to belong to`, { measured: describe(state.entry) })
    }
    const owner = { user, group: deploy.group }
    const expected = `${user}:${owner.group}, not writable for everybody`
    const details = { measured: describe(state.entry), expected }
    if (state.entry === null) return fail(`${path} does not exist`, { ...details, remedies: [makeDirectory] })
    if (state.entry.kind === 'symbolic link') {
      return fail(`${path} is a link to ${state.resolved}`, {
        ...details,
        advice: `Compose names a project after its directory, so a link is a surprise: set the parameter appDirectory to ${state.resolved}, or remove the link`,
      })
    }
    if (state.entry.kind !== 'directory') {
      return fail(`${path} is not a directory, but a ${state.entry.kind}`, {
        ...details,
        advice: 'Find out what it is for before you replace it',
      })
    }
    const faults = faultsOf(state.entry, owner)
    if (faults.length > 0)
      return fail(`${path} ${faults.join(' and ')}`, { ...details, remedies: [makeDirectory] })
    return judgeSurroundings(state, path, details)
  },
})

/** Without slashes at the end, as readlink writes it. */
const plain = (path: string) => path.replace(/\/+$/, '') || '/'

/** Places that are never handed to anybody: `/` and what stands right in it, and the system's own trees. */
const isSystems = (path: string) =>
  /^\/[^/]*$/.test(path) || /^\/(bin|boot|dev|etc|lib\w*|proc|run|sbin|sys|usr)\//.test(path)

function faultsOf(entry: PathEntry, owner: Pick<PathEntry, 'user' | 'group'>): string[] {
  return [
    ...(entry.user === owner.user && entry.group === owner.group
      ? []
      : [`belongs to ${entry.user}:${entry.group}`]),
    ...((entry.mode & WORLD_WRITABLE) === 0 ? [] : ['may be written to by everybody']),
    ...((entry.mode & OWNER_ALL) === OWNER_ALL ? [] : ['keeps its own owner out']),
  ]
}

/** Whoever may write to a directory above can put another one in the place of this. */
function judgeSurroundings(
  state: DirectoryState,
  path: string,
  details: { measured: string; expected: string },
) {
  const open = state.above.find(({ mode }) => (mode & WORLD_WRITABLE) !== 0 && (mode & STICKY) === 0)
  if (open) {
    return warn(`${path} is sound, but everybody may write to ${open.path} above it`, {
      ...details,
      advice: `chmod o-w ${open.path}, once you know why it is so`,
    })
  }
  const through = state.resolved === path ? '' : `, which is ${state.resolved}`
  return pass(`${path}${through} belongs to ${details.measured}`, details)
}

const octal = (mode: number) => mode.toString(8).padStart(4, '0')

const describe = (entry: PathEntry | null) =>
  entry === null ? 'nothing there' : `${entry.user}:${entry.group} ${octal(entry.mode)}`
