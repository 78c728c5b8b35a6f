/** The deploy user reaches Docker without sudo, as a new login would. */

import { z } from 'zod'
import { account } from '../../src/facts/accounts.ts'
import { answering, dockerDaemon } from '../../src/facts/docker.ts'
import { sshSession } from '../../src/facts/ssh-session.ts'
import { runAction } from '../../src/model/action.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { type CommandResult, whyNot } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, unknown, type Verdict } from '../../src/model/verdict.ts'
import { deployUser } from '../parameters.ts'

const Params = z.object({ deployUser })
type Params = z.infer<typeof Params>

const GROUP = 'docker'
const EXPECTED = 'docker ps works without sudo'

export const addToDockerGroup = remedy({
  id: 'docker/add-deploy-to-group',
  title: 'Put the deploy user into the group docker',
  why: 'Deployments run docker as this user. The group gives access to the daemon’s socket.',
  risk: 'Who is in this group is root in all but name: a container can mount the whole server. The keys of this user are from now on worth as much as root’s.',
  grade: 'reversible',
  params: Params,
  async plan({ params }) {
    return {
      actions: [
        runAction(
          `Put ${params.deployUser} into the group ${GROUP}`,
          sh`
            set -eu
            getent group ${GROUP} >/dev/null || groupadd --system ${GROUP}
            usermod -aG ${GROUP} ${params.deployUser}
          `,
        ),
      ],
      touches: [`the group ${GROUP}; sessions that are open keep their old groups`],
      undo: `gpasswd -d ${params.deployUser} ${GROUP}`,
      expectedSeconds: 1,
    }
  },
})

export const deployInGroup = check({
  id: 'docker/deploy-in-group',
  title: 'The deploy user runs docker without sudo',
  why: 'A deployment is a login as this user. Groups are given at login, so that only a fresh one proves it; a session that was open before keeps its old groups.',
  params: Params,
  after: ['docker/engine-running', 'accounts/deploy-exists'],
  remedies: [addToDockerGroup],
  async probe(context) {
    const { deployUser: user } = context.params
    const deploy = await context.read(account, user)
    if (deploy === null) {
      return fail(`there is no user ${user}`, { measured: 'no such user', expected: EXPECTED })
    }
    if (deploy.uid !== 0 && !deploy.groups.includes(GROUP)) {
      return fail(`${user} is not in the group ${GROUP}`, {
        measured: `in ${deploy.groups.join(', ')}`,
        expected: `in ${GROUP}`,
        remedies: [addToDockerGroup],
      })
    }
    answering(await context.read(dockerDaemon))
    const { client } = await context.read(sshSession)
    return client === null ? provenHere(context) : provenByLogin(context)
  },
})

const ASK = sh`docker ps --quiet`

async function provenByLogin({ login, params }: ProbeContext<Params>): Promise<Verdict> {
  const user = params.deployUser
  const attempt = await login({ user, with: 'key-only', script: ASK })
  if (attempt.outcome !== 'accepted' || attempt.result === undefined) {
    return unknown(
      `${user} is in the group ${GROUP}, but a fresh login as ${user} did not work: ${attempt.reason}`,
      {
        measured: 'not proven',
        expected: EXPECTED,
        advice: `Give a key that ${user} may log in with, then check again`,
      },
    )
  }
  return judge(attempt.result, user, 'after a fresh login')
}

/** Without SSH there is no login to make: a new process with the groups that stand on the disk comes closest. */
async function provenHere({ run, params }: ProbeContext<Params>): Promise<Verdict> {
  const user = params.deployUser
  return judge(await run(ASK, { as: `user:${user}` }), user, 'in a new session')
}

function judge(result: CommandResult, user: string, how: string): Verdict {
  if (result.ending === 'exited' && result.exitCode === 0) {
    return pass(`${user} runs docker without sudo ${how}`, { measured: 'works', expected: EXPECTED })
  }
  if (result.ending === 'exited' && /permission denied/i.test(result.stderr)) {
    const telling = result.stderr.split('\n').find(line => /permission denied/i.test(line))
    return fail(`${user} is in the group ${GROUP}, but Docker refuses it ${how}`, {
      measured: 'permission denied',
      expected: EXPECTED,
      ...(telling ? { telling: telling.trim() } : {}),
      advice: `Look at the socket: ls -l /run/docker.sock should show root ${GROUP} and srw-rw----`,
    })
  }
  return unknown(`whether ${user} may use Docker could not be found out: ${whyNot(result)}`)
}
