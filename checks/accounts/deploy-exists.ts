import { z } from 'zod'
import { type Account, account, groupExists } from '../../src/facts/accounts.ts'
import { type HomeState, homeState } from '../../src/facts/home.ts'
import { type Action, runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { deployUser } from '../parameters.ts'

const params = z.object({ deployUser })

export const createDeploy = remedy({
  id: 'accounts/create-deploy',
  title: 'Create the deploy user',
  why: 'Deployments and daily work run as a user of their own, so that root’s login can be closed and logs say who did what.',
  risk: 'None for what is there. The user has no password, so nobody can log in with one; its keys are a step of their own.',
  grade: 'reversible',
  params,
  async plan({ read, params }) {
    const name = params.deployUser
    if ((await read(account, name)) !== null) throw new Unreadable(`the user ${name} exists by now`)
    // adduser stops when a group of that name is there already, unless it is told to use it.
    const group = (await read(groupExists, name)) ? ['--ingroup', name] : []
    const home = await read(homeState, `/home/${name}`)
    if (home.kind !== 'missing' && home.kind !== 'folder')
      throw new Unreadable(`${home.path} is there and is no folder: look at it first`)
    const create = runAction(
      `Create ${name}`,
      sh`PATH=$PATH:/usr/sbin:/sbin; adduser --disabled-password --gecos '' ${[...group, name]}`,
    )
    // adduser leaves a folder that is there to whoever owned it: an earlier user of that name, by number.
    const takeOver = runAction(
      `Give it the folder ${home.path} that is there`,
      sh`chown -- ${`${name}:`} ${home.path}`,
    )
    return {
      actions: home.kind === 'folder' ? [create, takeOver] : [create],
      touches: [
        `the new user ${name}`,
        home.kind === 'folder' ? `${home.path} (there already, of ${home.owner})` : home.path,
      ],
      undo: `deluser ${name} (its home folder stays until you delete it)`,
      expectedSeconds: 2,
    }
  },
})

export const repairDeploy = remedy({
  id: 'accounts/repair-deploy',
  title: 'Let the deploy user log in again',
  why: 'An expired account, a shell that refuses, or a home folder that is missing or someone else’s: each keeps the user out although its key is right.',
  risk: 'Somebody may have closed this account on purpose: ask before you open it again. In the home folder only the owner of the folder itself is changed.',
  grade: 'reversible',
  params,
  async plan({ read, params }) {
    const name = params.deployUser
    const user = await read(account, name)
    if (user === null) throw new Unreadable(`there is no user ${name}`)
    const home = await read(homeState, user.home)
    if (home.kind === 'link' || home.kind === 'other')
      throw new Unreadable(`${user.home} is no folder: look at it before anything is changed there`)
    const repairs = repairsFor(user, home)
    if (repairs.length === 0) throw new Unreadable('there is nothing to repair by now')
    return {
      actions: repairs.map(({ action }) => action),
      touches: repairs.map(({ touches }) => touches),
      undo: repairs.map(({ undo }) => undo).join('; '),
      expectedSeconds: 1,
    }
  },
})

interface Repair {
  readonly action: Action
  readonly touches: string
  readonly undo: string
}

function repairsFor(user: Account, home: HomeState): Repair[] {
  const { name } = user
  const repairs: Repair[] = []
  if (user.expired)
    repairs.push({
      action: runAction('Take the account’s end date away', sh`chage -E -1 -- ${name}`),
      touches: `the end date of ${name}`,
      undo: `chage -E 0 ${name}`,
    })
  if (user.passwordExpired)
    repairs.push({
      action: runAction(
        'Take the password’s end date away',
        sh`chage -M -1 -d "$(date +%Y-%m-%d)" -- ${name}`,
      ),
      touches: `the password’s end date of ${name}`,
      undo: `chage -d 0 ${name}`,
    })
  if (refusesLogin(user))
    repairs.push({
      action: runAction('Give it a shell', sh`usermod -s /bin/bash -- ${name}`),
      touches: `the shell of ${name} (now ${user.shell})`,
      undo: `usermod -s ${user.shell} ${name}`,
    })
  if (home.kind === 'missing')
    repairs.push({
      action: runAction(
        'Make its home folder',
        sh`
          set -eu
          install -d -m 0750 -- ${user.home}
          cp -R /etc/skel/. ${user.home}
          chown -R ${`${name}:${user.group}`} ${user.home}
        `,
      ),
      touches: `${user.home} (new)`,
      undo: `rm -r ${user.home}`,
    })
  else if (home.owner !== name)
    repairs.push({
      action: runAction('Give it its home folder', sh`chown -- ${`${name}:${user.group}`} ${user.home}`),
      touches: `the owner of ${user.home} (now ${home.owner})`,
      undo: `chown ${home.owner} ${user.home}`,
    })
  return repairs
}

export const deployExists = check({
  id: 'accounts/deploy-exists',
  title: 'The deploy user exists and may log in',
  why: 'Everything that follows is done by this user, or for it.',
  params,
  remedies: [createDeploy, repairDeploy],
  async probe({ read, params }) {
    const name = params.deployUser
    const user = await read(account, name)
    if (user === null)
      return fail(`there is no user ${name}`, {
        measured: 'no such user',
        expected: `a user ${name} with a shell and a home folder`,
        remedies: [createDeploy],
      })
    const home = await read(homeState, user.home)
    const details = {
      measured: `${user.shell}, ${user.home} (${home.kind === 'folder' ? `of ${home.owner}` : home.kind})`,
      expected: 'a shell, a home folder of its own, not expired',
    }
    const repairable = { ...details, remedies: [repairDeploy] }
    if (user.expired) return fail(`the account ${name} has expired: every login is refused`, repairable)
    if (user.passwordExpired)
      return fail(`${name} must change its password first, which stops a login by key too`, repairable)
    if (refusesLogin(user))
      return fail(`${name} has the shell ${user.shell}, which lets nobody in`, repairable)
    if (home.kind === 'missing') return fail(`the home folder ${user.home} does not exist`, repairable)
    if (home.kind !== 'folder') return fail(`${user.home} is no folder`, repairable)
    if (home.owner !== name) return fail(`${user.home} belongs to ${home.owner}, not to ${name}`, repairable)
    if (user.uid === 0)
      return warn(`${name} is root itself: nothing separates a deployment from the whole server`, details)
    return pass(`${name} exists, with ${user.shell} and ${user.home}`, details)
  },
})

function refusesLogin({ shell, shellRuns }: Account): boolean {
  return !shellRuns || /\/(nologin|false)$/.test(shell)
}
